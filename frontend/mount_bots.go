package frontend

import (
	"net/http"
	"sync"

	"linienfunk/templates"
)

// Bots are the bots that have pages.
type Bots struct {
	*Site

	mu      sync.RWMutex
	mounted []Mounted
	sets    map[string]*templates.Set // by bot; also of bots that are not mounted yet
}

// NewBots has no bot yet.
func NewBots(s *Site) *Bots { return &Bots{Site: s, sets: map[string]*templates.Set{}} }

// AddTo adds the bots' pages to mux.
func (b *Bots) AddTo(mux *http.ServeMux) {
	mux.HandleFunc("/c/{city}/{file}", b.Do(b.publicFile))
	mux.HandleFunc("/c/{city}/{bot}/{rest...}", b.Do(b.publicBot))
	mux.HandleFunc("/city/{city}/bot/{bot}/{rest...}", b.Do(b.CityAdmin(b.cityBot)))
	mux.HandleFunc("/bots/{bot}/{rest...}", b.Do(b.rootBot))
}
