// Package site is what all pages stand on: the layout, the visitor with language, session and message, forms, letters, and the
// guard in front of all handlers.
package site

import (
	"context"
	"embed"
	"errors"
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

	"linienfunk/bots"
	"linienfunk/db"
	"linienfunk/internal/secret"
	"linienfunk/mail"
	"linienfunk/report"
	"linienfunk/settings"
	"linienfunk/settings/chain"
	"linienfunk/supervisor"
	"linienfunk/templates"
)

//go:embed pages/*.html
var files embed.FS

// Settings knows the cities' configurations and takes changes; *settings.Node is one.
type Settings interface {
	Get(ctx context.Context, city string) (settings.Snapshot, bool, error)
	All(ctx context.Context) ([]settings.Snapshot, error)
	Submit(ctx context.Context, d settings.Draft) (settings.Snapshot, error)
	AnnounceCity(ctx context.Context, first chain.Link) error
	View(bot string, s settings.Snapshot) bots.City
	Schema() settings.Schema
}

// History keeps every version of the cities' configurations; *settings.Storage is one.
type History interface {
	Create(tx *gorm.DB, city string, s settings.Settings, admin uint) (chain.Link, error)
	History(ctx context.Context, city string) ([]settings.Version, error)
}

// Deps is what the pages need from the program. All fields must be set, except PingBroker, Proxies, Status, Withdraw and Changed.
type Deps struct {
	DB       *db.DB
	Settings Settings
	History  History
	Mail     mail.Queue
	Box      *secret.Box
	BaseURL  string // the public address without a slash at the end; with https cookies are Secure
	Domain   string // what stands behind the @ of the cities' addresses
	Log      *slog.Logger
	Now      func() time.Time

	// PingBroker returns nil if the message broker answers.
	PingBroker func(ctx context.Context) error

	// Proxies are our own reverse proxies: they are believed who visits.
	Proxies []netip.Prefix
	// Status says how a city's accounts do.
	Status func(city string) []supervisor.Status
	// Withdraw takes a report back wherever it went; it returns when that is stored.
	Withdraw func(ctx context.Context, r report.Report) error
	// Changed is called after a city was made or its settings were saved.
	Changed func(city string)
}

// Site is what all pages stand on. Its methods may be called at any time, by any number of goroutines.
type Site struct {
	Deps
	PageTime time.Duration // how long a visitor may take to read an answer; New sets it to a minute

	set      *templates.Set
	origins  *http.CrossOriginProtection
	sessions *scs.SessionManager
	secure   bool
}

// New parses the pages: its own, and those that each of dirs has in a directory pages. An error is a mistake in the program's files
// or in BaseURL.
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
	if deps.Withdraw == nil {
		deps.Withdraw = func(context.Context, report.Report) error { return errors.ErrUnsupported }
	}
	if deps.Changed == nil {
		deps.Changed = func(string) {}
	}
	deps.BaseURL = strings.TrimRight(deps.BaseURL, "/")
	s := &Site{Deps: deps, PageTime: writeTime, secure: base.Scheme == "https"}
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
		s.Fail(w, r, http.StatusForbidden)
	}))
	return s, nil
}

// Pages makes a handler for the site's pages: it finds out who visits, and refuses forms of other sites.
func (s *Site) Pages(next http.Handler) http.Handler { return s.origins.Handler(s.withVisit(next)) }

// Guard stands before everything else: the visitor's address behind proxies, headers, limits of size and time, panics.
func (s *Site) Guard(next http.Handler) http.Handler {
	return behindProxies(s.Proxies, s.guard(next))
}
