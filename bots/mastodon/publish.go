package mastodon

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	masto "github.com/mattn/go-mastodon"

	"linienfunk/bots"
)

// boost boosts the mention, or leaves post.RemoteID empty when it found that it will never be boosted: then a copy is the second
// best.
func (s *sending) boost(ctx context.Context, source *masto.Status) error {
	// Not every server makes one boost of two: GoToSocial made two (BoostCreate in internal/processing/status/boost.go), older ones of
	// Mastodon answered 422 the second time (https://docs.joinmastodon.org/methods/statuses/#boost).
	if already, _ := source.Reblogged.(bool); already {
		s.boosted(source)
		return nil
	}
	form := url.Values{}
	if s.style.visibility == "unlisted" && s.dialect.software == mastodon {
		form.Set("visibility", "unlisted")
	}
	var made masto.Status
	err := s.client.do(ctx, "/api/v1/statuses/"+url.PathEscape(string(source.ID))+"/reblog", form, &made)
	if err == nil && made.ID == "" {
		err = &errNotJSON{http.StatusOK}
	}
	if err == nil {
		s.boosted(&made)
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
			s.boosted(now)
		}
	}
	return nil
}

// boosted notes a boost: a status of its own around the original one, or the original itself. Its address names its author and is
// not for the ledger.
func (s *sending) boosted(made *masto.Status) {
	s.post.Boost, s.post.RemoteID, s.post.RemoteURL = true, string(made.ID), ""
}

// copy posts the report without its author's name.
func (s *sending) copy(ctx context.Context) error {
	if !s.dialect.takesText() {
		return bots.Permanent("error-needs-image", errNoText)
	}
	text := s.style.compose(s.report.Text, s.dialect.limits)
	if forgets := s.bot.core.Now().Sub(s.post.CreatedAt) > s.dialect.keeps(); s.post.Tries > 0 && forgets {
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
	if err := s.bot.store.savePost(ctx, s.post); err != nil {
		return err
	}
	made, err := s.client.post(withIdempotencyKey(ctx, s.post.idempotencyKey()), s.form(text))
	if err != nil {
		err = s.client.explain(ctx, "post status", err)
		if kind := bots.AsError(err).Kind; kind == bots.KindRetryAfter || kind == bots.KindPermanent {
			s.post.Refused++ // so the instance says: nothing was posted
			s.post.Tries--
			if saved := s.bot.store.savePost(ctx, s.post); saved != nil {
				return saved
			}
		}
		return err
	}
	s.post.RemoteID, s.post.RemoteURL = string(made.ID), made.URL
	return nil
}

func (s *sending) form(text string) url.Values {
	form := url.Values{"status": {text}, "visibility": {s.style.visibility}}
	if s.style.warning != "" {
		form.Set("spoiler_text", s.style.warning)
	}
	if s.style.language != "" {
		form.Set("language", s.style.language)
	}
	if s.dialect.markup() {
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

// recentPosts is how many posts of the account are looked through for one that was taken but not answered.
const recentPosts = 40

// clockSkew is how much an instance's clock may be behind ours.
const clockSkew = 5 * time.Minute

// find looks whether an earlier call did post the report after all: for a post with its text that no other report is known
// to be (https://docs.joinmastodon.org/methods/accounts/#statuses).
func (s *sending) find(ctx context.Context, text string) (*masto.Status, error) {
	query := url.Values{"limit": {strconv.Itoa(recentPosts)}, "exclude_reblogs": {"true"}}
	var page []*masto.Status
	if err := s.client.do(ctx, "/api/v1/accounts/"+url.PathEscape(s.account.AccountID)+"/statuses?"+query.Encode(), nil, &page); err != nil {
		return nil, err
	}
	for _, found := range page {
		if found == nil || found.Reblog != nil || found.CreatedAt.Before(s.post.CreatedAt.Add(-clockSkew)) || essence(plainText(found.Content, self{})) != essence(text) {
			continue
		}
		known, err := s.bot.store.posted(ctx, s.account, found.ID)
		if err != nil {
			return nil, err
		}
		if !known {
			return found, nil
		}
	}
	return nil, nil
}

// reply tells the author of a mention that it was passed on, where the city wants that; so that only they see it. It is tried once, and
// nothing depends on it. Who answers us is not answered.
func (s *sending) reply(ctx context.Context, source *masto.Status) {
	if source == nil || !s.city.Options.On("reply") || !s.dialect.takesText() || source.Account.Acct == "" {
		return
	}
	if to, _ := source.InReplyToAccountID.(string); to == s.account.AccountID {
		return
	}
	form := s.form("@" + source.Account.Acct + " " + s.bot.core.Pages.Text(s.city.Lang, "reply-passed"))
	form.Set("visibility", masto.VisibilityDirectMessage)
	form.Set("in_reply_to_id", string(source.ID))
	form.Del("spoiler_text")
	form.Set("language", s.city.Lang)
	if _, err := s.client.post(withIdempotencyKey(ctx, s.post.idempotencyKey()+"-reply"), form); err != nil {
		// Without what the instance says: it may name the author.
		s.bot.core.Log.Info("a rider was not told that their report was passed on", "city", s.city.Name, "status", status(err))
	}
}
