// Package fake is the HTTP server below the fakes of networks. It listens on loopback, counts requests, records mistakes of clients as
// complaints, and injects faults.
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
	// Pages is the prefix of the paths that browsers open: their User-Agent is not checked. Set it before the first request.
	Pages string

	http *httptest.Server
	fail Failing

	mu         sync.Mutex
	requests   []string
	complaints []string
	fault      bottest.Fault
	prefix     string // of the paths that fail
	healed     chan struct{}
	closed     chan struct{}
}

// Failing answers a request with the network's own error for a fault, and reports whether it did. Otherwise the Server injects the fault
// if it is one of those that Server.Fail lists, or answers as usual.
type Failing func(w http.ResponseWriter, r *http.Request, f bottest.Fault) bool

// New starts a server that runs until the end of the test. The test fails if there are complaints.
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

// Fail makes requests fail until Heal; Swallow all but GET. HTML, Hang, Swallow and Truncate are the same for all networks, the others are
// up to the network's Failing.
func (s *Server) Fail(f bottest.Fault) { s.FailPath(f, "/") }

// FailPath is Fail for the paths with a prefix.
func (s *Server) FailPath(f bottest.Fault, prefix string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault, s.prefix = f, prefix
}

// Heal ends the fault. The connections of hanging requests are closed.
func (s *Server) Heal() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = ""
	close(s.healed)
	s.healed = make(chan struct{})
}

// Failing returns the fault of a path, or "".
func (s *Server) Failing(path string) bottest.Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !strings.HasPrefix(path, s.prefix) {
		return ""
	}
	return s.fault
}

// Requests counts the requests with a prefix of method and path, such as "POST /api/v1/statuses".
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

// Complain records a mistake of a client.
func (s *Server) Complain(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.complaints = append(s.complaints, fmt.Sprintf(format, args...))
}

// Complaints lists the mistakes of clients so far.
func (s *Server) Complaints() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.complaints)
}

// Forgive deletes the complaints, for a test that provoked them.
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

// Ended is closed when the server ends, for handlers that block.
func (s *Server) Ended() <-chan struct{} { return s.closed }

// faulty counts requests, checks their User-Agent and that they tell no trace, and injects the fault.
func (s *Server) faulty(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.requests = append(s.requests, r.Method+" "+r.URL.Path)
		healed := s.healed
		s.mu.Unlock()
		// No network documents that it needs a User-Agent of our own, but they block Go's.
		browser := s.Pages != "" && strings.HasPrefix(r.URL.Path, s.Pages)
		if agent := r.UserAgent(); !browser && (agent == "" || strings.HasPrefix(agent, "Go-http-client")) {
			s.Complain("%s %s: User-Agent %q", r.Method, r.URL.Path, agent)
		}
		if trace := r.Header.Get("Traceparent"); trace != "" {
			s.Complain("%s %s: a network is told the trace %q", r.Method, r.URL.Path, trace)
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

// hang waits until the client gives up or the fault ends, and closes the connection.
func (s *Server) hang(r *http.Request, healed <-chan struct{}) {
	select {
	case <-r.Context().Done():
	case <-healed:
	case <-s.closed:
	}
	panic(http.ErrAbortHandler)
}
