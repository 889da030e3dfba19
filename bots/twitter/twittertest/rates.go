package twittertest

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// rates are the calls in 15 minutes that X allows for a user, by method and pattern of the path
// (https://docs.x.com/x-api/fundamentals/rate-limits; for version 1.1 the old pages, each endpoint's own).
func rates() map[string]int {
	return map[string]int{
		"GET /2/users/me": 75, "GET /2/users/{id}/mentions": 300, "GET /2/dm_events": 15, "POST /2/tweets": 100, "DELETE /2/tweets/{id}": 50,
		"POST /2/users/{id}/retweets": 50, "DELETE /2/users/{id}/retweets/{tweet}": 50,
		"GET /1.1/account/verify_credentials.json": 75, "GET /1.1/statuses/mentions_timeline.json": 75,
		"GET /1.1/direct_messages/events/list.json": 15, "POST /1.1/statuses/update.json": 75,
	}
}

// window counts a user's calls of one endpoint.
type window struct {
	ends  time.Time
	count int
}

// allow counts a call, and answers 429 when there were too many. Each answer tells how many are left.
func (s *Server) allow(w http.ResponseWriter, r *http.Request, u *User) bool {
	limit, limited := s.Rates[r.Pattern]
	if !limited {
		return true
	}
	s.mu.Lock()
	now := s.Now()
	name := u.ID + " " + r.Pattern
	if s.windows[name] == nil || !now.Before(s.windows[name].ends) {
		s.windows[name] = &window{ends: now.Add(15 * time.Minute)}
	}
	win := s.windows[name]
	win.count++
	left := limit - win.count
	s.mu.Unlock()
	if !s.NoHints {
		w.Header().Set("x-rate-limit-limit", strconv.Itoa(limit))
		w.Header().Set("x-rate-limit-remaining", strconv.Itoa(max(left, 0)))
		w.Header().Set("x-rate-limit-reset", strconv.FormatInt(win.ends.Unix(), 10))
	}
	if left < 0 {
		fail(w, r, http.StatusTooManyRequests, 88, "", "Too Many Requests")
		return false
	}
	return true
}

// Prices of X, in millionths of a dollar (https://docs.x.com/x-api/getting-started/pricing).
const (
	priceRead, priceUser, priceMessage         = 5_000, 10_000, 10_000
	pricePost, pricePostWithLink, priceDeleted = 15_000, 200_000, 10_000
)

// charge adds to the cost of a user's calls. A resource with a name costs once in a day of UTC. s.mu is held.
func (s *Server) charge(u *User, price int64, name string) {
	if name != "" {
		name = s.Now().UTC().Format(time.DateOnly) + " " + u.ID + " " + name
		if s.billed[name] {
			return
		}
		s.billed[name] = true
	}
	s.charged[u.ID] += price
}

// Charged is the cost of a user's calls so far, in millionths of a dollar.
func (s *Server) Charged(handle string) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.charged[s.user(handle).ID]
}

// postPrice is the price of a post.
func postPrice(text string) int64 {
	if strings.Contains(text, "://") {
		return pricePostWithLink
	}
	return pricePost
}
