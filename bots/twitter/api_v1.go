package twitter

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/dghubble/go-twitter/twitter"
	"github.com/dghubble/oauth1"
)

// version1 speaks version 1.1 of the API, by way of go-twitter:
// https://developer.x.com/en/docs/x-api/v1. Errors never come as go-twitter's: wire makes them before it sees an answer.
type version1 struct {
	bot          *bot
	keys         *oauth1.Token
	user, handle string
}

// client is go-twitter's, whose calls have no context of their own.
func (v *version1) client(ctx context.Context) (*twitter.Client, error) {
	base, err := url.Parse(v.bot.given.api)
	if err != nil {
		return nil, err
	}
	c := v.bot.signed(ctx, v.keys)
	c.Transport = elsewhere{base: base, next: c.Transport}
	return twitter.NewClient(c), nil
}

// me: https://developer.x.com/en/docs/x-api/v1/accounts-and-users/manage-account-settings/api-reference/get-account-verify_credentials.
func (v *version1) me(ctx context.Context) (person, error) {
	c, err := v.client(ctx)
	if err != nil {
		return person{}, err
	}
	user, resp, err := c.Accounts.VerifyCredentials(&twitter.AccountVerifyParams{SkipStatus: twitter.Bool(true)})
	if err != nil {
		return person{}, cause(err)
	}
	found := person{id: user.IDStr, handle: user.ScreenName, now: date(resp.Header)}
	if !found.whole() {
		return person{}, errBroken
	}
	return found, nil
}

// mentions: https://developer.x.com/en/docs/x-api/v1/tweets/timelines/api-reference/get-statuses-mentions_timeline. The next page
// is named by the largest id that it may have.
func (v *version1) mentions(ctx context.Context, since, next string, size int) (page, error) {
	c, err := v.client(ctx)
	if err != nil {
		return page{}, err
	}
	found, _, err := c.Timelines.MentionTimeline(&twitter.MentionTimelineParams{
		Count: size, SinceID: number(since), MaxID: number(next), TweetMode: "extended",
	})
	if err != nil {
		return page{}, cause(err)
	}
	var out page
	for _, t := range found {
		p, err := postOf(t, v.handle)
		if err != nil {
			return page{}, err
		}
		out.posts, out.authors = append(out.posts, p), append(out.authors, p.author)
		out.next = strconv.FormatInt(number(p.id)-1, 10)
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
		text = answerText(text)
	}
	return post{
		id: t.IDStr, first: t.IDStr, author: t.User.IDStr, text: plain(text, handle, linksOf(t.Entities)), at: at.UTC(),
		protected: t.User.Protected, retweet: t.RetweetedStatus != nil,
	}, nil
}

func linksOf(e *twitter.Entities) []shortened {
	if e == nil {
		return nil
	}
	var all []shortened
	for _, one := range e.Urls {
		all = append(all, shortened{short: one.URL, long: one.ExpandedURL})
	}
	for _, one := range e.Media {
		all = append(all, shortened{short: one.URL, media: true})
	}
	return all
}

// messages: https://developer.x.com/en/docs/x-api/v1/direct-messages/sending-and-receiving/api-reference/list-events.
func (v *version1) messages(ctx context.Context, next string, size int) (page, error) {
	c, err := v.client(ctx)
	if err != nil {
		return page{}, err
	}
	found, _, err := c.DirectMessages.EventsList(&twitter.DirectMessageEventsListParams{Cursor: next, Count: size})
	if err != nil {
		return page{}, cause(err)
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
			text: plain(e.Message.Data.Text, v.handle, linksOf(e.Message.Data.Entities)),
		})
	}
	return out, nil
}

// post: https://developer.x.com/en/docs/x-api/v1/tweets/post-and-engage/api-reference/post-statuses-update.
func (v *version1) post(ctx context.Context, text string) (string, error) {
	c, err := v.client(ctx)
	if err != nil {
		return "", err
	}
	made, _, err := c.Statuses.Update(text, &twitter.StatusUpdateParams{TrimUser: twitter.Bool(true)})
	if err == nil && !isID(made.IDStr) {
		err = errBroken
	}
	if err != nil {
		return "", cause(err)
	}
	return made.IDStr, nil
}

func (v *version1) retweet(ctx context.Context, id string) error {
	c, err := v.client(ctx)
	if err != nil {
		return err
	}
	made, _, err := c.Statuses.Retweet(number(id), &twitter.StatusRetweetParams{TrimUser: twitter.Bool(true)})
	if err == nil && !isID(made.IDStr) {
		err = errBroken
	}
	return cause(err)
}

func (v *version1) remove(ctx context.Context, id string) error {
	c, err := v.client(ctx)
	if err != nil {
		return err
	}
	_, _, err = c.Statuses.Destroy(number(id), &twitter.StatusDestroyParams{TrimUser: twitter.Bool(true)})
	if gone(err) {
		return nil
	}
	return cause(err)
}

func (v *version1) unretweet(ctx context.Context, id string) error {
	c, err := v.client(ctx)
	if err != nil {
		return err
	}
	_, _, err = c.Statuses.Unretweet(number(id), &twitter.StatusUnretweetParams{TrimUser: twitter.Bool(true)})
	if gone(err) {
		return nil
	}
	return cause(err)
}

// after is empty: servers other than X may number their posts as they like.
func (v *version1) after(time.Time) string { return "" }

// number is an id as go-twitter wants it; 0 leaves it out.
func number(id string) int64 {
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// cause takes off what net/http puts around errors: it has the whole address in it.
func cause(err error) error {
	var around *url.Error
	if errors.As(err, &around) {
		return around.Err
	}
	return err
}

// gone says that there is nothing there.
func gone(err error) bool {
	said := answerOf(err)
	return said != nil && (said.status == http.StatusNotFound || said.status == http.StatusGone || said.has(codeNoPage, codeNoStatus))
}

// date is the server's clock.
func date(header http.Header) time.Time {
	at, err := http.ParseTime(header.Get("Date"))
	if err != nil {
		return time.Time{}
	}
	return at.UTC()
}
