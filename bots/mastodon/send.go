package mastodon

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	masto "github.com/mattn/go-mastodon"

	"linienfunk/bots"
	"linienfunk/bots/kit"
	"linienfunk/report"
)

var (
	_ bots.Sender = (*bot)(nil)
	_ bots.Pruner = (*bot)(nil)
)

// Prune deletes what is remembered of posts for longer than their reports can be sent. None of it is a text.
func (b *bot) Prune(ctx context.Context, city string, _ time.Time) error {
	return errors.Join(b.store.deleteOldPosts(ctx, city), b.store.deleteOldDirects(ctx, city))
}

// Send boosts a public mention if the city wants that, and posts a copy of all other reports. The state of each report is stored, so that
// a repetition after a crash posts nothing twice even if the instance has no idempotency keys.
func (b *bot) Send(ctx context.Context, a bots.Account, r report.Report) (report.Receipt, error) {
	row, token, err := b.Rows.LoadRevision(ctx, a)
	if errors.Is(err, kit.ErrNoAccount) {
		return report.Receipt{}, bots.Permanent("error-no-account", err)
	}
	if err == nil && row.imported() {
		err = bots.Retry("error-imported", errImported)
	}
	if err != nil {
		return report.Receipt{}, err
	}
	city, _, err := b.Core.Cities.City(ctx, a.City)
	if err != nil {
		return report.Receipt{}, fmt.Errorf("look up city: %w", err)
	}
	c := b.clientOf(row, token)
	d, err := b.profileOf(ctx, c)
	if err != nil {
		return report.Receipt{}, c.explain(ctx, "describe instance", err)
	}
	c = b.clientOf(row, token) // now with the rate limits of the server's software
	made := Post{City: a.City, Key: keyOf(r), Instance: row.Instance, Judged: b.store.digest(r.Text)}
	if id, here := localID(row.Instance, r.Ref); here && r.Bot == b.Core.Name {
		made.Source = string(id)
	}
	post, err := b.store.findPost(ctx, made)
	if err != nil {
		return report.Receipt{}, err
	}
	if post.RemoteID != "" {
		return post.receipt(), nil
	}
	if post.Instance != row.Instance { // the city has changed its account between two attempts
		post.Instance, post.Source, post.Tries, post.Refused = made.Instance, made.Source, 0, 0
	}
	s := &delivery{bot: b, client: c, account: row, city: city, style: styleOf(city), server: d, report: r, post: post}
	return s.run(ctx)
}

// delivery is one report that is being posted by one account.
type delivery struct {
	bot     *bot
	client  *client
	account Account
	city    bots.City
	style   style
	server  serverProfile
	report  report.Report
	post    Post
}

func (s *delivery) run(ctx context.Context) (report.Receipt, error) {
	source, err := s.source(ctx)
	if err != nil { // changes of the mention are still watched
		return report.Receipt{}, errors.Join(err, s.bot.store.rememberPost(ctx, s.post))
	}
	if s.boosts(source) {
		err = s.boost(ctx, source)
	}
	if err == nil && s.post.RemoteID == "" {
		err = s.copy(ctx)
	}
	if err != nil {
		return report.Receipt{}, err
	}
	if err := s.bot.store.rememberPost(ctx, s.post); err != nil {
		return report.Receipt{}, err
	}
	s.reply(ctx, source)
	return s.post.receipt(), nil
}

// original is a mention that may be boosted, with a field that go-mastodon does not know.
type original struct {
	masto.Status
	Policy *struct {
		CanReblog *struct {
			Automatic []string `json:"automatic_approval"`
			Always    []string `json:"always"` // its name before GoToSocial 0.19
		} `json:"can_reblog"`
	} `json:"interaction_policy"`
}

// boostable reports whether a boost is seen at once. GoToSocial accepts others too, and hides them until the author approves them. Its
// policy names those whose boosts are approved automatically, "me" for the account that asks
// (https://docs.gotosocial.org/en/latest/federation/interaction_policy/).
func (o *original) boostable() bool {
	if o.Policy == nil || o.Policy.CanReblog == nil {
		return true
	}
	who := o.Policy.CanReblog.Automatic
	if who == nil {
		who = o.Policy.CanReblog.Always
	}
	return who == nil || slices.Contains(who, "public") || slices.Contains(who, "me")
}

// source reads the mention that the report came from; nil if it came from another network, or the mention cannot be read. If its author has
// deleted it, that is a permanent error: it is neither boosted nor copied.
func (s *delivery) source(ctx context.Context) (*original, error) {
	if s.post.Source == "" {
		return nil, nil
	}
	var source original
	err := s.client.do(ctx, "/api/v1/statuses/"+url.PathEscape(s.post.Source), nil, &source)
	switch code := status(err); {
	case err == nil:
		return &source, nil
	case notFound(err):
		return nil, bots.Permanent("error-deleted", fmt.Errorf("read mention: %w", &apiError{status: code}))
	case code >= 400 && code < 500 && code != http.StatusUnauthorized && code != http.StatusForbidden:
		return nil, nil
	}
	return nil, s.client.explain(ctx, "read mention", err)
}

// boosts reports whether to boost the mention: it must be public and still have the text that the censor saw. If it was edited, the
// original text is posted as a copy, as on the city's other networks.
func (s *delivery) boosts(source *original) bool {
	return source != nil && source.boostable() && s.city.Options.Text("repost") == "boost" && !s.report.Private && public(source.Visibility) &&
		statusText(s.account, &source.Status) == s.report.Text
}

func public(visibility string) bool {
	return visibility == masto.VisibilityPublic || visibility == masto.VisibilityUnlisted
}

// remoteID is a status's id in reports and receipts: with its instance, since the id is wrong on another one, to which the
// city may change.
func remoteID(instance string, id masto.ID) string { return instance + " " + string(id) }

// localID is the status's id on the instance; false if it is a status of another one.
func localID(instance, remote string) (masto.ID, bool) {
	id, here := strings.CutPrefix(remote, instance+" ")
	return masto.ID(id), here
}

var _ bots.Retracter = (*bot)(nil)

// Retract deletes a post, or undoes a boost.
func (b *bot) Retract(ctx context.Context, a bots.Account, _ string, sent report.Receipt) error {
	_, c, id, err := b.ownStatus(ctx, a, sent)
	if err != nil {
		return err
	}
	return c.explain(ctx, "delete status", c.remove(ctx, id))
}

// ownStatus returns a city's account, and the status in sent, which must be of the account's instance.
func (b *bot) ownStatus(ctx context.Context, a bots.Account, sent report.Receipt) (Account, *client, masto.ID, error) {
	row, c, err := b.account(ctx, a.City)
	if errors.Is(err, kit.ErrNoAccount) {
		return row, nil, "", bots.Permanent("error-no-account", err)
	}
	if err != nil {
		return row, nil, "", err
	}
	id, here := localID(row.Instance, sent.ID)
	if !here {
		return row, nil, "", bots.Permanent("error-other-instance", errors.New("the status is on another instance"))
	}
	return row, c, id, nil
}

// remove deletes a post of ours, or undoes a boost. It returns nil if there is none.
//
// A boost is undone by the id of its original: Pleroma and Akkoma delete no boost, and GoToSocial tells other servers that a post is deleted, which
// not all of them understand. If it cannot be read, because of a block for instance, it is deleted like a post. Pixelfed has returned the
// original's id for a boost.
func (c *client) remove(ctx context.Context, id masto.ID) error {
	found, err := c.GetStatus(ctx, id)
	if err != nil && !notFound(err) {
		return err
	}
	if err == nil && found.Reblog != nil {
		if _, err := c.Unreblog(ctx, found.Reblog.ID); !notFound(err) {
			return err
		}
	}
	err = c.DeleteStatus(ctx, id)
	if notFound(err) || status(err) == http.StatusForbidden {
		if _, undoBoost := c.Unreblog(ctx, id); undoBoost == nil || notFound(undoBoost) {
			return nil
		}
	}
	if notFound(err) {
		return nil
	}
	return err
}

// notFound reports whether the status does not exist. A 410 says more: the whole instance is being closed.
func notFound(err error) bool { return status(err) == http.StatusNotFound }
