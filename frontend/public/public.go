// Package public has the pages for everybody: the front page, each city's page, the numbers of its reports, what became of a report from a form, and objections to one.
package public

import (
	"embed"
	"net/http"
	"time"

	"linienfunk/frontend/botpages"
	"linienfunk/frontend/site"
	"linienfunk/internal/limits"
)

// Files are the templates, in the directory pages.
//
//go:embed pages/*.html
var Files embed.FS

// Pages are the pages for everybody.
type Pages struct {
	*site.Site
	bots  *botpages.Bots
	flags *limits.Limiter
	fixes *limits.Limiter

	JudgedTime time.Duration // how long a page waits for the verdict on a report that was just sent
}

// New makes the pages, with the public sections of the bots in b.
func New(s *site.Site, b *botpages.Bots) *Pages {
	return &Pages{Site: s, bots: b, flags: s.Limits.New("flags", flagRate), fixes: s.Limits.New("corrections", flagRate), JudgedTime: judgedTime}
}

// AddTo adds the pages to mux.
func (p *Pages) AddTo(mux *http.ServeMux) {
	mux.HandleFunc("GET /{$}", p.Handle(p.home))
	for _, kind := range p.Legal.Links() {
		mux.HandleFunc("GET /"+kind, p.Handle(p.legal(kind)))
	}
	mux.HandleFunc("GET /c/{city}", p.Handle(p.public))
	mux.HandleFunc("GET /c/{city}/{$}", p.Handle(p.publicSlash))
	mux.HandleFunc("GET /c/{city}/flag/{report}", p.Handle(p.showFlag))
	mux.HandleFunc("POST /c/{city}/flag/{report}", p.Handle(p.flag))
	mux.HandleFunc("GET /c/{city}/sent/{bot}/{id}", p.Handle(p.showSent))
	mux.HandleFunc("POST /c/{city}/sent/{bot}/{id}", p.Handle(p.correct))
	mux.HandleFunc("GET /c/{city}/numbers", p.Handle(p.showNumbers))
	mux.HandleFunc("GET /c/{city}/numbers.json", p.Handle(p.sendNumbers))
	mux.HandleFunc("OPTIONS /c/{city}/numbers.json", p.allowNumbers)
}
