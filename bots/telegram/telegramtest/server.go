// Package telegramtest is a Bot API server for tests (https://core.telegram.org/bots/api), on loopback or on pipes. It
// checks what it is sent: addresses, names of parameters, lengths, and the rates, which it can enforce. Comments name what
// each part follows.
package telegramtest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"linienfunk/bots/bottest"
)

// Server is the Bot API with its bots, people and chats. Time is time.Now, which may be that of a testing/synctest bubble.
type Server struct {
	URL     string
	Latency time.Duration // of each answer; sendMessage has happened before it
	Jitter  time.Duration // a sendMessage arrives later than it left by up to this, each by another time
	Limits  *Limits       // nil: no limits

	t      testing.TB
	closed chan struct{}

	mu         sync.Mutex
	bots       map[string]*bot // by token
	people     map[string]int64
	restricted map[int64]bool
	chats      map[int64]*chat
	ids        int64
	sent       []Sent
	calls      []string
	complaints []string
	fault      bottest.Fault
	bare       bool // a 429 does not say how long
	hook       func(n int)
	healed     chan struct{}
}

// Sent is a message that a bot sent.
type Sent struct {
	Bot  string // user name
	Chat int64
	Text string
	At   time.Time
}

type bot struct {
	id             int64
	token          string
	username       string
	readsAll       bool
	updates        []map[string]any
	next           int64
	webhook        map[string]string
	hookFailed     time.Time
	polling        chan struct{} // closed when another getUpdates comes
	news           chan struct{} // closed when there are new updates
	blocked, known map[int64]bool
	menu           map[string][]string // by scope
}

// New starts a server on loopback. What it complains about fails the test when that ends.
func New(t testing.TB) *Server {
	s := newServer(t)
	server := httptest.NewServer(s)
	s.URL = server.URL
	t.Cleanup(func() { close(s.closed); server.CloseClientConnections(); server.Close() })
	return s
}

// NewOnPipes starts a server on pipes in memory, for bubbles of testing/synctest, and returns it with a client that reaches it.
func NewOnPipes(t testing.TB) (*Server, *http.Client) {
	s := newServer(t)
	s.URL = "http://telegram.test"
	conns := make(chan net.Conn)
	server := &http.Server{Handler: s}
	served := make(chan struct{})
	go func() { defer close(served); server.Serve(pipes{conns, s.closed}) }()
	transport := &http.Transport{MaxIdleConnsPerHost: 20, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		select {
		case conns <- theirs:
			return ours, nil
		case <-s.closed:
			return nil, errors.New("connection refused")
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}}
	t.Cleanup(func() { close(s.closed); transport.CloseIdleConnections(); server.Close(); <-served })
	return s, &http.Client{Transport: transport}
}

type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
}

func (p pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p pipes) Close() error   { return nil }
func (p pipes) Addr() net.Addr { return &net.UnixAddr{Name: "telegram.test"} }

func newServer(t testing.TB) *Server {
	s := &Server{t: t, closed: make(chan struct{}), healed: make(chan struct{}), bots: map[string]*bot{},
		people: map[string]int64{}, restricted: map[int64]bool{}, chats: map[int64]*chat{}, ids: 1000}
	t.Cleanup(func() {
		for _, complaint := range s.Complaints() {
			t.Errorf("Telegram complains: %s", complaint)
		}
	})
	return s
}

// AddBot makes a bot and returns its token. Making it again renews the token (BotFather's /revoke).
func (s *Server) AddBot(username string) (token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ids++
	b := s.named(username)
	if b == nil {
		b = &bot{id: s.ids, username: username, next: 700_000, polling: make(chan struct{}), news: make(chan struct{}),
			blocked: map[int64]bool{}, known: map[int64]bool{}, menu: map[string][]string{}}
	}
	delete(s.bots, b.token)
	b.token = fmt.Sprintf("%d:AAtest%d_abcdefghijklmnopqrstuvw-xyz", b.id, s.ids)
	s.bots[b.token] = b
	return b.token
}

// named is the bot of that user name, or nil. s.mu is held.
func (s *Server) named(username string) *bot {
	for _, b := range s.bots {
		if b.username == username {
			return b
		}
	}
	return nil
}

// BotID is a bot's number.
func (s *Server) BotID(username string) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.named(username).id
}

// Rename gives a bot another user name (BotFather's support does so on request, and for names that are bought).
func (s *Server) Rename(username, to string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.named(username).username = to
}

// ReadAll switches a bot's privacy mode off (BotFather's /setprivacy).
func (s *Server) ReadAll(username string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.named(username).readsAll = true
}

// Sent lists what bots have sent so far.
func (s *Server) Sent() []Sent {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.sent)
}

// Calls lists the methods that were called.
func (s *Server) Calls() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.calls)
}

// Complaints lists what was wrong with requests.
func (s *Server) Complaints() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.complaints)
}

func (s *Server) complain(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.complaints = append(s.complaints, fmt.Sprintf(format, args...))
}

// ServeHTTP follows https://core.telegram.org/bots/api#making-requests.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	token, method, ok := strings.Cut(strings.TrimPrefix(r.URL.Path, "/bot"), "/")
	params := parameters(r)
	s.mu.Lock()
	s.calls = append(s.calls, method)
	b := s.bots[token]
	s.mu.Unlock()
	if agent := r.UserAgent(); !strings.HasPrefix(strings.ToLower(agent), "linienfunk/") {
		s.complain("%s with the user agent %q", method, agent)
	}
	if !ok || r.Method != http.MethodPost || r.URL.RawQuery != "" {
		s.complain("%s %s", r.Method, method)
		fail(w, http.StatusNotFound, "Not Found", nil)
		return
	}
	s.faulty(w, r, method, func(w http.ResponseWriter) { s.call(w, r, b, method, params) })
}

func (s *Server) call(w http.ResponseWriter, r *http.Request, b *bot, method string, params map[string]string) {
	if b == nil {
		fail(w, http.StatusUnauthorized, "Unauthorized", nil)
		return
	}
	m, ok := methods[method]
	if !ok {
		s.complain("method %q", method)
		fail(w, http.StatusNotFound, "Not Found", nil)
		return
	}
	for name := range params {
		if !slices.Contains(m.params, name) {
			s.complain("%s: parameter %q", method, name)
		}
	}
	m.call(s, w, r, b, params)
}

// parameters reads the ways that the API supports: a query is none that keeps secrets out of logs, so it is not read.
func parameters(r *http.Request) map[string]string {
	out := map[string]string{}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler) // the client has left in the middle
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if kind == "application/json" {
		var raw map[string]json.RawMessage
		json.NewDecoder(r.Body).Decode(&raw)
		for name, value := range raw {
			out[name] = strings.Trim(string(value), `"`)
		}
		return out
	}
	r.ParseMultipartForm(1 << 20) // an error is for those who have no parameters
	for name, values := range r.PostForm {
		out[name] = values[0]
	}
	return out
}

func succeed(w http.ResponseWriter, result any) {
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(map[string]any{"ok": true, "result": result})
}

// fail answers as the API does: the HTTP status is the code as well.
func fail(w http.ResponseWriter, code int, description string, parameters map[string]any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	answer := map[string]any{"ok": false, "error_code": code, "description": description}
	if parameters != nil {
		answer["parameters"] = parameters
	}
	json.NewEncoder(w).Encode(answer)
}
