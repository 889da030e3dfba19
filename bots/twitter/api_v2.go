package twitter

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/dghubble/oauth1"
)

// apiV2 calls version 2 of the API: https://docs.x.com/x-api.
type apiV2 struct {
	bot          *bot
	keys         *oauth1.Token
	user, handle string
}

// call makes one call, decodes the response into out, and returns its header.
func (v *apiV2) call(ctx context.Context, method, path string, query url.Values, body, out any) (http.Header, error) {
	address := v.bot.operator.api + "/2" + path
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	var content bytes.Buffer
	if body != nil {
		encoder := json.NewEncoder(&content)
		encoder.SetEscapeHTML(false)
		if err := encoder.Encode(body); err != nil {
			return nil, err
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, address, &content)
	if err != nil {
		return nil, err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := v.bot.signed(ctx, v.keys).Do(req)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", method, path, unwrapURL(err))
	}
	defer resp.Body.Close()
	return resp.Header, json.NewDecoder(resp.Body).Decode(out)
}

// me: https://docs.x.com/x-api/users/get-my-user.
func (v *apiV2) me(ctx context.Context) (person, error) {
	var out struct {
		Data struct {
			ID       string `json:"id"`
			Username string `json:"username"`
		} `json:"data"`
	}
	header, err := v.call(ctx, http.MethodGet, "/users/me", nil, nil, &out)
	found := person{id: out.Data.ID, handle: out.Data.Username, now: serverTime(header)}
	if err == nil && !found.valid() {
		err = errBroken
	}
	return found, err
}

// meta comes with a page of results.
type meta struct {
	NextToken string `json:"next_token"`
}

// entities are the links in a text (https://docs.x.com/x-api/fundamentals/data-dictionary).
type entities struct {
	URLs []struct {
		URL         string `json:"url"`
		ExpandedURL string `json:"expanded_url"`
		MediaKey    string `json:"media_key"`
	} `json:"urls"`
}

func (e entities) links() []shortLink {
	var all []shortLink
	for _, one := range e.URLs {
		all = append(all, shortLink{short: one.URL, long: one.ExpandedURL, media: one.MediaKey != ""})
	}
	return all
}

// tweet is a post.
type tweet struct {
	ID          string   `json:"id"`
	AuthorID    string   `json:"author_id"`
	Text        string   `json:"text"`
	CreatedAt   string   `json:"created_at"`
	Entities    entities `json:"entities"`
	EditHistory []string `json:"edit_history_tweet_ids"` // oldest first
	// NoteTweet is the whole text of a post with more than 280 characters.
	NoteTweet struct {
		Text     string   `json:"text"`
		Entities entities `json:"entities"`
	} `json:"note_tweet"`
	Referenced []struct {
		Type string `json:"type"`
		ID   string `json:"id"`
	} `json:"referenced_tweets"`
}

// mentions: https://docs.x.com/x-api/posts/timelines/introduction. Authors are requested since only they say who is protected.
func (v *apiV2) mentions(ctx context.Context, since, next string, size int) (page, error) {
	query := url.Values{
		"max_results": {strconv.Itoa(size)}, "expansions": {"author_id"}, "user.fields": {"protected"},
		"tweet.fields": {"created_at,edit_history_tweet_ids,entities,note_tweet,referenced_tweets"},
	}
	if since != "" {
		query.Set("since_id", since)
	}
	if next != "" {
		query.Set("pagination_token", next)
	}
	var out struct {
		Data     []tweet `json:"data"`
		Includes struct {
			Users []struct {
				ID        string `json:"id"`
				Protected bool   `json:"protected"`
			} `json:"users"`
		} `json:"includes"`
		Meta *meta `json:"meta"`
	}
	if _, err := v.call(ctx, http.MethodGet, "/users/"+v.user+"/mentions", query, nil, &out); err != nil {
		return page{}, err
	}
	if out.Meta == nil {
		return page{}, errBroken
	}
	found := page{next: out.Meta.NextToken}
	open := map[string]bool{}
	for _, u := range out.Includes.Users {
		found.authors, open[u.ID] = append(found.authors, u.ID), !u.Protected
	}
	for _, t := range out.Data {
		p, err := t.post(v.handle)
		if err != nil {
			return page{}, err
		}
		p.protected = !open[p.author] // also if the author is unknown
		found.posts = append(found.posts, p)
	}
	return found, nil
}

func (t tweet) post(handle string) (post, error) {
	at, err := time.Parse(time.RFC3339, t.CreatedAt)
	if err != nil || !isID(t.ID) || t.AuthorID == "" {
		return post{}, errBroken
	}
	p := post{id: t.ID, first: t.ID, author: t.AuthorID, at: at.UTC()}
	if len(t.EditHistory) > 0 && isID(t.EditHistory[0]) {
		p.first = t.EditHistory[0]
	}
	text, links := t.Text, t.Entities.links()
	if t.NoteTweet.Text != "" {
		text, links = t.NoteTweet.Text, t.NoteTweet.Entities.links()
	}
	quoted := ""
	for _, r := range t.Referenced {
		p.retweet = p.retweet || r.Type == "retweeted"
		switch r.Type {
		case "replied_to":
			text = replyText(text)
		case "quoted":
			quoted = r.ID
		}
	}
	p.text = typedText(text, handle, quoted, links)
	return p, nil
}

// messages: https://docs.x.com/x-api/direct-messages/lookup/introduction. There is no since_id: each poll reads old messages again.
func (v *apiV2) messages(ctx context.Context, next string, size int) (page, error) {
	query := url.Values{
		"max_results": {strconv.Itoa(size)}, "event_types": {"MessageCreate"}, "dm_event.fields": {"created_at,sender_id,text,entities"},
	}
	if next != "" {
		query.Set("pagination_token", next)
	}
	var out struct {
		Data []struct {
			ID        string   `json:"id"`
			SenderID  string   `json:"sender_id"`
			Text      string   `json:"text"`
			CreatedAt string   `json:"created_at"`
			Entities  entities `json:"entities"`
		} `json:"data"`
		Meta *meta `json:"meta"`
	}
	if _, err := v.call(ctx, http.MethodGet, "/dm_events", query, nil, &out); err != nil {
		return page{}, err
	}
	if out.Meta == nil {
		return page{}, errBroken
	}
	found := page{private: true, next: out.Meta.NextToken}
	for _, e := range out.Data {
		p, err := tweet{ID: e.ID, AuthorID: e.SenderID, Text: e.Text, CreatedAt: e.CreatedAt, Entities: e.Entities}.post(v.handle)
		if err != nil {
			return page{}, err
		}
		found.posts = append(found.posts, p)
	}
	return found, nil
}

// post: https://docs.x.com/x-api/posts/create-post.
func (v *apiV2) post(ctx context.Context, text string) (string, error) {
	var out struct {
		Data struct {
			ID string `json:"id"`
		} `json:"data"`
	}
	_, err := v.call(ctx, http.MethodPost, "/tweets", nil, map[string]string{"text": text}, &out)
	if err == nil && !isID(out.Data.ID) {
		err = errBroken
	}
	return out.Data.ID, err
}

// retweet: https://docs.x.com/x-api/posts/retweets/introduction. A repetition has the same response.
func (v *apiV2) retweet(ctx context.Context, id string) error {
	var out struct {
		Data struct {
			Retweeted bool `json:"retweeted"`
		} `json:"data"`
	}
	_, err := v.call(ctx, http.MethodPost, "/users/"+v.user+"/retweets", nil, map[string]string{"tweet_id": id}, &out)
	if err == nil && !out.Data.Retweeted {
		err = errBroken
	}
	return err
}

// remove: https://docs.x.com/x-api/posts/delete-post.
func (v *apiV2) remove(ctx context.Context, id string) error { return v.delete(ctx, "/tweets/"+id) }

func (v *apiV2) unretweet(ctx context.Context, id string) error {
	return v.delete(ctx, "/users/"+v.user+"/retweets/"+id)
}

// delete returns nil if there is nothing to delete: X then answers either 404, or that nothing was deleted.
func (v *apiV2) delete(ctx context.Context, path string) error {
	var out struct {
		Data *struct{} `json:"data"`
	}
	_, err := v.call(ctx, http.MethodDelete, path, nil, nil, &out)
	if gone(err) {
		return nil
	}
	if err == nil && out.Data == nil {
		err = errBroken
	}
	return err
}

func (v *apiV2) after(at time.Time) string { return idAt(at) }
