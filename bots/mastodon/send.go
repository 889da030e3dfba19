package mastodon

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	masto "github.com/mattn/go-mastodon"

	"linienfunk/bots"
	"linienfunk/bots/kit"
	"linienfunk/report"
)

// Send boosts a public mention where the city wants that, and posts a copy of everything else. What came of it is remembered, so that
// a repetition after a crash shows nothing twice, whatever the instance knows of idempotency.
func (b *bot) Send(ctx context.Context, a bots.Account, r report.Report) (report.Receipt, error) {
	row, c, err := b.account(ctx, a.City)
	if errors.Is(err, kit.ErrNoAccount) {
		return report.Receipt{}, bots.Permanent("error-no-account", err)
	}
	if err != nil {
		return report.Receipt{}, err
	}
	city, _, err := b.core.Cities.City(ctx, a.City)
	if err != nil {
		return report.Receipt{}, fmt.Errorf("look up city: %w", err)
	}
	d, err := b.dialectOf(ctx, c)
	if err != nil {
		return report.Receipt{}, c.explain(ctx, "describe instance", err)
	}
	c = b.clientOf(row, c.token) // now that it is known how the instance counts
	made := Post{City: a.City, Key: keyOf(r), Instance: row.Instance, Judged: b.store.digest(r.Text)}
	if id, here := localID(row.Instance, r.Ref); here && r.Bot == b.core.Name {
		made.Source = string(id)
	}
	post, err := b.store.openPost(ctx, made)
	if err != nil {
		return report.Receipt{}, err
	}
	if post.RemoteID != "" {
		return post.receipt(), nil
	}
	if post.Instance != row.Instance { // the city has moved between two attempts
		post.Instance, post.Source, post.Tries, post.Refused = made.Instance, made.Source, 0, 0
	}
	s := &sending{bot: b, client: c, account: row, city: city, style: styleOf(city), dialect: d, report: r, post: post}
	return s.run(ctx)
}

// sending is one report on its way to one account.
type sending struct {
	bot     *bot
	client  *client
	account Account
	city    bots.City
	style   style
	dialect dialect
	report  report.Report
	post    Post
}

func (s *sending) run(ctx context.Context) (report.Receipt, error) {
	source, err := s.source(ctx)
	if err != nil {
		return report.Receipt{}, err
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
	if err := s.bot.store.savePost(ctx, s.post); err != nil {
		return report.Receipt{}, err
	}
	s.reply(ctx, source)
	return s.post.receipt(), nil
}

// source is the mention that the report came from as it is now; nil if it came from elsewhere, or cannot be read. One that its
// author has deleted is not spread, neither as a boost nor as a copy.
func (s *sending) source(ctx context.Context) (*masto.Status, error) {
	if s.post.Source == "" {
		return nil, nil
	}
	source, err := s.client.GetStatus(ctx, masto.ID(s.post.Source))
	switch code := status(err); {
	case err == nil:
		return source, nil
	case gone(err):
		return nil, bots.Permanent("error-deleted", fmt.Errorf("read mention: %w", &answer{status: code}))
	case code >= 400 && code < 500 && code != http.StatusUnauthorized && code != http.StatusForbidden:
		return nil, nil
	}
	return nil, s.client.explain(ctx, "read mention", err)
}

// boosts says whether the mention is to be boosted: public, and still what the censor saw. One that was edited since is
// copied as it was, as the city's other networks have it.
func (s *sending) boosts(source *masto.Status) bool {
	return source != nil && s.city.Options.Text("repost") == "boost" && !s.report.Private && public(source.Visibility) &&
		statusText(s.account, source) == s.report.Text
}

func public(visibility string) bool {
	return visibility == masto.VisibilityPublic || visibility == masto.VisibilityUnlisted
}

// remoteID is how a status is called in reports and receipts: with its instance, since a city may move to another one,
// where its id means nothing or something else.
func remoteID(instance string, id masto.ID) string { return instance + " " + string(id) }

// localID is the status's id on the instance; false if it is a status of another one.
func localID(instance, remote string) (masto.ID, bool) {
	id, here := strings.CutPrefix(remote, instance+" ")
	return masto.ID(id), here
}

// Retract deletes a post, or takes a boost back. A boost is deleted like a post; where an instance gave us the
// original's id for it, deleting finds nothing of ours, and unboosting is right.
func (b *bot) Retract(ctx context.Context, a bots.Account, _ string, sent report.Receipt) error {
	row, c, err := b.account(ctx, a.City)
	if errors.Is(err, kit.ErrNoAccount) {
		return bots.Permanent("error-no-account", err)
	}
	if err != nil {
		return err
	}
	id, here := localID(row.Instance, sent.ID)
	if !here {
		return bots.Permanent("error-other-instance", errors.New("retract a status of another instance"))
	}
	return c.explain(ctx, "delete status", c.remove(ctx, id))
}

// remove deletes a post of ours, or takes a boost back. One that is gone already is no error.
func (c *client) remove(ctx context.Context, id masto.ID) error {
	err := c.DeleteStatus(ctx, id)
	if gone(err) || status(err) == http.StatusForbidden {
		_, unboost := c.Unreblog(ctx, id)
		if unboost == nil || gone(unboost) {
			return nil
		}
	}
	if gone(err) {
		return nil
	}
	return err
}

// gone says that there is nothing there. A 410 says more: the whole instance is being closed.
func gone(err error) bool { return status(err) == http.StatusNotFound }
