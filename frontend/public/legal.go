package public

import (
	"html/template"
	"net/http"
	"strings"

	"linienfunk/frontend/site"
)

type legalData struct {
	Title  string
	Text   template.HTML
	Headed bool // the text has a heading of its own
}

// legal is one of the pages that the operator has to have.
func (p *Pages) legal(kind string) func(w http.ResponseWriter, r *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		title := p.Text(r, "legal-"+kind)
		text := p.Legal.In(kind, p.Lang(r))
		return p.Show(w, r, http.StatusOK, site.Page{Title: title}, "legal.html", legalData{title, text, strings.HasPrefix(string(text), "<h1")})
	}
}
