// Package twittertest is X for tests: real HTTP on loopback, with users, posts, direct messages, both versions of the API and the
// login by OAuth 1.0a, in memory. It follows https://docs.x.com and, for version 1.1, https://developer.x.com/en/docs/x-api/v1;
// each handler names its page.
//
// It is strict: it verifies each signature (RFC 5849), enforces the rate limits of X, and fails the test for mistakes of the client (an
// unknown path or parameter, a repeated nonce, no User-Agent). It charges as X does, so that tests can compare.
package twittertest

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"linienfunk/bots/bottest"
	"linienfunk/bots/bottest/fake"
)

// ConsumerKey and ConsumerSecret are the operator's application.
const (
	ConsumerKey    = "xvz1evFS4wEEPTGEFPHBog"
	ConsumerSecret = "kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw"
)

// Server is X.
type Server struct {
	*fake.Server

	// Now is its clock. Callback is the one that the application has entered. Rates are the calls that a user may make in 15
	// minutes, by endpoint. PageSize caps the posts in one answer. NoHints leaves out when a limit is reset. Set them before
	// the first request.
	Now      func() time.Time
	Callback string
	Rates    map[string]int
	PageSize int
	NoHints  bool

	mu       sync.Mutex
	lastID   int64
	users    []*User
	posts    []*Post
	messages []*message
	requests map[string]*grant // request tokens
	tokens   map[string]*grant // access tokens
	nonces   map[string]bool
	windows  map[string]*window
	denied   map[string]bool
	charged  map[string]int64 // by user, in millionths
	billed   map[string]bool
}

// User is an account.
type User struct {
	ID, Handle string
	Protected  bool
}

// Post is a post, or a retweet of one.
type Post struct {
	ID       string
	Text     string
	At       time.Time
	Edits    []string // ids of its versions, oldest first
	Original *Post    // of a retweet
	Answers  string   // id of the post that it answers
	Quotes   string   // id of the post that it quotes; its text ends with the address
	author   *User
}

type message struct {
	id       string
	from, to *User
	text     string
	at       time.Time
}

// New starts a server. It ends with the test, which fails if the server has complaints.
func New(t testing.TB) *Server {
	t.Helper()
	s := &Server{
		Now: time.Now, Callback: "https://linienfunk.example/bots/twitter/callback", Rates: rates(), PageSize: 100,
		requests: map[string]*grant{}, tokens: map[string]*grant{}, nonces: map[string]bool{}, windows: map[string]*window{},
		denied: map[string]bool{}, charged: map[string]int64{}, billed: map[string]bool{},
	}
	s.Server = fake.New(t, s.handler(), s.failing)
	return s
}

func (s *Server) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /oauth/request_token", s.requestToken)
	mux.HandleFunc("POST /oauth/access_token", s.accessToken)
	mux.HandleFunc("POST /1.1/oauth/invalidate_token.json", s.as("", s.invalidateToken))

	mux.HandleFunc("GET /2/users/me", s.as("login", s.me))
	mux.HandleFunc("GET /2/users/{id}/mentions", s.as("read", s.mentions))
	mux.HandleFunc("GET /2/dm_events", s.as("messages", s.dmEvents))
	mux.HandleFunc("POST /2/tweets", s.as("post", s.createPost))
	mux.HandleFunc("DELETE /2/tweets/{id}", s.as("delete", s.deletePost))
	mux.HandleFunc("POST /2/users/{id}/retweets", s.as("post", s.createRetweet))
	mux.HandleFunc("DELETE /2/users/{id}/retweets/{tweet}", s.as("delete", s.deleteRetweet))

	mux.HandleFunc("GET /1.1/account/verify_credentials.json", s.as("login", s.verifyCredentials))
	mux.HandleFunc("GET /1.1/statuses/mentions_timeline.json", s.as("read", s.mentionsTimeline))
	mux.HandleFunc("GET /1.1/direct_messages/events/list.json", s.as("messages", s.eventsList))
	mux.HandleFunc("POST /1.1/statuses/update.json", s.as("post", s.update))
	mux.HandleFunc("POST /1.1/statuses/destroy/{id}", s.as("delete", s.destroy))
	mux.HandleFunc("POST /1.1/statuses/retweet/{id}", s.as("post", s.retweetStatus))
	mux.HandleFunc("POST /1.1/statuses/unretweet/{id}", s.as("delete", s.unretweetStatus))
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		s.Complain("%s %s: no such path", r.Method, r.URL.Path)
		fail(w, r, http.StatusNotFound, 34, "", "Not Found")
	})
	return s.dated(mux)
}

// as calls a handler for the user of a request's signature, if the access level and the rate limit allow it.
func (s *Server) as(access string, handle func(http.ResponseWriter, *http.Request, *User)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		g, problem := s.signer(r)
		s.mu.Lock()
		revoked := s.Failing(r.URL.Path) == bottest.Revoke
		denied := s.denied[access]
		s.mu.Unlock()
		switch {
		case problem != "":
			s.Complain("%s %s: %s", r.Method, r.URL.Path, problem)
			fail(w, r, http.StatusUnauthorized, 32, "", "Could not authenticate you")
		case g == nil || revoked:
			fail(w, r, http.StatusUnauthorized, 89, "", "Unauthorized")
		case denied:
			// The answer is the same in both versions: github.com/socioboard/Socioboard-5.0 issue 440.
			fake.WriteJSON(w, http.StatusForbidden, map[string]any{"errors": []any{map[string]any{"code": 453,
				"message": "You currently have access to a subset of X API V2 endpoints and limited v1.1 endpoints only."}}})
		case !s.allow(w, r, g.user):
		default:
			handle(w, r, g.user)
		}
	}
}

// Deny removes an operation from the access level, or allows it again: "login", "read", "messages", "post" or "delete".
func (s *Server) Deny(access string, denied bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.denied[access] = denied
}

// known complains of unknown parameters.
func (s *Server) known(r *http.Request, names ...string) {
	r.ParseForm()
	for name, values := range r.Form {
		if !slices.Contains(names, name) || len(values) != 1 {
			s.Complain("%s %s: parameter %s=%q", r.Method, r.URL.Path, name, values)
		}
	}
}

// wantParameter complains of a request whose parameter has another value.
func (s *Server) wantParameter(r *http.Request, name, value string) {
	if r.FormValue(name) != value {
		s.Complain("%s: %s is not %q", r.URL, name, value)
	}
}

// id is a new id, which tells its time (https://docs.x.com/fundamentals/x-ids). s.mu is held.
func (s *Server) id(at time.Time) string {
	s.lastID = max((at.UnixMilli()-1288834974657)<<22, s.lastID+1)
	return strconv.FormatInt(s.lastID, 10)
}

// user finds or makes a user. s.mu is held.
func (s *Server) user(handle string) *User {
	for _, u := range s.users {
		if strings.EqualFold(u.Handle, handle) {
			return u
		}
	}
	u := &User{ID: strconv.Itoa(2244994945 + len(s.users)), Handle: handle}
	s.users = append(s.users, u)
	return u
}

// fail answers with an error in the form of the version that was asked
// (https://docs.x.com/x-api/fundamentals/response-codes-and-errors).
func fail(w http.ResponseWriter, r *http.Request, status, code int, problem, detail string) {
	if strings.HasPrefix(r.URL.Path, "/2/") {
		kind := "about:blank"
		if problem != "" {
			kind = "https://api.x.com/2/problems/" + problem
		}
		fake.WriteJSON(w, status, map[string]any{"title": http.StatusText(status), "type": kind, "status": status, "detail": detail})
		return
	}
	fake.WriteJSON(w, status, map[string]any{"errors": []any{map[string]any{"code": code, "message": detail}}})
}

// pageSize returns the size of a page that a request asks for, and complains unless it is from 1 to most. It complains of parameters
// that are not among the others, too.
func (s *Server) pageSize(r *http.Request, parameter string, most int, others ...string) int {
	s.known(r, append(others, parameter)...)
	size, err := strconv.Atoi(r.FormValue(parameter))
	if err != nil || size < 1 || size > most {
		s.Complain("page of %q: %s", r.FormValue(parameter), r.URL)
	}
	return size
}
