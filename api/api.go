// Package api is the REST API of cities, for programs: commands over HTTP, and their description in OpenAPI.
//
//	operations.go   what the commands become: each is registered from commands.All, so that a new one needs no line here
//	schema.go       parameters and results as JSON schemas
//	request.go      bodies and query parameters become values; what is wrong with a value only the command says
//	problem.go      refusals become application/problem+json (RFC 9457)
//	admit.go        who calls: the header x-api-key, scopes, limits
//	settings.go     the settings as a resource with versions
//	places.go       what the city's account sees in a network, as a resource of that network
//	feed.go, hub.go, stream.go    what happens in a city: events in the database, passed on to open connections
//	webhooks.go, deliver.go       addresses that get the events, each in its order until it has taken them
//	keys.go         the keys in the database
//
// The library huma holds the description and makes schemas of results. Its handlers, which would be a second set of rules beside those of the commands, are not used.
//
// Cookies mean nothing here, so that no other site can use a login. There is no CORS: a key in a page is public, and who has it may do what it may.
package api

import (
	"context"
	"embed"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"linienfunk/commands"
	"linienfunk/db"
	"linienfunk/internal/limits"
	"linienfunk/internal/secret"
	"linienfunk/templates"
)

//go:embed locale.*.toml
var files embed.FS

// Deps are the parts of the program that the API uses.
type Deps struct {
	Commands *commands.Commands
	Keys     *Keys
	Limits   *limits.Group
	BaseURL  string // the public address without a trailing slash
	Log      *slog.Logger
	Now      func() time.Time

	DB  *db.DB // the core's tables
	Bus Bus    // may be nil where nobody opens a stream
	Box *secret.Box

	// HTTP is the client for webhooks. Plain lets them have addresses without TLS.
	HTTP  *http.Client
	Plain bool
}

// Bus carries announcements between nodes; *bus.Bus is one.
type Bus interface {
	Notify(subject string, data []byte) error
	Subscribe(subject string, f func(subject string, data []byte)) (stop func(), err error)
}

// Subjects of announcements, each with a city or the number of a key behind it.
const (
	LedgerSubject  = "ledger."
	revokedSubject = "api-key."
)

// API is the handler of everything below Root. It is safe for concurrent use.
type API struct {
	Deps
	mux        *http.ServeMux
	huma       huma.API
	texts      *templates.Set
	calls      *limits.Limiter // of each key
	wrong      *limits.Limiter // keys, of each client
	spec       []byte          // OpenAPI 3.1
	spec30     []byte          // the same in OpenAPI 3.0.3
	operations []Operation
	feed       *feed
	hub        *hub
	deliverer  *deliverer

	Webhooks *Webhooks
}

// Addresses of the API.
const (
	Root   = "/api/"
	v1     = Root + "v1/"
	byCity = v1 + "cities/{city}/"
)

// New makes the API. An error is a mistake in the program's texts.
func New(deps Deps) (*API, error) {
	texts, err := templates.New(files)
	if err != nil {
		return nil, err
	}
	a := &API{Deps: deps, mux: http.NewServeMux(), texts: texts, calls: deps.Limits.New("api-calls", callRate), wrong: deps.Limits.New("api-wrong-keys", wrongRate)}
	a.feed = &feed{deps.Keys.Tables, deps.DB, deps.Commands, deps.Now}
	a.Webhooks = &Webhooks{tables: deps.Keys.Tables, box: deps.Box, feed: a.feed, http: deps.Plain, now: deps.Now, added: func() {}}
	if deps.HTTP != nil {
		a.deliverer = newDeliverer(a.Webhooks, deps.HTTP, deps.Log)
		a.Webhooks.added = a.deliverer.wake
	}
	if deps.Bus != nil {
		deps.Keys.Revoked = a.revoke
	}
	a.hub = newHub(a.feed, a.whenJudged, func(city string, err error) {
		a.Log.Error("streams of events do not show a change", "city", city, "err", err)
	})
	a.huma = humago.New(a.mux, huma.Config{OpenAPI: a.describe()})
	for _, command := range deps.Commands.All() {
		if Offered(command) {
			a.addCommand(command)
		}
	}
	a.addSettings()
	a.addExport()
	a.addPlaces()
	a.addStream()
	a.mux.HandleFunc("GET "+Root+"openapi.json", func(w http.ResponseWriter, _ *http.Request) { writeSpec(w, a.spec) })
	a.mux.HandleFunc("GET "+Root+"openapi-3.0.json", func(w http.ResponseWriter, _ *http.Request) { writeSpec(w, a.spec30) })
	a.mux.HandleFunc(Root, a.nothing)
	return a, a.finishSpec()
}

// whenJudged calls f when something was written about a city's reports, on any node.
func (a *API) whenJudged(city string, f func()) (stop func(), err error) {
	return a.Bus.Subscribe(LedgerSubject+city, func(string, []byte) { f() })
}

// Revoke announces that a key was revoked: see Keys.Revoked.
func (a *API) revoke(id uint) {
	a.hub.revoke(id)
	if err := a.Bus.Notify(revokedSubject+strconv.Itoa(int(id)), nil); err != nil {
		a.Log.Warn("the streams of a key that was revoked end a little later on other nodes", "key", id, "err", err)
	}
}

// listen follows announcements until stop is called.
func (a *API) listen() (stop func(), err error) {
	endKeys, err := a.Bus.Subscribe(revokedSubject+"*", func(subject string, _ []byte) {
		if id, err := strconv.Atoi(strings.TrimPrefix(subject, revokedSubject)); err == nil {
			a.hub.revoke(uint(id))
		}
	})
	if err != nil {
		return nil, err
	}
	endLedger, err := a.Bus.Subscribe(LedgerSubject+">", func(subject string, _ []byte) { a.deliverer.touch(strings.TrimPrefix(subject, LedgerSubject)) })
	if err != nil {
		endKeys()
		return nil, err
	}
	return func() { endKeys(); endLedger() }, nil
}

// Run sends to webhooks, and ends the streams of keys that are revoked, and all when ctx ends.
func (a *API) Run(ctx context.Context) error {
	stop, err := a.listen()
	if err != nil {
		return err
	}
	defer stop()
	var delivering sync.WaitGroup
	delivering.Go(func() { a.deliverer.run(ctx) })
	<-ctx.Done()
	a.hub.end()
	delivering.Wait()
	return ctx.Err()
}

// ServeHTTP implements http.Handler.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Add("Vary", "Accept-Language")
	a.mux.ServeHTTP(w, r)
}

// nothing answers for addresses that are not there, and for methods that an address does not take.
func (a *API) nothing(w http.ResponseWriter, r *http.Request) {
	var allowed []string
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch} {
		other := *r
		other.Method = method
		if _, pattern := a.mux.Handler(&other); pattern != Root {
			allowed = append(allowed, method)
		}
	}
	if len(allowed) == 0 {
		a.fail(w, r, "no-operation")
		return
	}
	for _, method := range allowed {
		w.Header().Add("Allow", method)
	}
	a.fail(w, r, "method")
}

// Text returns a text of this package.
func (a *API) Text(lang, id string, pairs ...any) string { return a.texts.Text(lang, id, pairs...) }

// Prune deletes what is not needed any more.
func (a *API) Prune(ctx context.Context) error {
	return errors.Join(a.Keys.Prune(ctx), a.feed.prune(ctx))
}
