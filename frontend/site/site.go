// Package site is the foundation of all pages: layout, visitors with their sessions, languages and messages, forms, mails in a
// language, and the checks in front of all handlers.
package site

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/alexedwards/scs/v2"
	"gorm.io/gorm"

	"linienfunk/api"
	"linienfunk/bots"
	"linienfunk/commands"
	"linienfunk/db"
	"linienfunk/internal/config"
	"linienfunk/internal/legal"
	"linienfunk/internal/limits"
	"linienfunk/internal/observe"
	"linienfunk/internal/secret"
	"linienfunk/mail"
	"linienfunk/settings"
	"linienfunk/settings/chain"
	"linienfunk/supervisor"
	"linienfunk/templates"
	"linienfunk/transit"
)

//go:embed pages/*.html
var files embed.FS

// Settings reads the settings of cities; *settings.Node is one. Commands change them.
type Settings interface {
	Get(ctx context.Context, city string) (settings.Snapshot, bool, error)
	All(ctx context.Context) ([]settings.Snapshot, error)
	AnnounceCity(ctx context.Context, first chain.Link) error
	View(bot string, s settings.Snapshot) bots.City
	Schema() settings.Schema
}

// History keeps every version of the settings of cities; *settings.Storage is one.
type History interface {
	Create(tx *gorm.DB, city string, s settings.Settings, admin uint) (chain.Link, error)
	History(ctx context.Context, city string) ([]settings.Version, error)
}

// Deps are the parts of the program that the pages use. All fields are required except PingBroker, Proxies, Status,
// Changed and API.
type Deps struct {
	DB       *db.DB
	Settings Settings
	History  History
	Commands *commands.Commands
	Mail     mail.Queue
	Box      *secret.Box
	Limits   *limits.Group // of visitors
	Networks *transit.Store
	Imports  *transit.Imports
	Readers  *transit.Readers
	BaseURL  string // the public address without a trailing slash; https makes cookies Secure
	Domain   string // the domain of the cities' mail addresses
	Log      *slog.Logger
	Now      func() time.Time

	// PingBroker returns nil if the message broker answers.
	PingBroker func(ctx context.Context) error

	// Observer receives the requests and their durations; may be nil.
	Observer *observe.Observer

	// Operators are the addresses of the admins who have the page of the operator, in lower case.
	Operators []string
	// Legal are the pages that are linked at the foot of every page.
	Legal legal.Texts
	// Unregistered is set if nobody can register a city, since the operator has no imprint or contact yet.
	Unregistered bool

	// Proxies are the operator's own reverse proxies. Their X-Forwarded-For is trusted.
	Proxies []netip.Prefix
	// Status returns the states of a city's accounts.
	Status func(city string) []supervisor.Status
	// Changed is called after a city was created or its settings were saved.
	Changed func(city string)
	// API is served below api.Root, and its keys have a page.
	API *api.API
}

// Site has the services that all pages share. It is safe for concurrent use.
type Site struct {
	Deps
	PageTime time.Duration // time limit for writing an answer; New sets it to a minute
	Memory   *Memory       // of public pages

	set      *templates.Set
	origins  *http.CrossOriginProtection
	sessions *scs.SessionManager
	secure   bool
}

// Registration is how visitors can register a city, for pages that link to the form.
type Registration struct {
	Open    bool // everybody can
	Invited bool // those with a link of the operator can
}

// Registration is how visitors can register a city here. That the imprint is still missing is said by the form itself.
func (s *Site) Registration() Registration {
	how := s.Commands.Registration
	return Registration{Open: how != config.Closed && how != config.ByInvitation, Invited: how == config.ByInvitation}
}

// New parses the layout and all templates: its own and those in the directory pages of each of dirs. An error is a mistake in
// the program's files or in BaseURL.
func New(deps Deps, dirs ...fs.FS) (*Site, error) {
	base, err := url.Parse(deps.BaseURL)
	if err != nil || base.Host == "" {
		return nil, fmt.Errorf("base URL %q is not an address such as https://example.org", deps.BaseURL)
	}
	if deps.PingBroker == nil {
		deps.PingBroker = func(context.Context) error { return nil }
	}
	if deps.Status == nil {
		deps.Status = func(string) []supervisor.Status { return nil }
	}
	if deps.Changed == nil {
		deps.Changed = func(string) {}
	}
	deps.BaseURL = strings.TrimRight(deps.BaseURL, "/")
	s := &Site{Deps: deps, PageTime: writeTime, Memory: newMemory(deps.Now), secure: base.Scheme == "https"}
	var pages []fs.FS
	for _, dir := range append(dirs, files) {
		sub, err := fs.Sub(dir, "pages")
		if err != nil {
			return nil, fmt.Errorf("pages: %w", err)
		}
		pages = append(pages, sub)
	}
	if s.set, err = templates.New(pages...); err != nil {
		return nil, fmt.Errorf("pages: %w", err)
	}
	s.sessions = newSessions(deps.DB, deps.Now, s.secure)
	s.origins = http.NewCrossOriginProtection()
	if err := s.origins.AddTrustedOrigin(base.Scheme + "://" + base.Host); err != nil {
		return nil, err
	}
	s.origins.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.ShowError(w, r, http.StatusForbidden)
	}))
	return s, nil
}

// Pages wraps the handler of all pages: it loads the visitor's session and refuses forms sent from other sites.
func (s *Site) Pages(next http.Handler) http.Handler { return s.origins.Handler(s.withVisit(next)) }

// Guard wraps all handlers: it restores the visitor's address behind proxies, sets headers and limits, and turns panics into
// error pages.
func (s *Site) Guard(next http.Handler) http.Handler {
	return behindProxies(s.Proxies, s.protect(next))
}
