// Package web is the city's own page as a network: riders report through its form, and reports of all networks are posted to its
// list, its live stream and its feeds. It needs no account at another service.
//
// The form works in every active city that has it switched on, with or without the list. The list is the account: a city that
// switched it off has no account, so nothing is posted, stored or shown.
//
// The form and the live stream work while Listen runs, because Listen brings the function that stores reports, and because its
// context ends with the program: the live streams end with it. README.md lists the files in order: each uses those below it.
package web

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"html/template"
	"net/http"
	"path"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"

	"linienfunk/bots"
	"linienfunk/internal/limits"
)

//go:embed *.html locale.*.toml
var files embed.FS

//go:embed *.js
var scripts embed.FS

// Plugin describes this network.
func Plugin() bots.Plugin {
	return bots.Plugin{
		New: New, Migrations: migrations(), Options: options(), Files: files,
		PageFiles: slices.Concat(feedNames, alertNames), Config: configKeys(),
		CheckConfig: func(values map[string]string) (string, error) {
			_, key, err := readRates(limits.NewGroup(time.Now), values)
			return key, err
		},
		Limits: []string{
			"500 characters in the form.",
			"The page, the live list and the feeds show the last 50 reports.",
			"500 open live pages per city, 2,000 per process.",
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

var (
	_ bots.Listener  = (*bot)(nil)
	_ bots.Sender    = (*bot)(nil)
	_ bots.Public    = (*bot)(nil)
	_ bots.Pruner    = (*bot)(nil)
	_ bots.Retracter = (*bot)(nil)
)

// New makes the bot.
func New(core bots.Core) (bots.Bot, error) {
	post, err := template.ParseFS(files, "post.html")
	if err != nil {
		return nil, err
	}
	rates, _, err := readRates(core.Limits, core.Config)
	if err != nil {
		return nil, err // it names the key
	}
	hash := sha256.New()
	for _, name := range scriptNames {
		script, err := scripts.ReadFile(name)
		if err != nil {
			return nil, err
		}
		hash.Write(script)
	}
	b := &bot{core: core, post: post, rates: rates, scriptHash: hex.EncodeToString(hash.Sum(nil)[:6])}
	b.streams = newStreamHub(core, b.list)
	core.Cities.OnChange(b.notifyStreams) // open pages show or hide the list at once
	return b, nil
}

// Accounts lists the active cities that show the list. No process runs per account, so the revision never changes.
func (b *bot) Accounts(ctx context.Context) ([]bots.Account, error) {
	cities, err := b.core.Cities.All(ctx)
	if err != nil {
		return nil, err
	}
	accounts := make([]bots.Account, 0, len(cities))
	for _, city := range cities {
		if city.Active && city.Options.On("list") {
			accounts = append(accounts, bots.Account{City: city.Name, Revision: "1", Label: b.cityURL(city.Name)})
		}
	}
	return accounts, nil
}

// Public serves the form and the list, the live stream and the feeds.
func (b *bot) Public() http.Handler {
	mux := http.NewServeMux()
	for pattern, handler := range map[string]http.HandlerFunc{
		"GET /{$}":         b.showCitySection,
		"GET /list":        b.showList,
		"GET /report":      b.showForm,
		"POST /report":     b.submitForm,
		"GET /events":      b.serveEventStream,
		"GET /feed.atom":   b.serveFeed(atomType, renderAtom),
		"GET /feed.rss":    b.serveFeed(rssType, renderRSS),
		"GET /feed.json":   b.serveFeed(jsonType, renderJSON),
		"GET /alerts.pb":   b.serveAlerts("application/x-protobuf", proto.Marshal),
		"GET /alerts.json": b.serveAlerts("application/json", marshalAlerts),
	} {
		mux.HandleFunc(pattern, handler)
	}
	for _, name := range scriptNames {
		mux.HandleFunc("GET /"+name, b.serveScript)
	}
	for _, name := range slices.Concat(feedNames, alertNames) {
		mux.HandleFunc("OPTIONS /"+name, allowFeed)
	}
	return mux
}

// scriptNames are the files in scripts.
var scriptNames = []string{"live.js", "report.js"}

// serveScript serves a script. Under a URL with its hash it may be cached forever.
func (b *bot) serveScript(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
	w.Header().Set("Cache-Control", "no-cache")
	if r.URL.Query().Get("v") == b.scriptHash {
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	w.Header().Set("ETag", `"`+b.scriptHash+`"`)
	http.ServeFileFS(w, r, scripts, path.Base(r.URL.Path))
}
