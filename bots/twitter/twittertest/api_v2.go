package twittertest

import (
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"linienfunk/bots/bottest/fake"
)

// me: https://docs.x.com/x-api/users/get-my-user.
func (s *Server) me(w http.ResponseWriter, r *http.Request, me *User) {
	s.known(r)
	s.mu.Lock()
	s.charge(me, priceUser, "user "+me.ID)
	s.mu.Unlock()
	fake.WriteJSON(w, http.StatusOK, data(map[string]string{"id": me.ID, "name": "Somebody", "username": me.Handle}))
}

func data(content any) map[string]any { return map[string]any{"data": content} }

// mentions: https://docs.x.com/x-api/posts/timelines/introduction. Newest first; the token of the next page is the id it begins
// behind.
func (s *Server) mentions(w http.ResponseWriter, r *http.Request, me *User) {
	s.known(r, "max_results", "since_id", "pagination_token", "expansions", "user.fields", "tweet.fields")
	size, err := strconv.Atoi(r.FormValue("max_results"))
	since := r.FormValue("since_id")
	if r.PathValue("id") != me.ID || err != nil || size < 5 || size > 100 || since != "" && !regexp.MustCompile(`^[1-9][0-9]{0,18}$`).MatchString(since) {
		s.Complain("mentions: %s", r.URL)
		fail(w, r, http.StatusBadRequest, 0, "invalid-request", "One or more parameters to your request was invalid.")
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var posts, users []any
	seen := map[string]bool{}
	meta := map[string]any{}
	last := ""
	for _, p := range s.mentionsOf(me) {
		if since != "" && pad(p.ID) <= pad(since) {
			break
		}
		if token := r.FormValue("pagination_token"); token != "" && pad(p.ID) >= pad(strings.TrimPrefix(token, "page")) {
			continue
		}
		if len(posts) == min(size, s.PageSize) {
			meta["next_token"] = "page" + last
			break
		}
		last = p.ID
		posts = append(posts, tweetJSON(p, r.FormValue("tweet.fields"), r.FormValue("expansions")))
		s.charge(me, priceRead, "post "+p.ID)
		if strings.Contains(r.FormValue("expansions"), "author_id") && !seen[p.author.ID] {
			seen[p.author.ID] = true
			users = append(users, map[string]any{"id": p.author.ID, "name": "N", "username": p.author.Handle, "protected": p.author.Protected})
			s.charge(me, priceUser, "user "+p.author.ID)
		}
	}
	meta["result_count"] = len(posts)
	answer := map[string]any{"meta": meta}
	if len(posts) > 0 { // an empty page has no data
		answer["data"], answer["includes"] = posts, map[string]any{"users": users}
	}
	fake.WriteJSON(w, http.StatusOK, answer)
}

var link = regexp.MustCompile(`https?://[^\s]+`)

// shorten changes a text as X does: links become links to t.co, and some characters are escaped.
func shorten(text string) (string, []any) {
	var urls []any
	short := link.ReplaceAllStringFunc(text, func(long string) string {
		short := fmt.Sprintf("https://t.co/%010d", len(urls)+1)
		one := map[string]any{"url": short, "expanded_url": long, "display_url": "display"}
		if strings.Contains(long, "/photo/") {
			one["media_key"] = "3_1"
		}
		urls = append(urls, one)
		return short
	})
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(short), urls
}

// tweetJSON: https://docs.x.com/x-api/fundamentals/data-dictionary. Fields that were not requested are omitted.
func tweetJSON(p *Post, fields, expansions string) map[string]any {
	whole := p.Text
	one := map[string]any{"id": p.ID, "edit_history_tweet_ids": p.Edits}
	if p.Answers != "" && strings.Contains(fields, "referenced_tweets") {
		one["referenced_tweets"] = []any{map[string]string{"type": "replied_to", "id": p.Answers}}
	}
	if p.Quotes != "" && strings.Contains(fields, "referenced_tweets") {
		one["referenced_tweets"] = []any{map[string]string{"type": "quoted", "id": p.Quotes}}
	}
	if p.Original != nil {
		whole = "RT @" + p.Original.author.Handle + ": " + p.Original.Text
		if strings.Contains(fields, "referenced_tweets") {
			one["referenced_tweets"] = []any{map[string]string{"type": "retweeted", "id": p.Original.ID}}
		}
	}
	text, urls := shorten(whole)
	if utf8.RuneCountInString(whole) > 280 && strings.Contains(fields, "note_tweet") {
		one["note_tweet"] = map[string]any{"text": text, "entities": map[string]any{"urls": urls}}
		text = string([]rune(html.UnescapeString(text))[:279]) + "…"
	}
	one["text"] = text
	if strings.Contains(fields, "entities") && len(urls) > 0 {
		one["entities"] = map[string]any{"urls": urls}
	}
	if strings.Contains(fields, "created_at") {
		one["created_at"] = p.At.Format("2006-01-02T15:04:05.000Z")
	}
	if strings.Contains(expansions, "author_id") {
		one["author_id"] = p.author.ID
	}
	return one
}

// dmEvents: https://docs.x.com/x-api/direct-messages/lookup/introduction. The last 30 days, newest first.
func (s *Server) dmEvents(w http.ResponseWriter, r *http.Request, me *User) {
	size := s.pageSize(r, "max_results", 100, "event_types", "dm_event.fields", "pagination_token")
	s.wantParameter(r, "event_types", "MessageCreate")
	s.mu.Lock()
	defer s.mu.Unlock()
	var events []any
	page, next := s.messagePage(me, r.FormValue("pagination_token"), size, s.Now().AddDate(0, 0, -30))
	for _, m := range page {
		text, urls := shorten(m.text)
		events = append(events, map[string]any{
			"id": m.id, "event_type": "MessageCreate", "text": text, "sender_id": m.from.ID,
			"created_at": m.at.UTC().Format("2006-01-02T15:04:05.000Z"), "entities": map[string]any{"urls": urls},
		})
		s.charge(me, priceMessage, "message "+m.id)
	}
	meta := map[string]any{"result_count": len(events)}
	if next != "" {
		meta["next_token"] = next
	}
	answer := map[string]any{"meta": meta}
	if len(events) > 0 {
		answer["data"] = events
	}
	fake.WriteJSON(w, http.StatusOK, answer)
}

// body decodes the JSON of a request, and complains of unknown fields.
func (s *Server) body(r *http.Request, into any) bool {
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	err := decoder.Decode(into)
	if err != nil || r.Header.Get("Content-Type") != "application/json" {
		s.Complain("%s %s: %s, %v", r.Method, r.URL.Path, r.Header.Get("Content-Type"), err)
	}
	return err == nil
}

// createPost: https://docs.x.com/x-api/posts/create-post.
func (s *Server) createPost(w http.ResponseWriter, r *http.Request, me *User) {
	var in struct {
		Text string `json:"text"`
	}
	s.body(r, &in)
	p, t := s.add(me, in.Text)
	if t != nil {
		fail(w, r, t.status, t.code, "", t.detail)
		return
	}
	fake.WriteJSON(w, http.StatusCreated, data(map[string]any{"id": p.ID, "text": p.Text, "edit_history_tweet_ids": p.Edits}))
}

// deletePost: https://docs.x.com/x-api/posts/delete-post.
func (s *Server) deletePost(w http.ResponseWriter, r *http.Request, me *User) {
	if s.drop(me, r.PathValue("id"), false) == nil {
		fail(w, r, http.StatusNotFound, 144, "resource-not-found", "Could not find tweet.")
		return
	}
	fake.WriteJSON(w, http.StatusOK, data(map[string]bool{"deleted": true}))
}

// createRetweet: https://docs.x.com/x-api/posts/retweets/introduction.
func (s *Server) createRetweet(w http.ResponseWriter, r *http.Request, me *User) {
	var in struct {
		ID string `json:"tweet_id"`
	}
	if !s.body(r, &in) || r.PathValue("id") != me.ID {
		s.Complain("retweet by another user")
	}
	_, _, t := s.repeat(me, in.ID)
	if t != nil {
		fail(w, r, t.status, t.code, "", t.detail)
		return
	}
	fake.WriteJSON(w, http.StatusOK, data(map[string]any{"rest_id": in.ID, "retweeted": true}))
}

func (s *Server) deleteRetweet(w http.ResponseWriter, r *http.Request, me *User) {
	s.drop(me, r.PathValue("tweet"), true)
	fake.WriteJSON(w, http.StatusOK, data(map[string]bool{"retweeted": false}))
}
