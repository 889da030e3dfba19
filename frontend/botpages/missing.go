package botpages

import (
	"net/http"
	"strings"
)

// missing is a ResponseWriter that replaces the answers in plain text that http.ServeMux gives to a browser for an address without a page: a 404 by the
// site's own page, and a 405, for an address that only takes forms, by a redirect to the page with the form.
type missing struct {
	http.ResponseWriter
	show     func(status int)
	began    bool
	replaced bool
}

// asksForPage reports whether a browser opens an address, by a link or by typing it.
func asksForPage(r *http.Request) bool {
	return (r.Method == http.MethodGet || r.Method == http.MethodHead) && strings.Contains(r.Header.Get("Accept"), "text/html")
}

func (m *missing) WriteHeader(status int) {
	if m.replaced {
		return
	}
	plain := strings.HasPrefix(m.Header().Get("Content-Type"), "text/plain")
	if !m.began && plain && (status == http.StatusNotFound || status == http.StatusMethodNotAllowed) {
		m.replaced = true
		m.Header().Del("Content-Type")
		m.Header().Del("Allow")
		m.show(status)
		return
	}
	m.began = m.began || status >= 200
	m.ResponseWriter.WriteHeader(status)
}

func (m *missing) Write(b []byte) (int, error) {
	if m.replaced {
		return len(b), nil
	}
	m.began = true
	return m.ResponseWriter.Write(b)
}

// Unwrap is for http.ResponseController.
func (m *missing) Unwrap() http.ResponseWriter { return m.ResponseWriter }
