// Package fake is what the fakes of networks share that are spoken to by HTTP: a server on loopback that counts what it is asked,
// complains of what no client should send, and fails in the ways of bottest.Fault.
package fake

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"linienfunk/bots/bottest"
)

// Server is embedded by the fake of a network.
type Server struct {
	URL string
	// Pages is how the paths begin that people open in browsers, which may call themselves what they like. Set it before the
	// first request.
	Pages string

	http *httptest.Server
	fail Failing

	mu         sync.Mutex
	requests   []string
	complaints []string
	fault      bottest.Fault
	path       string
	healed     chan struct{}
	closed     chan struct{}
}

// Failing answers a request in the network's own words while a fault lasts, and reports whether it did. What it leaves is done
// as every server does it, see Server.Fail, or answered as ever.
type Failing func(w http.ResponseWriter, r *http.Request, f bottest.Fault) bool

// New starts a server. It ends with the test, which fails if there are complaints.
func New(t testing.TB, handler http.Handler, fail Failing) *Server {
	t.Helper()
	s := &Server{fail: fail, healed: make(chan struct{}), closed: make(chan struct{})}
	s.http = httptest.NewServer(s.faulty(handler))
	s.URL = s.http.URL
	t.Cleanup(func() {
		close(s.closed)
		s.http.CloseClientConnections()
		s.http.Close()
		for _, complaint := range s.Complaints() {
			t.Errorf("the network complains: %s", complaint)
		}
	})
	return s
}

// Fail makes requests fail until Heal. Swallow concerns those that are no GET. HTML, Hang, Swallow and Truncate are the same
// with all networks, the others are up to the network's Failing.
func (s *Server) Fail(f bottest.Fault) { s.FailPath(f, "/") }

// FailPath is Fail for paths that begin so.
func (s *Server) FailPath(f bottest.Fault, path string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault, s.path = f, path
}

// Heal ends the fault. Requests that hang are dropped.
func (s *Server) Heal() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = ""
	close(s.healed)
	s.healed = make(chan struct{})
}

// Failing is the fault of a path, or empty.
func (s *Server) Failing(path string) bottest.Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !strings.HasPrefix(path, s.path) {
		return ""
	}
	return s.fault
}

// Requests counts the requests whose method and path begin so: "POST /api/v1/statuses".
func (s *Server) Requests(prefix string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	count := 0
	for _, r := range s.requests {
		if strings.HasPrefix(r, prefix) {
			count++
		}
	}
	return count
}

// Complain notes what a client did wrong.
func (s *Server) Complain(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.complaints = append(s.complaints, fmt.Sprintf(format, args...))
}

// Complaints lists what clients did wrong so far.
func (s *Server) Complaints() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.complaints)
}

// Forgive takes the complaints back, for a test that provoked them.
func (s *Server) Forgive() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.complaints = nil
}

// WriteJSON answers with a status and a value in JSON.
func WriteJSON(w http.ResponseWriter, status int, answer any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(answer) // an error means that the client is gone
}

// Ended is closed when the server ends, for handlers that wait.
func (s *Server) Ended() <-chan struct{} { return s.closed }

// faulty stands in front of all handlers: it counts, looks at what all requests must have, and fails as it is told to.
func (s *Server) faulty(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.requests = append(s.requests, r.Method+" "+r.URL.Path)
		healed := s.healed
		s.mu.Unlock()
		// Networks do not ask for a name of our own in their documentation, but block Go's.
		people := s.Pages != "" && strings.HasPrefix(r.URL.Path, s.Pages)
		if agent := r.UserAgent(); !people && (agent == "" || strings.HasPrefix(agent, "Go-http-client")) {
			s.Complain("%s %s: User-Agent %q", r.Method, r.URL.Path, agent)
		}
		fault := s.Failing(r.URL.Path)
		if fault == "" || !s.fail(w, r, fault) {
			s.serve(w, r, next, fault, healed)
		}
	})
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request, next http.Handler, fault bottest.Fault, healed <-chan struct{}) {
	switch {
	case fault == bottest.HTML:
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Write([]byte("<!doctype html><title>Just a moment</title><p>Checking your browser"))
	case fault == bottest.Truncate:
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		w.Header().Set("Content-Length", "4000")
		w.Write([]byte(`[{"id":"1","account":{"id":"`))
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	case fault == bottest.Swallow && r.Method != http.MethodGet:
		next.ServeHTTP(httptest.NewRecorder(), r)
		s.hang(r, healed)
	case fault == bottest.Hang:
		s.hang(r, healed)
	default:
		next.ServeHTTP(w, r)
	}
}

// hang waits until the client gives up or the fault is over, and drops the connection.
func (s *Server) hang(r *http.Request, healed <-chan struct{}) {
	select {
	case <-r.Context().Done():
	case <-healed:
	case <-s.closed:
	}
	panic(http.ErrAbortHandler)
}
