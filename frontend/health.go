package frontend

import (
	"io"
	"net/http"
)

// health answers 200 while the database does.
func (f *Frontend) health(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	if err := f.Site.DB.WithContext(r.Context()).Exec("SELECT 1").Error; err != nil {
		f.Site.Log.Error("database does not answer", "err", err)
		http.Error(w, "database does not answer", http.StatusServiceUnavailable)
		return
	}
	_, _ = io.WriteString(w, "ok\n")
}

func (f *Frontend) robots(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = io.WriteString(w, "User-agent: *\nDisallow: /city/\nDisallow: /cities\nDisallow: /bots/\n"+
		"Disallow: /confirm/\nDisallow: /invite/\nDisallow: /reset/\n")
}

// favicon is for readers of feeds, which do not look into the page for it.
func (f *Frontend) favicon(w http.ResponseWriter, r *http.Request) {
	http.Redirect(w, r, "/static/0/favicon.svg", http.StatusFound)
}
