package mastodon

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"

	masto "github.com/mattn/go-mastodon"

	"linienfunk/bots"
	"linienfunk/bots/kit"
)

// boost boosts the mention. It leaves post.RemoteID empty if the mention can never be boosted; then a copy is posted instead.
func (s *delivery) boost(ctx context.Context, source *original) error {
	// Boosting twice is not idempotent everywhere: GoToSocial makes two boosts (BoostCreate in internal/processing/status/boost.go), older
	// versions of Mastodon answer 422 the second time (https://docs.joinmastodon.org/methods/statuses/#boost).
	if already, _ := source.Reblogged.(bool); already {
		s.setBoost(&source.Status)
		return nil
	}
	form := url.Values{}
	if s.style.visibility == "unlisted" && s.server.software == mastodon {
		form.Set("visibility", "unlisted")
	}
	var made masto.Status
	err := s.client.do(ctx, "/api/v1/statuses/"+url.PathEscape(string(source.ID))+"/reblog", form, &made)
	if err == nil && made.ID == "" {
		err = &errNotJSON{http.StatusOK}
	}
	if err == nil {
		s.setBoost(&made)
		return nil
	}
	switch status(err) {
	case http.StatusForbidden, http.StatusNotFound, http.StatusGone, http.StatusUnprocessableEntity:
	default:
		return s.client.explain(ctx, "boost status", err)
	}
	now, err := s.source(ctx)
	if err != nil {
		return err
	}
	if now != nil {
		if already, _ := now.Reblogged.(bool); already {
			s.setBoost(&now.Status)
		}
	}
	return nil
}

// boosted notes a boost: a status of its own around the original one, or the original itself. Its address names its author and is
// not for the ledger.
func (s *delivery) setBoost(made *masto.Status) {
	s.post.Boost, s.post.RemoteID, s.post.RemoteURL = true, string(made.ID), ""
}

// copy posts the report without its author's name.
func (s *delivery) copy(ctx context.Context) error {
	if !s.server.acceptsText() {
		return bots.Permanent("error-needs-image", errNoText)
	}
	text := s.style.compose(s.report.Text, kit.State(s.bot.Core.Pages, s.city, s.report), s.server.limits)
	window := s.server.idempotencyWindow()
	if s.mayBePosted() && s.bot.Core.Now().Sub(s.firstTry()) > window {
		found, err := s.find(ctx, text)
		if err != nil {
			return s.client.explain(ctx, "look for an earlier post", err)
		}
		if found != nil {
			s.post.RemoteID, s.post.RemoteURL = string(found.ID), found.URL
			return nil
		}
	}
	s.post.Tries++
	if window == 0 { // only the table knows of a call whose response was lost
		if err := s.bot.store.savePost(ctx, &s.post); err != nil {
			return err
		}
	}
	made, err := s.client.post(withIdempotencyKey(ctx, s.post.idempotencyKey()), s.form(text))
	if err != nil {
		err = s.client.explain(ctx, "post status", err)
		if kind := bots.AsError(err).Kind; kind == bots.KindRetryAfter || kind == bots.KindPermanent {
			s.post.Refused++ // the instance has not posted it
			s.post.Tries--
		}
		return errors.Join(err, s.bot.store.savePost(ctx, &s.post))
	}
	s.post.RemoteID, s.post.RemoteURL = string(made.ID), made.URL
	return nil
}

// mayBePosted reports whether an earlier call may have posted the report. What was not stored before a call is not known after a crash.
func (s *delivery) mayBePosted() bool {
	return s.post.Tries > 0 || !s.post.stored && s.server.idempotencyWindow() > 0
}

// firstTry is when the report may have been posted at the earliest.
func (s *delivery) firstTry() time.Time {
	if s.post.stored || s.report.At.IsZero() {
		return s.post.CreatedAt
	}
	return s.report.At
}

func (s *delivery) form(text string) url.Values {
	form := url.Values{"status": {text}, "visibility": {s.style.visibility}}
	if s.style.warning != "" {
		form.Set("spoiler_text", s.style.warning)
	}
	if s.style.language != "" {
		form.Set("language", s.style.language)
	}
	if s.server.parsesMarkup() {
		form.Set("content_type", "text/plain")
	}
	return form
}

// post follows https://docs.joinmastodon.org/methods/statuses/#create.
func (c *client) post(ctx context.Context, form url.Values) (masto.Status, error) {
	var made masto.Status
	err := c.do(ctx, "/api/v1/statuses", form, &made)
	if err == nil && made.ID == "" {
		err = &errNotJSON{http.StatusOK}
	}
	return made, err
}

// recentPosts is how many posts of the account are searched for one whose response was lost.
const recentPosts = 40

// clockSkew is how much an instance's clock may be behind ours.
const clockSkew = 5 * time.Minute

// find looks for the post of an earlier call whose response was lost: one with the text of the report that belongs to no other report
// (https://docs.joinmastodon.org/methods/accounts/#statuses).
func (s *delivery) find(ctx context.Context, text string) (*masto.Status, error) {
	query := url.Values{"limit": {strconv.Itoa(recentPosts)}, "exclude_reblogs": {"true"}}
	var page []*masto.Status
	if err := s.client.do(ctx, "/api/v1/accounts/"+url.PathEscape(s.account.AccountID)+"/statuses?"+query.Encode(), nil, &page); err != nil {
		return nil, err
	}
	for _, found := range page {
		if found == nil || found.Reblog != nil || found.CreatedAt.Before(s.firstTry().Add(-clockSkew)) || lettersAndDigits(plainText(found.Content, names{})) != lettersAndDigits(text) {
			continue
		}
		known, err := s.bot.store.isKnownPost(ctx, s.account, found.ID)
		if err != nil {
			return nil, err
		}
		if !known {
			return found, nil
		}
	}
	return nil, nil
}

// reply tells the author of a mention, in a private reply, that it was passed on, if the city wants that. It is tried once; an error is only
// logged. Replies to the account get no reply.
func (s *delivery) reply(ctx context.Context, source *original) {
	if source == nil || !s.city.Options.On("reply") || !s.server.acceptsText() || source.Account.Acct == "" {
		return
	}
	if to, _ := source.InReplyToAccountID.(string); to == s.account.AccountID {
		return
	}
	form := s.form("@" + source.Account.Acct + " " + s.bot.Core.Pages.Text(s.city.Lang, "reply-passed"))
	form.Set("visibility", masto.VisibilityDirectMessage)
	form.Set("in_reply_to_id", string(source.ID))
	form.Del("spoiler_text")
	form.Set("language", s.city.Lang)
	if _, err := s.client.post(withIdempotencyKey(ctx, s.post.idempotencyKey()+"-reply"), form); err != nil {
		// Without the instance's message, which may name the author.
		s.bot.Core.Log.Info("reply to a rider failed", "city", s.city.Name, "status", status(err))
	}
}
