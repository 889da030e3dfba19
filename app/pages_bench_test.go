package app

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// BenchmarkPages serves the page and a feed of a city with 30 reports, without a network.
func BenchmarkPages(b *testing.B) {
	p := openBerlin(b, time.Now)
	for n := range 30 {
		post(b, p, fmt.Sprint(n), fmt.Sprintf("inspectors on the U8, Hermannplatz, heading north, %d", n))
	}
	handler := p.frontend.Handler()
	serve := func(b *testing.B, path, tag string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.Header.Set("Accept-Language", "de-DE,de;q=0.9,en;q=0.5")
		if tag != "" {
			r.Header.Set("If-None-Match", tag)
		}
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if w.Code != http.StatusOK && w.Code != http.StatusNotModified {
			b.Fatalf("%s: %d", path, w.Code)
		}
		return w
	}
	for _, path := range []string{"/c/berlin", "/c/berlin/feed.atom"} {
		b.Run(path, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				serve(b, path, "")
			}
		})
		b.Run("again"+path, func(b *testing.B) {
			b.ReportAllocs()
			tag := ""
			for b.Loop() {
				tag = serve(b, path, tag).Header().Get("ETag")
			}
		})
	}
}
