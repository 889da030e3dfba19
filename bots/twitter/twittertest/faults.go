package twittertest

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"time"

	"linienfunk/bots/bottest"
)

// Faults that only X has, beside those of the suite.
const (
	Suspended bottest.Fault = "suspended" // 403 with code 64
	Credits   bottest.Fault = "credits"   // 402: the application's credits are used up
	Capped    bottest.Fault = "capped"    // 429 with a problem: the application's cap for the month
	BadClock  bottest.Fault = "clock"     // 401 with code 135
	Daily     bottest.Fault = "daily"     // 429: the limit for a day, while that of the window is not used up
)

// Fail makes requests fail until Heal. Swallow concerns requests that change something, Refuse those that post, all others
// every request.
func (s *Server) Fail(f bottest.Fault) { s.FailPath(f, "/") }

// FailPath is Fail for paths that begin so.
func (s *Server) FailPath(f bottest.Fault, path string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault, s.faultPath = f, path
}

// Heal ends the fault. Requests that hang are dropped.
func (s *Server) Heal() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = ""
	close(s.healed)
	s.healed = make(chan struct{})
}

// faulty stands in front of all handlers: it counts, looks at what all requests must have, and fails as it is told to.
func (s *Server) faulty(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.log = append(s.log, r.Method+" "+r.URL.Path)
		fault, healed := s.fault, s.healed
		if !strings.HasPrefix(r.URL.Path, s.faultPath) {
			fault = ""
		}
		w.Header().Set("Date", s.Now().UTC().Format(http.TimeFormat))
		s.mu.Unlock()
		if agent := r.UserAgent(); agent == "" || strings.HasPrefix(agent, "Go-http-client") {
			s.complain("%s %s: User-Agent %q", r.Method, r.URL.Path, agent)
		}
		s.serve(w, r, next, fault, healed)
	})
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request, next http.Handler, fault bottest.Fault, healed chan struct{}) {
	reset := func(name string, left string, after time.Duration) {
		if !s.NoHints {
			w.Header().Set(name+"remaining", left)
			w.Header().Set(name+"reset", strconv.FormatInt(s.Now().Add(after).Unix(), 10))
		}
	}
	switch fault {
	case bottest.TooMany: // https://docs.x.com/x-api/fundamentals/rate-limits
		reset("x-rate-limit-", "0", 8*time.Second) // in whole seconds
		fail(w, r, http.StatusTooManyRequests, 88, "", "Too Many Requests")
	case Daily:
		reset("x-rate-limit-", "99", 8*time.Second)
		reset("x-app-limit-24hour-", "0", 40*time.Minute)
		fail(w, r, http.StatusTooManyRequests, 88, "", "Too Many Requests")
	case bottest.Internal:
		fail(w, r, http.StatusInternalServerError, 131, "", "Internal error")
	case bottest.HTML:
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Write([]byte("<!doctype html><title>Just a moment...</title><p>Checking your browser"))
	case bottest.Hang:
		s.hang(r, healed)
	case bottest.Swallow:
		if r.Method == http.MethodGet {
			next.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(httptest.NewRecorder(), r)
		s.hang(r, healed)
	case bottest.Truncate:
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		w.Header().Set("Content-Length", "4000")
		w.Write([]byte(`{"data":[{"id":"1`))
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	case bottest.Refuse:
		if r.Method != http.MethodPost {
			next.ServeHTTP(w, r)
			return
		}
		fail(w, r, http.StatusForbidden, 226, "", "You are not permitted to perform this action.")
	case Suspended:
		write(w, http.StatusForbidden, map[string]any{"errors": []any{map[string]any{"code": 64, "message": "Your account is suspended."}}})
	case Credits: // as seen in github.com/tryethernal/ethernal issue 1324
		fail(w, r, http.StatusPaymentRequired, 0, "credits", "Your enrolled account does not have any credits to fulfill this request.")
	case Capped:
		fail(w, r, http.StatusTooManyRequests, 0, "usage-capped", "Usage cap exceeded: Monthly product cap")
	case BadClock:
		write(w, http.StatusUnauthorized, map[string]any{"errors": []any{map[string]any{"code": 135, "message": "Timestamp out of bounds."}}})
	default:
		next.ServeHTTP(w, r)
	}
}

// hang waits until the client gives up or the fault is over, and drops the connection.
func (s *Server) hang(r *http.Request, healed chan struct{}) {
	select {
	case <-r.Context().Done():
	case <-healed:
	case <-s.closed:
	}
	panic(http.ErrAbortHandler)
}
