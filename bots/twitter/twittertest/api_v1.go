package twittertest

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"linienfunk/bots/bottest/fake"
)

// verifyCredentials: https://developer.x.com/en/docs/x-api/v1/accounts-and-users/manage-account-settings/api-reference/get-account-verify_credentials.
func (s *Server) verifyCredentials(w http.ResponseWriter, r *http.Request, me *User) {
	s.known(r, "skip_status", "include_entities")
	s.mu.Lock()
	s.charge(me, priceUser, "user "+me.ID)
	s.mu.Unlock()
	fake.WriteJSON(w, http.StatusOK, userJSON(me))
}

func userJSON(u *User) map[string]any {
	id, _ := strconv.ParseInt(u.ID, 10, 64)
	return map[string]any{"id": id, "id_str": u.ID, "name": "Somebody", "screen_name": u.Handle, "protected": u.Protected}
}

// statusJSON: https://developer.x.com/en/docs/x-api/v1/data-dictionary/object-model/tweet, in the mode "extended".
func statusJSON(p *Post) map[string]any {
	id, _ := strconv.ParseInt(p.ID, 10, 64)
	whole := p.Text
	one := map[string]any{"id": id, "id_str": p.ID, "created_at": p.At.Format(time.RubyDate), "user": userJSON(p.author), "truncated": false}
	if p.Answers != "" {
		one["in_reply_to_status_id_str"] = p.Answers
	}
	if p.Quotes != "" {
		one["quoted_status_id_str"] = p.Quotes
	}
	if p.Original != nil {
		whole = "RT @" + p.Original.author.Handle + ": " + p.Original.Text
		one["retweeted_status"] = statusJSON(p.Original)
	}
	if runes := []rune(whole); len(runes) > 280 {
		whole = string(runes[:279]) + "…"
	}
	text, all := shorten(whole)
	urls, media := []any{}, []any{}
	for _, one := range all {
		if _, picture := one.(map[string]any)["media_key"]; picture {
			media = append(media, one)
		} else {
			urls = append(urls, one)
		}
	}
	one["full_text"], one["entities"] = text, map[string]any{"urls": urls, "media": media}
	return one
}

// mentionsTimeline: https://developer.x.com/en/docs/x-api/v1/tweets/timelines/api-reference/get-statuses-mentions_timeline.
func (s *Server) mentionsTimeline(w http.ResponseWriter, r *http.Request, me *User) {
	size := s.pageSize(r, "count", 200, "since_id", "max_id", "tweet_mode")
	s.wantParameter(r, "tweet_mode", "extended")
	s.mu.Lock()
	defer s.mu.Unlock()
	posts := []any{}
	for _, p := range s.mentionsOf(me) {
		if since := r.FormValue("since_id"); since != "" && pad(p.ID) <= pad(since) || len(posts) == min(size, s.PageSize) {
			break
		}
		if largest := r.FormValue("max_id"); largest != "" && pad(p.ID) > pad(largest) {
			continue
		}
		posts = append(posts, statusJSON(p))
		s.charge(me, priceRead, "post "+p.ID)
		s.charge(me, priceUser, "user "+p.author.ID)
	}
	fake.WriteJSON(w, http.StatusOK, posts)
}

// eventsList: https://developer.x.com/en/docs/x-api/v1/direct-messages/sending-and-receiving/api-reference/list-events.
func (s *Server) eventsList(w http.ResponseWriter, r *http.Request, me *User) {
	size := s.pageSize(r, "count", 50, "cursor")
	s.mu.Lock()
	defer s.mu.Unlock()
	events := []any{}
	page, next := s.messagePage(me, r.FormValue("cursor"), size, time.Time{})
	for _, m := range page {
		text, urls := shorten(m.text)
		events = append(events, map[string]any{
			"type": "message_create", "id": m.id, "created_timestamp": strconv.FormatInt(m.at.UnixMilli(), 10),
			"message_create": map[string]any{
				"sender_id": m.from.ID, "target": map[string]any{"recipient_id": m.to.ID},
				"message_data": map[string]any{"text": text, "entities": map[string]any{"urls": urls}},
			},
		})
		s.charge(me, priceMessage, "message "+m.id)
	}
	answer := map[string]any{"events": events}
	if next != "" {
		answer["next_cursor"] = next
	}
	fake.WriteJSON(w, http.StatusOK, answer)
}

// update: https://developer.x.com/en/docs/x-api/v1/tweets/post-and-engage/api-reference/post-statuses-update.
func (s *Server) update(w http.ResponseWriter, r *http.Request, me *User) {
	s.known(r, "status", "trim_user")
	p, t := s.add(me, r.PostFormValue("status"))
	s.answer(w, r, p, t)
}

// destroy: https://developer.x.com/en/docs/x-api/v1/tweets/post-and-engage/api-reference/post-statuses-destroy-id.
func (s *Server) destroy(w http.ResponseWriter, r *http.Request, me *User) {
	p := s.drop(me, s.pathID(r), false)
	s.answer(w, r, p, missing(p))
}

// retweetStatus: https://developer.x.com/en/docs/x-api/v1/tweets/post-and-engage/api-reference/post-statuses-retweet-id. A second
// time is an error: github.com/marco97pa/Blackpink-Data issue 24.
func (s *Server) retweetStatus(w http.ResponseWriter, r *http.Request, me *User) {
	p, again, t := s.repeat(me, s.pathID(r))
	if again {
		t = &trouble{http.StatusForbidden, 327, "You have already retweeted this Tweet."}
	}
	s.answer(w, r, p, t)
}

func (s *Server) unretweetStatus(w http.ResponseWriter, r *http.Request, me *User) {
	p := s.drop(me, s.pathID(r), true)
	s.answer(w, r, p, missing(p))
}

func missing(p *Post) *trouble {
	if p == nil {
		return &trouble{http.StatusNotFound, 144, "No status found with that ID."}
	}
	return nil
}

// pathID is the id in paths such as /1.1/statuses/destroy/1.json; go-twitter sends it in the body as well.
func (s *Server) pathID(r *http.Request) string {
	s.known(r, "id", "trim_user")
	return strings.TrimSuffix(r.PathValue("id"), ".json")
}

func (s *Server) answer(w http.ResponseWriter, r *http.Request, p *Post, t *trouble) {
	if t != nil {
		fail(w, r, t.status, t.code, "", t.detail)
		return
	}
	fake.WriteJSON(w, http.StatusOK, statusJSON(p))
}
