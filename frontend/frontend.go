// Package frontend serves the pages that people see: accounts of admins, their cities' settings and ledgers, and the
// cities' public pages. It gives each bot a place for its own pages and shows their fragments on the city's.
//
// Everything works without JavaScript. No GET changes anything but a visitor's own language and messages; except where
// another site leads back to after a login there (/bots/<bot>/, see rootBot), which can only be a GET.
package frontend

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
	"sync"
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
	"linienfunk/templates"
)

//go:embed pages/*.html
var pageFiles embed.FS

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

// Deps is what the frontend needs from the program. All fields must be set, except Proxies, Status, Withdraw and Changed.
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

	// Proxies are our own reverse proxies: they are believed who visits.
	Proxies []netip.Prefix
	// Status says how a city's accounts do.
	Status func(city string) []bots.Status
	// Withdraw takes a report back wherever it went; it returns when that is stored.
	Withdraw func(ctx context.Context, r report.Report) error
	// Changed is called after a city was made or its settings were saved.
	Changed func(city string)
}

// Frontend is the site. Mount the bots, then serve Handler; call Prune now and then, and Wait at the end.
type Frontend struct {
	Deps

	set       *templates.Set
	static    http.Handler
	origins   *http.CrossOriginProtection
	sessions  *scs.SessionManager
	passwords *passwords
	limits    limits
	words     wordLists
	secure    bool

	pageTime    time.Duration  // writeTime, or less in tests
	historyTime time.Duration  // historyTime, or another in tests
	under       sync.WaitGroup // see afterwards
	slots       chan struct{}

	mu   sync.RWMutex
	bots []mounted
	sets map[string]*templates.Set // by bot; also of bots that are not mounted yet
}

// New parses the pages. An error is a mistake in the program's files or in BaseURL.
func New(deps Deps) (*Frontend, error) {
	base, err := url.Parse(deps.BaseURL)
	if err != nil || base.Host == "" {
		return nil, fmt.Errorf("base URL %q is not an address such as https://example.org", deps.BaseURL)
	}
	if deps.Status == nil {
		deps.Status = func(string) []bots.Status { return nil }
	}
	if deps.Withdraw == nil {
		deps.Withdraw = func(context.Context, report.Report) error { return errors.ErrUnsupported }
	}
	if deps.Changed == nil {
		deps.Changed = func(string) {}
	}
	deps.BaseURL = strings.TrimRight(deps.BaseURL, "/")
	f := &Frontend{
		Deps: deps, sets: map[string]*templates.Set{}, secure: base.Scheme == "https", limits: newLimits(),
		pageTime: writeTime, historyTime: historyTime, slots: make(chan struct{}, afterwardsSlots),
	}
	pages, err := fs.Sub(pageFiles, "pages")
	if err != nil {
		return nil, err
	}
	if f.set, err = templates.New(pages); err != nil {
		return nil, fmt.Errorf("pages: %w", err)
	}
	if f.static, err = templates.Static(); err != nil {
		return nil, err
	}
	if f.words, err = loadWords(); err != nil {
		return nil, err
	}
	f.sessions = newSessions(deps.DB, deps.Now, f.secure)
	f.passwords = newPasswords()
	f.origins = http.NewCrossOriginProtection()
	if err := f.origins.AddTrustedOrigin(base.Scheme + "://" + base.Host); err != nil {
		return nil, err
	}
	f.origins.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.fail(w, r, http.StatusForbidden)
	}))
	return f, nil
}

// t is a text in the visitor's language.
func (f *Frontend) t(r *http.Request, id string, pairs ...any) string {
	return f.set.Text(f.lang(r), id, pairs...)
}
