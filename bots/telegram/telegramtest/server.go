// Package telegramtest is a Bot API server for tests (https://core.telegram.org/bots/api), on loopback or on in-memory pipes. It
// checks requests (paths, names of parameters, lengths) and can enforce rate limits. Comments cite the documentation that each part
// follows.
package telegramtest

import (
	"fmt"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"linienfunk/bots/bottest"
)

// Server is the Bot API with its bots, people and chats. It uses time.Now, so that it works in a testing/synctest bubble.
type Server struct {
	URL     string
	Latency time.Duration // of each response; the message is sent before it
	Jitter  time.Duration // maximum random delay of a sendMessage call on its way
	Limits  *Limits       // nil: no limits

	t      testing.TB
	closed chan struct{}

	mu           sync.Mutex
	bots         map[string]*bot // by token
	people       map[string]int64
	restricted   map[int64]bool
	chats        map[int64]*chat
	held         map[int64]int // seconds, by chat
	ids          int64
	sent         []Sent
	presses      map[string]bool // by callback_query_id: answered
	toasts       []Toast
	calls        []string
	complaints   []string
	fault        bottest.Fault
	noRetryAfter bool // of a 429
	onSent       func(n int)
	dropped      chan struct{}
}

// Sent is a message that a bot sent.
type Sent struct {
	Bot   string // user name
	Chat  int64
	Topic int // message_thread_id
	ID    int64
	Text  string
	At    time.Time

	Buttons [][]Button
	Edits   int // how often the message was edited
	Deleted bool
}

type bot struct {
	id             int64
	token          string
	username       string
	readsAll       bool
	updates        []map[string]any
	next           int64
	webhook        map[string]string
	webhookFailed  time.Time
	polling        chan struct{} // closed by the next getUpdates
	news           chan struct{} // closed when there are new updates
	blocked, known map[int64]bool
	menu           map[string][]string // by scope
}

// New starts a server on loopback. Invalid requests fail the test at its end.
func New(t testing.TB) *Server {
	s := newServer(t)
	server := httptest.NewServer(s)
	s.URL = server.URL
	t.Cleanup(func() { close(s.closed); server.CloseClientConnections(); server.Close() })
	return s
}

func newServer(t testing.TB) *Server {
	s := &Server{t: t, closed: make(chan struct{}), dropped: make(chan struct{}), bots: map[string]*bot{},
		people: map[string]int64{}, restricted: map[int64]bool{}, chats: map[int64]*chat{}, held: map[int64]int{}, presses: map[string]bool{}, ids: 1000}
	t.Cleanup(func() {
		for _, complaint := range s.Complaints() {
			t.Errorf("Telegram complains: %s", complaint)
		}
	})
	return s
}

// Sent lists the messages that bots have sent.
func (s *Server) Sent() []Sent {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.sent)
}

// Calls lists the methods of all requests.
func (s *Server) Calls() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.calls)
}

// Complaints lists the errors in requests.
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
