package frontend

import (
	"net/http"
	"slices"
	"strings"

	"linienfunk/api"
	"linienfunk/frontend/apipages"
	"linienfunk/frontend/operator"
)

// Handler serves the site. It sets the deadlines for reading bodies and writing answers, so the server around it must not have
// a write timeout: bots that stream set a new deadline before each write, at least once a minute.
func (f *Frontend) Handler() http.Handler {
	outer, pages := http.NewServeMux(), f.pages()
	pages.HandleFunc(elsewhere, func(w http.ResponseWriter, r *http.Request) { f.noPage(w, r, pages, outer) })

	outer.Handle("GET /static/{hash}/{file}", f.static)
	outer.HandleFunc("GET /healthz", f.health)
	outer.HandleFunc("GET /robots.txt", robots)
	outer.HandleFunc("GET /favicon.ico", favicon)
	watch := f.Site.Observer
	outer.Handle(elsewhere, f.Site.Pages(watch.Route(pages)))
	if f.Site.API != nil {
		outer.Handle("GET "+apipages.DocsPath, f.Site.Pages(watch.Route(pages)))
		outer.Handle(api.Root, watch.Route(f.Site.API))
	}
	return watch.Requests(f.Site.Guard(watch.Route(outer)))
}

// pages returns the pages that people see, without a page for what is not there.
func (f *Frontend) pages() *http.ServeMux {
	pages := http.NewServeMux()
	f.public.AddTo(pages)
	f.Accounts.AddTo(pages)
	f.Cities.AddTo(pages)
	f.Bots.AddTo(pages)
	operator.New(f.Site).AddTo(pages)
	if f.Site.API != nil {
		apipages.New(f.Site).AddTo(pages)
	}
	return pages
}

// HealthHandler serves /healthz, on a node without pages.
func (f *Frontend) HealthHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", f.health)
	mux.HandleFunc(elsewhere, func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "This node serves no pages: its roles are others.", http.StatusNotFound)
	})
	return f.Site.Observer.Requests(f.Site.Guard(f.Site.Observer.Route(mux)))
}

// elsewhere matches what no other pattern of the pages does.
const elsewhere = "/"

// noPage answers 405 if the address takes other methods, else 404. Because of its pattern, http.ServeMux does not tell them apart.
func (f *Frontend) noPage(w http.ResponseWriter, r *http.Request, routes ...*http.ServeMux) {
	var allowed []string
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost} {
		other := *r
		other.Method = method
		takes := func(mux *http.ServeMux) bool { _, pattern := mux.Handler(&other); return pattern != elsewhere }
		if slices.ContainsFunc(routes, takes) {
			allowed = append(allowed, method)
		}
	}
	if len(allowed) == 0 {
		f.Site.ShowError(w, r, http.StatusNotFound)
		return
	}
	w.Header().Set("Allow", strings.Join(allowed, ", "))
	f.Site.ShowError(w, r, http.StatusMethodNotAllowed)
}
