// Package botpages shows the bots' pages inside the site: it mounts them, puts their sections on the pages of a city, and
// renders their own pages in the layout.
package botpages

import (
	"embed"
	"net/http"
	"sync"
	"time"

	"linienfunk/commands"
	"linienfunk/frontend/site"
	"linienfunk/templates"
)

// Files are the templates, in the directory pages.
//
//go:embed pages/*.html
var Files embed.FS

// Bots are the mounted bots.
type Bots struct {
	*site.Site
	SectionTime time.Duration // time limit for rendering a section; New sets it to 5 seconds

	mu      sync.RWMutex
	mounted []Mounted
	sets    map[string]*templates.Set // by bot; also of bots that are not mounted yet
}

// New returns an empty set of bots.
func New(s *site.Site) *Bots {
	return &Bots{Site: s, SectionTime: sectionTime, sets: map[string]*templates.Set{}}
}

// AddTo adds the bots' pages to mux.
func (b *Bots) AddTo(mux *http.ServeMux) {
	mux.HandleFunc("/c/{city}/{file}", b.Handle(b.servePageFile))
	mux.HandleFunc("/c/{city}/{bot}/{rest...}", b.Handle(b.servePublic))
	mux.HandleFunc("/city/{city}/bot/{bot}/{rest...}", b.Handle(b.CityAdmin(commands.Owner, b.serveAdmin)))
	mux.HandleFunc("/bots/{bot}/{rest...}", b.Handle(b.serveAllCities))
}
