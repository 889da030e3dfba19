package twitter

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"

	//lint:ignore SA1019 the last maintained client of version 1.1; the API does not change any more
	"github.com/dghubble/go-twitter/twitter"
	"github.com/dghubble/oauth1"
)

// apiV1 calls version 1.1 of the API through go-twitter: https://developer.x.com/en/docs/x-api/v1. Errors are never go-twitter's, since
// transport returns them before go-twitter sees a response.
type apiV1 struct {
	bot          *bot
	keys         *oauth1.Token
	user, handle string
}

// client returns a client of go-twitter for calls with ctx.
func (v *apiV1) client(ctx context.Context) (*twitter.Client, error) {
	base, err := url.Parse(v.bot.operator.api)
	if err != nil {
		return nil, err
	}
	c := v.bot.signed(ctx, v.keys)
	c.Transport = hostRewriter{base: base, next: c.Transport}
	return twitter.NewClient(c), nil
}

// me: https://developer.x.com/en/docs/x-api/v1/accounts-and-users/manage-account-settings/api-reference/get-account-verify_credentials.
func (v *apiV1) me(ctx context.Context) (person, error) {
	c, err := v.client(ctx)
	if err != nil {
		return person{}, err
	}
	user, resp, err := c.Accounts.VerifyCredentials(&twitter.AccountVerifyParams{SkipStatus: twitter.Bool(true)})
	if err != nil {
		return person{}, unwrapURL(err)
	}
	found := person{id: user.IDStr, handle: user.ScreenName, now: serverTime(resp.Header)}
	if !found.valid() {
		return person{}, errBroken
	}
	return found, nil
}

// mentions: https://developer.x.com/en/docs/x-api/v1/tweets/timelines/api-reference/get-statuses-mentions_timeline. The token
// of the next page is the largest id that it may have.
func (v *apiV1) mentions(ctx context.Context, since, next string, size int) (page, error) {
	c, err := v.client(ctx)
	if err != nil {
		return page{}, err
	}
	found, _, err := c.Timelines.MentionTimeline(&twitter.MentionTimelineParams{
		Count: size, SinceID: toInt64(since), MaxID: toInt64(next), TweetMode: "extended",
	})
	if err != nil {
		return page{}, unwrapURL(err)
	}
	var out page
	for _, t := range found {
		p, err := postOf(t, v.handle)
		if err != nil {
			return page{}, err
		}
		out.posts, out.authors = append(out.posts, p), append(out.authors, p.author)
		out.next = strconv.FormatInt(toInt64(p.id)-1, 10)
	}
	return out, nil
}

func postOf(t twitter.Tweet, handle string) (post, error) {
	at, err := t.CreatedAtTime()
	if err != nil || !isID(t.IDStr) || t.User == nil || t.User.IDStr == "" {
		return post{}, errBroken
	}
	text := t.FullText
	if text == "" {
		text = t.Text
	}
	if t.InReplyToStatusIDStr != "" {
		text = replyText(text)
	}
	return post{
		id: t.IDStr, first: t.IDStr, author: t.User.IDStr, text: typedText(text, handle, t.QuotedStatusIDStr, linksOf(t.Entities)), at: at.UTC(),
		protected: t.User.Protected, retweet: t.RetweetedStatus != nil,
	}, nil
}

func linksOf(e *twitter.Entities) []shortLink {
	if e == nil {
		return nil
	}
	var all []shortLink
	for _, one := range e.Urls {
		all = append(all, shortLink{short: one.URL, long: one.ExpandedURL})
	}
	for _, one := range e.Media {
		all = append(all, shortLink{short: one.URL, media: true})
	}
	return all
}

// messages: https://developer.x.com/en/docs/x-api/v1/direct-messages/sending-and-receiving/api-reference/list-events.
func (v *apiV1) messages(ctx context.Context, next string, size int) (page, error) {
	c, err := v.client(ctx)
	if err != nil {
		return page{}, err
	}
	found, _, err := c.DirectMessages.EventsList(&twitter.DirectMessageEventsListParams{Cursor: next, Count: size})
	if err != nil {
		return page{}, unwrapURL(err)
	}
	out := page{private: true, next: found.NextCursor}
	for _, e := range found.Events {
		if e.Type != "message_create" {
			continue
		}
		ms, err := strconv.ParseInt(e.CreatedAt, 10, 64)
		if err != nil || !isID(e.ID) || e.Message == nil || e.Message.Data == nil || e.Message.SenderID == "" {
			return page{}, errBroken
		}
		out.posts = append(out.posts, post{
			id: e.ID, first: e.ID, author: e.Message.SenderID, at: time.UnixMilli(ms).UTC(),
			text: typedText(e.Message.Data.Text, v.handle, "", linksOf(e.Message.Data.Entities)),
		})
	}
	return out, nil
}

// post: https://developer.x.com/en/docs/x-api/v1/tweets/post-and-engage/api-reference/post-statuses-update.
func (v *apiV1) post(ctx context.Context, text string) (string, error) {
	c, err := v.client(ctx)
	if err != nil {
		return "", err
	}
	made, _, err := c.Statuses.Update(text, &twitter.StatusUpdateParams{TrimUser: twitter.Bool(true)})
	if err == nil && !isID(made.IDStr) {
		err = errBroken
	}
	if err != nil {
		return "", unwrapURL(err)
	}
	return made.IDStr, nil
}

func (v *apiV1) retweet(ctx context.Context, id string) error {
	c, err := v.client(ctx)
	if err != nil {
		return err
	}
	made, _, err := c.Statuses.Retweet(toInt64(id), &twitter.StatusRetweetParams{TrimUser: twitter.Bool(true)})
	if err == nil && !isID(made.IDStr) {
		err = errBroken
	}
	return unwrapURL(err)
}

func (v *apiV1) remove(ctx context.Context, id string) error {
	return v.undo(ctx, func(c *twitter.Client) error {
		_, _, err := c.Statuses.Destroy(toInt64(id), &twitter.StatusDestroyParams{TrimUser: twitter.Bool(true)})
		return err
	})
}

// undo makes a call that deletes a post. It succeeds also if the post does not exist.
func (v *apiV1) undo(ctx context.Context, call func(*twitter.Client) error) error {
	c, err := v.client(ctx)
	if err != nil {
		return err
	}
	err = call(c)
	if gone(err) {
		return nil
	}
	return unwrapURL(err)
}

func (v *apiV1) unretweet(ctx context.Context, id string) error {
	return v.undo(ctx, func(c *twitter.Client) error {
		_, _, err := c.Statuses.Unretweet(toInt64(id), &twitter.StatusUnretweetParams{TrimUser: twitter.Bool(true)})
		return err
	})
}

// after returns "": the ids of other servers need not have a time.
func (v *apiV1) after(time.Time) string { return "" }

// toInt64 converts an id for go-twitter, which omits 0.
func toInt64(id string) int64 {
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// unwrapURL removes the *url.Error of net/http, whose text has the whole URL.
func unwrapURL(err error) error {
	var around *url.Error
	if errors.As(err, &around) {
		return around.Err
	}
	return err
}

// gone reports whether the post does not exist (any more).
func gone(err error) bool {
	said := apiErrorOf(err)
	return said != nil && (said.status == http.StatusNotFound || said.status == http.StatusGone || said.has(codeNoPage, codeNoStatus))
}

// serverTime returns the server's time from the header Date, or zero.
func serverTime(header http.Header) time.Time {
	at, err := http.ParseTime(header.Get("Date"))
	if err != nil {
		return time.Time{}
	}
	return at.UTC()
}
