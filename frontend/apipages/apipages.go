// Package apipages has the pages about the API: the keys and webhooks of a city, for its owners, and what the API can do, for everybody.
package apipages

import (
	"embed"
	"net/http"

	"linienfunk/commands"
	"linienfunk/db"
	"linienfunk/frontend/site"
	"linienfunk/settings"
)

// Files are the templates, in the directory pages.
//
//go:embed pages/*.html
var Files embed.FS

// Pages are the pages about the API.
type Pages struct{ *site.Site }

// New makes the pages. Site.API must not be nil.
func New(s *site.Site) *Pages { return &Pages{s} }

// DocsPath is the address of the page about the API, which is among the API's own.
const DocsPath = "/api/docs"

// AddTo adds the pages to mux.
func (p *Pages) AddTo(mux *http.ServeMux) {
	mux.HandleFunc("GET "+DocsPath, p.Handle(p.docs))
	for pattern, action := range map[string]site.CityAction{
		"GET /city/{city}/api":                       p.api,
		"POST /city/{city}/api/keys":                 p.makeKey,
		"POST /city/{city}/api/keys/{id}/revoke":     p.revokeKey,
		"POST /city/{city}/api/webhooks":             p.makeWebhook,
		"POST /city/{city}/api/webhooks/{id}/resume": p.resumeWebhook,
		"POST /city/{city}/api/webhooks/{id}/delete": p.deleteWebhook,
		// These addresses only take forms. A link to another language, or typing them, makes a GET.
		"GET /city/{city}/api/keys":                 p.back,
		"GET /city/{city}/api/webhooks":             p.back,
		"GET /city/{city}/api/webhooks/{id}/{form}": p.back,
		"GET /city/{city}/api/keys/{id}/revoke":     p.back,
	} {
		mux.HandleFunc(pattern, p.Handle(p.CityAdmin(commands.Owner, action)))
	}
}

func (p *Pages) back(w http.ResponseWriter, r *http.Request, _ db.Admin, city settings.Snapshot) error {
	http.Redirect(w, r, pathOf(city), http.StatusSeeOther)
	return nil
}

func pathOf(city settings.Snapshot) string { return "/city/" + city.City + "/api" }
