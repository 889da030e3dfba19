package newnetwork

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"linienfunk/bots/bottest"
	"linienfunk/bots/bottest/fake"
)

// server is a fake of the network's API. The token "token-of-<name>" belongs to the account <name>.
type server struct {
	*fake.Server

	mu       sync.Mutex
	lastID   int64
	messages map[string][]message // by account
	posted   map[string]message   // by Idempotency-Key
	news     chan struct{}        // closed and replaced with each message
}

func newServer(t testing.TB) *server {
	s := &server{messages: map[string][]message{}, posted: map[string]message{}, news: make(chan struct{})}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /account", func(w http.ResponseWriter, r *http.Request) { answer(w, map[string]string{"name": account(r)}) })
	mux.HandleFunc("GET /messages", s.list)
	mux.HandleFunc("POST /messages", s.post)
	mux.HandleFunc("DELETE /messages/{id}", s.remove)
	s.Server = fake.New(t, authorized(mux), fail)
	return s
}

const bearer = "Bearer token-of-"

func authorized(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.Header.Get("Authorization"), bearer) {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// fail answers with the network's own errors. The other faults are the same for all networks.
func fail(w http.ResponseWriter, r *http.Request, f bottest.Fault) bool {
	switch f {
	case bottest.TooMany:
		w.Header().Set("Retry-After", "7")
		w.WriteHeader(http.StatusTooManyRequests)
	case bottest.Internal:
		w.WriteHeader(http.StatusInternalServerError)
	case bottest.Refuse:
		w.WriteHeader(http.StatusUnprocessableEntity)
	case bottest.Revoke:
		w.WriteHeader(http.StatusUnauthorized)
	default:
		return false
	}
	return true
}

func account(r *http.Request) string {
	return strings.TrimPrefix(r.Header.Get("Authorization"), bearer)
}

func answer(w http.ResponseWriter, body any) {
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(body)
}

// list answers once there are messages, or when the client disconnects.
func (s *server) list(w http.ResponseWriter, r *http.Request) {
	after, _ := strconv.ParseInt(r.FormValue("after"), 10, 64)
	for {
		s.mu.Lock()
		news := s.news
		s.mu.Unlock()
		if found := s.after(account(r), after); len(found) > 0 {
			answer(w, map[string]any{"messages": found})
			return
		}
		select {
		case <-news:
		case <-r.Context().Done():
			return
		case <-s.Ended():
			return
		}
	}
}

func (s *server) post(w http.ResponseWriter, r *http.Request) {
	var m message
	if err := json.NewDecoder(r.Body).Decode(&m); err != nil || len([]rune(m.Text)) > 500 {
		w.WriteHeader(http.StatusUnprocessableEntity)
		return
	}
	m.Own = true
	answer(w, s.add(account(r), r.Header.Get("Idempotency-Key"), m))
}

func (s *server) remove(w http.ResponseWriter, r *http.Request) {
	id, _ := strconv.ParseInt(r.PathValue("id"), 10, 64)
	s.mu.Lock()
	defer s.mu.Unlock()
	all := s.messages[account(r)]
	i := slices.IndexFunc(all, func(m message) bool { return m.ID == id && m.Own })
	if i < 0 {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	s.messages[account(r)] = slices.Delete(all, i, i+1)
	w.WriteHeader(http.StatusNoContent)
}

// add stores a message; the same key again returns the first one.
func (s *server) add(account, key string, m message) message {
	s.mu.Lock()
	defer s.mu.Unlock()
	if first, ok := s.posted[key]; ok && key != "" {
		return first
	}
	s.lastID++
	m.ID = s.lastID
	s.posted[key] = m
	s.messages[account] = append(s.messages[account], m)
	close(s.news)
	s.news = make(chan struct{})
	return m
}

// after returns the messages of an account with greater ids.
func (s *server) after(account string, id int64) []message {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []message
	for _, m := range s.messages[account] {
		if m.ID > id {
			found = append(found, m)
		}
	}
	return found
}
