package twittertest

import (
	"net/http"
	"strconv"
	"time"

	"linienfunk/bots/bottest"
	"linienfunk/bots/bottest/fake"
)

// Faults of X, besides those of the suite.
const (
	Suspended bottest.Fault = "suspended" // 403 with code 64
	Credits   bottest.Fault = "credits"   // 402: the application's credits are used up
	Capped    bottest.Fault = "capped"    // 429 with a problem: the application's cap for the month
	BadClock  bottest.Fault = "clock"     // 401 with code 135
	Daily     bottest.Fault = "daily"     // 429: the limit for a day, while that of the window is not used up
)

// failing answers as X does. Refuse concerns requests that post.
func (s *Server) failing(w http.ResponseWriter, r *http.Request, fault bottest.Fault) bool {
	s.date(w)
	reset := func(name string, left string, after time.Duration) {
		if !s.NoHints {
			w.Header().Set(name+"remaining", left)
			w.Header().Set(name+"reset", strconv.FormatInt(s.Now().Add(after).Unix(), 10))
		}
	}
	switch {
	case fault == bottest.TooMany: // https://docs.x.com/x-api/fundamentals/rate-limits
		reset("x-rate-limit-", "0", 8*time.Second) // in whole seconds
		fail(w, r, http.StatusTooManyRequests, 88, "", "Too Many Requests")
	case fault == Daily:
		reset("x-rate-limit-", "99", 8*time.Second)
		reset("x-app-limit-24hour-", "0", 40*time.Minute)
		fail(w, r, http.StatusTooManyRequests, 88, "", "Too Many Requests")
	case fault == bottest.Internal:
		fail(w, r, http.StatusInternalServerError, 131, "", "Internal error")
	case fault == bottest.Refuse && r.Method == http.MethodPost:
		fail(w, r, http.StatusForbidden, 226, "", "You are not permitted to perform this action.")
	case fault == Suspended:
		fake.WriteJSON(w, http.StatusForbidden, map[string]any{"errors": []any{map[string]any{"code": 64, "message": "Your account is suspended."}}})
	case fault == Credits: // as seen in github.com/tryethernal/ethernal issue 1324
		fail(w, r, http.StatusPaymentRequired, 0, "credits", "Your enrolled account does not have any credits to fulfill this request.")
	case fault == Capped:
		fail(w, r, http.StatusTooManyRequests, 0, "usage-capped", "Usage cap exceeded: Monthly product cap")
	case fault == BadClock:
		fake.WriteJSON(w, http.StatusUnauthorized, map[string]any{"errors": []any{map[string]any{"code": 135, "message": "Timestamp out of bounds."}}})
	default:
		return false
	}
	return true
}

// dated adds a Date header with the time of the server's clock.
func (s *Server) dated(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.date(w)
		next.ServeHTTP(w, r)
	})
}

func (s *Server) date(w http.ResponseWriter) {
	w.Header().Set("Date", s.Now().UTC().Format(http.TimeFormat))
}
