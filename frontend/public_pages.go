package frontend

import "net/http"

// PublicPages are the pages for everybody.
type PublicPages struct {
	*Site
	bots *Bots
}

// NewPublicPages shows what the bots of b show the public.
func NewPublicPages(s *Site, b *Bots) *PublicPages { return &PublicPages{Site: s, bots: b} }

// AddTo adds the pages to mux.
func (p *PublicPages) AddTo(mux *http.ServeMux) {
	mux.HandleFunc("GET /{$}", p.Do(p.home))
	mux.HandleFunc("GET /c/{city}", p.Do(p.public))
	mux.HandleFunc("GET /c/{city}/{$}", p.Do(p.publicSlash))
}
