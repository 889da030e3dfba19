package frontend

import (
	"io"
	"net/http"
)

func robots(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = io.WriteString(w, "User-agent: *\nDisallow: /city/\nDisallow: /cities\nDisallow: /bots/\n"+
		"Disallow: /confirm/\nDisallow: /invite/\nDisallow: /account\nDisallow: /reset/\n")
}

// favicon is for feed readers, which do not read the link in the page.
func favicon(w http.ResponseWriter, r *http.Request) {
	http.Redirect(w, r, "/static/0/favicon.svg", http.StatusFound)
}
