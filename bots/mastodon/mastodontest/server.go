// Package mastodontest is an instance of Mastodon for tests: real HTTP on loopback, with accounts, statuses, notifications,
// streaming and OAuth in memory. It follows https://docs.joinmastodon.org; each handler names its page.
//
// It is strict: it refuses what a real instance refuses, and fails the test for what is a mistake of the client (an unknown path, an
// unknown parameter, no User-Agent, a misspelt scope).
package mastodontest

import (
	"cmp"
	"context"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"linienfunk/bots/bottest"
	"linienfunk/bots/bottest/fake"
)

// Domain is the instance's domain, behind the second @ of its accounts. It differs from the host of its URL, as on many real instances.
const Domain = "fake.mastodon.example"

// Server is an instance.
type Server struct {
	*fake.Server

	// MaxCharacters and PerURL are the limits of a status. Set them before the first request.
	MaxCharacters, PerURL int
	// Streaming is false for a server without streaming. Version is what it claims to be; before 4 there is
	// no /api/v2/instance. Set them before the first request.
	Streaming bool
	Version   int
	// StreamingURL is where it says that its streams are, if not at its own address. Set it before the first request.
	StreamingURL string
	// PageSize caps the notifications in one answer. Set it before the first request.
	PageSize int
	// FilterPrivate hides private mentions from the stream and from requests without include_filtered, the default of accounts since
	// Mastodon 4.3. Set it before the first mention.
	FilterPrivate bool
	// Dialect is the software. Set it before the first request.
	Dialect Dialect
	// NoLists makes it an instance that has no lists. Set it before the first request for them.
	NoLists bool
	// Now is the clock that times in answers are made by. Set it before the first request.
	Now func() time.Time
	// BeforeApp is called while a program registers. Set it before the first request.
	BeforeApp func()
	// BeforePost is called before a new status is stored, AfterPost before the answer that it is. A status whose request has ended by then
	// is not stored. Set them before the first request.
	BeforePost, AfterPost func(ctx context.Context)

	mu       sync.Mutex
	ids      int64
	accounts []*Account
	apps     []*app
	codes    map[string]*grant
	tokens   map[string]*grant
	statuses []*Status
	notes    []*notification
	late     *[]*notification // where notifications go instead of notes
	once     map[string]once  // by account and Idempotency-Key
	refused  map[string]int   // Idempotency-Key to the status that is replayed
	streams  map[chan event]*Account
	lists    []list
}

func (a *Account) local() bool { return !strings.Contains(a.Acct, "@") }

// host is where a remote account lives.
func (a *Account) host() string {
	_, host, _ := strings.Cut(a.Acct, "@")
	return host
}

func (a *Account) username() string {
	name, _, _ := strings.Cut(a.Acct, "@")
	return name
}

// New starts an instance. It ends with the test, which fails if the instance has complaints.
func New(t testing.TB) *Server {
	t.Helper()
	s := &Server{
		MaxCharacters: 500, PerURL: 23, Streaming: true, Version: 4, PageSize: 80, FilterPrivate: true, ids: 1000,
		codes: map[string]*grant{}, tokens: map[string]*grant{}, once: map[string]once{}, refused: map[string]int{}, Now: time.Now,
		streams: map[chan event]*Account{},
	}
	s.Server = fake.New(t, s.handler(), s.failing)
	s.Pages = "/oauth/authorize"
	return s
}

func (s *Server) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/v1/apps", s.createApp)
	mux.HandleFunc("GET /oauth/authorize", s.authorizePage)
	mux.HandleFunc("POST /oauth/authorize", s.authorize)
	mux.HandleFunc("POST /oauth/token", s.token)
	mux.HandleFunc("POST /oauth/revoke", s.revoke)
	mux.HandleFunc("GET /api/v1/instance", s.instanceV1)
	mux.HandleFunc("GET /api/v2/instance", s.instanceV2)
	mux.HandleFunc("GET /api/v1/accounts/verify_credentials", s.as("read:accounts", s.verifyCredentials))
	mux.HandleFunc("GET /api/v1/accounts/relationships", s.as("read:follows", s.relationships))
	mux.HandleFunc("GET /api/v1/accounts/{id}", s.account)
	mux.HandleFunc("GET /api/v1/accounts/{id}/statuses", s.as("read:statuses", s.accountStatuses))
	mux.HandleFunc("GET /api/v1/notifications", s.as("read:notifications", s.notifications))
	mux.HandleFunc("GET /api/v1/lists", s.as("read:lists", s.getLists))
	mux.HandleFunc("GET /api/v1/streaming/health", s.streamingHealth)
	mux.HandleFunc("GET /api/v1/streaming/user", s.as("read:statuses", s.streamUser))
	mux.HandleFunc("POST /api/v1/statuses", s.as("write:statuses", s.postStatus))
	mux.HandleFunc("GET /api/v1/statuses/{id}", s.as("read:statuses", s.getStatus))
	mux.HandleFunc("PUT /api/v1/statuses/{id}", s.as("write:statuses", s.editStatus))
	mux.HandleFunc("DELETE /api/v1/statuses/{id}", s.as("write:statuses", s.deleteStatus))
	mux.HandleFunc("POST /api/v1/statuses/{id}/reblog", s.as("write:statuses", s.reblog))
	mux.HandleFunc("POST /api/v1/statuses/{id}/unreblog", s.as("write:statuses", s.unreblog))
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		s.Complain("%s %s: no such path", r.Method, r.URL.Path)
		fail(w, http.StatusNotFound, "Record not found")
	})
	return mux
}

// as lets a handler run for the account of a token that has the scope
// (https://docs.joinmastodon.org/api/oauth-scopes/).
func (s *Server) as(scope string, handle func(http.ResponseWriter, *http.Request, *Account)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		s.mu.Lock()
		g := s.tokens[token]
		revoked := s.Failing(r.URL.Path) == bottest.Revoke
		s.mu.Unlock()
		switch {
		case !ok || g == nil || revoked:
			fail(w, http.StatusUnauthorized, "The access token is invalid")
		case !allows(g.scope, scope):
			if scope != "read:lists" { // the program asks for it since it lists places
				s.Complain("%s %s needs the scope %s", r.Method, r.URL.Path, scope)
			}
			fail(w, http.StatusForbidden, "This action is outside the authorized scopes")
		case !s.barred(w, r, g.account):
			handle(w, r, g.account)
		}
	}
}

// AddAccount makes an account of this instance and returns a token with which a bot may act for it.
func (s *Server) AddAccount(acct string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	token := "token-" + s.id()
	s.tokens[token] = &grant{account: s.accountNamed(acct), scope: Scopes}
	return token
}

// id returns a new id; they ascend. s.mu is held.
func (s *Server) id() string {
	s.ids++
	return strconv.FormatInt(s.ids, 10)
}

// accountNamed finds or makes an account. s.mu is held.
func (s *Server) accountNamed(acct string) *Account {
	acct = strings.TrimSuffix(strings.TrimPrefix(acct, "@"), "@"+Domain)
	for _, a := range s.accounts {
		if strings.EqualFold(a.Acct, acct) {
			return a
		}
	}
	a := &Account{ID: s.id(), Acct: acct}
	s.accounts = append(s.accounts, a)
	return a
}

// instanceV1 follows https://docs.joinmastodon.org/methods/instance/#v1.
func (s *Server) instanceV1(w http.ResponseWriter, _ *http.Request) {
	answer := map[string]any{
		"uri": Domain, "title": "Fake", "version": s.version(), "configuration": s.configuration(),
		"urls": map[string]any{"streaming_api": s.streaming()},
	}
	if s.Dialect == Akkoma { // as Pleroma writes them
		answer["uri"], answer["max_toot_chars"] = "https://"+Domain, s.MaxCharacters
		delete(answer, "configuration")
	}
	fake.WriteJSON(w, http.StatusOK, answer)
}

// instanceV2 follows https://docs.joinmastodon.org/methods/instance/#v2.
func (s *Server) instanceV2(w http.ResponseWriter, _ *http.Request) {
	if !s.hasV2() {
		fail(w, http.StatusNotFound, "Record not found")
		return
	}
	fake.WriteJSON(w, http.StatusOK, map[string]any{
		"domain": Domain, "title": "Fake", "version": s.version(), "configuration": s.configuration(),
	})
}

func (s *Server) configuration() map[string]any {
	if s.Version < 3 {
		return nil
	}
	return map[string]any{
		"statuses": map[string]any{
			"max_characters": s.MaxCharacters, "characters_reserved_per_url": s.PerURL, "max_media_attachments": 4,
		},
		"urls": map[string]any{"streaming": s.streaming()},
	}
}

func (s *Server) streaming() string {
	return strings.Replace(cmp.Or(s.StreamingURL, s.URL), "http:", "ws:", 1)
}

func fail(w http.ResponseWriter, status int, text string) {
	fake.WriteJSON(w, status, map[string]string{"error": text})
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
