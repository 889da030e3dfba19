package frontend

import (
	"net/http"
	"testing"

	"linienfunk/bots"
)

func TestAFileBelowACitysPageSaysWhatCanBeDoneWithIt(t *testing.T) {
	s := newSite(t, func(s *site) {
		s.mount("feeds", &fakeBot{files: []string{"feed.atom"}}, func(b *fakeBot) bots.Bot { return publicFakeBot{b} })
	})
	s.admin("ada@example.org", "berlin")
	v := s.visitor()
	for _, c := range []struct {
		method, path string
		status       int
		allow        string
	}{
		{"GET", "/c/berlin/feed.atom", http.StatusOK, ""},
		{"HEAD", "/c/berlin/feed.atom", http.StatusOK, ""},
		{"POST", "/c/berlin/feed.atom", http.StatusMethodNotAllowed, "GET, HEAD"},
		{"DELETE", "/c/berlin/feed.atom", http.StatusMethodNotAllowed, "GET, HEAD"},
		{"POST", "/c/berlin/feed.nothing", http.StatusNotFound, ""},
		{"GET", "/c/berlin/feeds", http.StatusOK, ""},
		{"POST", "/c/berlin/feeds", http.StatusMethodNotAllowed, "GET, HEAD"},
	} {
		got := v.send(c.method, c.path, "", "Sec-Fetch-Site", "same-origin")
		if got.status != c.status || got.header.Get("Allow") != c.allow {
			t.Errorf("%s %s: %d %q, want %d %q", c.method, c.path, got.status, got.header.Get("Allow"), c.status, c.allow)
		}
	}
}
