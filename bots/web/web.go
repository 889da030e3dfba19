// Package web is the city's own page as a network: riders report through its form, and reports of all networks are
// sent to its list, its live stream and its feeds. It needs no account anywhere, so every active city has it.
//
// The form belongs to the page and not to an account: it works in every active city that did not switch it off, whether
// or not the city shows the list. The account is the list: a city that switched its list off has none, and nothing is
// sent to it, stored or shown.
//
// Handlers work while Listen runs, because Listen brings the function that takes reports, and because its end is the
// end of the program: the live streams end with it.
package web

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"html/template"
	"net/http"
	"strings"
	"time"

	"linienfunk/bots"
)

//go:embed *.html locale.*.toml
var files embed.FS

//go:embed live.js
var script []byte

// Plugin is the network.
func Plugin() bots.Plugin {
	return bots.Plugin{
		New: New, Migrations: migrations(), Options: options(), Files: files,
		Limits: []string{
			"500 characters in the form.",
			"The page, the live list and the feeds show the last 50 reports.",
			"500 open live pages of a city, 2,000 of a process.",
		},
	}
}

// options are two switches.
func options() []bots.Option {
	return []bots.Option{
		{Name: "form", Kind: bots.Switch, Default: true}, // riders can report on the page
		{Name: "list", Kind: bots.Switch, Default: true}, // the page shows reports
	}
}

// bot implements bots.Bot and the interfaces below.
type bot struct {
	core    bots.Core
	limits  *limits
	live    *hub
	item    *template.Template // post.html
	scripts string             // the hash of live.js, which stands in its address
	intake  bots.Intake        // of what Listen got
}

var (
	_ bots.Listener  = (*bot)(nil)
	_ bots.Sender    = (*bot)(nil)
	_ bots.Rooted    = (*bot)(nil)
	_ bots.Pruner    = (*bot)(nil)
	_ bots.Retracter = (*bot)(nil)
	_ bots.Observer  = (*bot)(nil)
)

// New makes the bot.
func New(core bots.Core) (bots.Bot, error) {
	item, err := template.ParseFS(files, "post.html")
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(script)
	b := &bot{core: core, item: item, limits: newLimits(core.Now), scripts: hex.EncodeToString(sum[:6])}
	b.live = newHub(b)
	return b, nil
}

// Listen serves the handlers until ctx ends, then returns when the last of them is done. Each of them ends within
// answerTime or writeTime after ctx.
func (b *bot) Listen(ctx context.Context, out bots.CityOut) error { return b.intake.Serve(ctx, out) }

// Accounts lists the active cities that show the list. Nothing runs per account, so a revision never changes.
func (b *bot) Accounts(ctx context.Context) ([]bots.Account, error) {
	cities, err := b.core.Cities.All(ctx)
	if err != nil {
		return nil, err
	}
	var accounts []bots.Account
	for _, city := range cities {
		if city.Active && city.Options.On("list") {
			accounts = append(accounts, bots.Account{City: city.Name, Revision: "1", Label: b.cityURL(city.Name)})
		}
	}
	return accounts, nil
}

// Files are the feeds.
func (b *bot) Files() []string { return []string{"feed.atom", "feed.rss", "feed.json"} }

// Public serves the form and the list, the live stream and the feeds.
func (b *bot) Public() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", b.showSection)
	mux.HandleFunc("GET /report", b.showForm)
	mux.HandleFunc("POST /report", b.takeReport)
	mux.HandleFunc("GET /events", b.streamEvents)
	mux.HandleFunc("GET /live.js", b.serveScript)
	mux.HandleFunc("GET /feed.atom", b.serveFeed(atomType, renderAtom))
	mux.HandleFunc("GET /feed.rss", b.serveFeed(rssType, renderRSS))
	mux.HandleFunc("GET /feed.json", b.serveFeed(jsonType, renderJSON))
	return mux
}

// serveScript is cached for good under an address that has its hash.
func (b *bot) serveScript(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
	w.Header().Set("Cache-Control", "no-cache")
	if r.URL.Query().Get("v") == b.scripts {
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	w.Header().Set("ETag", `"`+b.scripts+`"`)
	http.ServeContent(w, r, "live.js", time.Time{}, strings.NewReader(string(script)))
}

// cityURL is the public address of the city's page.
func (b *bot) cityURL(city string) string { return b.core.BaseURL + "/c/" + city }

// text is a text of ours in the visitor's language.
func (b *bot) text(r *http.Request, id string, pairs ...any) string {
	return b.core.Pages.Text(bots.MountOf(r).Lang, id, pairs...)
}
