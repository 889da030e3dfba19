package mastodontest

import (
	"net/http"
	"net/http/httptest"
	"strings"

	"linienfunk/bots/bottest"
)

// Closed is an instance that is being closed (SELF_DESTRUCT of Mastodon): it answers 410 to everything.
const Closed bottest.Fault = "closed"

// Fail makes requests fail until Heal. Swallow concerns requests that change something, Refuse those that
// post or boost, all others every request. Revoke ends the streams.
func (s *Server) Fail(f bottest.Fault) { s.FailPath(f, "/") }

// FailPath is Fail for paths that begin so.
func (s *Server) FailPath(f bottest.Fault, path string) {
	s.mu.Lock()
	s.fault, s.faultPath = f, path
	s.mu.Unlock()
	if f == bottest.Revoke {
		s.DropStreams()
	}
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
		s.requests = append(s.requests, r.Method+" "+r.URL.Path)
		fault, healed := s.fault, s.healed
		if !strings.HasPrefix(r.URL.Path, s.faultPath) {
			fault = ""
		}
		s.mu.Unlock()
		// https://docs.joinmastodon.org/ does not ask for it, but instances block Go's default name.
		if agent := r.UserAgent(); r.URL.Path != "/oauth/authorize" && (agent == "" || strings.HasPrefix(agent, "Go-http-client")) {
			s.complain("%s %s: User-Agent %q", r.Method, r.URL.Path, agent)
		}
		s.serve(w, r, next, fault, healed)
	})
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request, next http.Handler, fault bottest.Fault, healed chan struct{}) {
	switch fault {
	case bottest.TooMany:
		s.tooMany(w, r)
	case Closed:
		fail(w, http.StatusGone, "Gone")
	case bottest.Internal:
		fail(w, http.StatusInternalServerError, "Something went wrong")
	case bottest.HTML:
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Write([]byte("<!doctype html><title>Just a moment</title><p>Checking your browser"))
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
		w.Write([]byte(`[{"id":"1","type":"mention","account":{"id":"`))
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	case bottest.Refuse:
		if r.Method == http.MethodPost && strings.HasPrefix(r.URL.Path, "/api/v1/statuses") {
			fail(w, http.StatusUnprocessableEntity, "Validation failed: Text is refused")
			return
		}
		next.ServeHTTP(w, r)
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
