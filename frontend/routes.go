package frontend

import "net/http"

// Handler serves the site. It sets the deadlines for reading bodies and writing answers, so the server around it must not have
// a write timeout: bots that stream set a new deadline before each write, at least once a minute.
func (f *Frontend) Handler() http.Handler {
	pages := http.NewServeMux()
	f.public.AddTo(pages)
	f.Accounts.AddTo(pages)
	f.Cities.AddTo(pages)
	f.Bots.AddTo(pages)
	pages.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { f.Site.ShowError(w, r, http.StatusNotFound) })

	outer := http.NewServeMux()
	outer.Handle("GET /static/{hash}/{file}", f.static)
	outer.HandleFunc("GET /healthz", f.health)
	outer.HandleFunc("GET /robots.txt", robots)
	outer.HandleFunc("GET /favicon.ico", favicon)
	outer.Handle("/", f.Site.Pages(pages))
	return f.Site.Guard(outer)
}
