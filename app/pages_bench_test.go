package app

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"linienfunk/bots"
	"linienfunk/internal/config"
	"linienfunk/report"
	"linienfunk/settings"
)

// BenchmarkPages serves the page and a feed of a city with 30 reports, without a network.
func BenchmarkPages(b *testing.B) {
	c := config.Default()
	c.HTTP, c.SMTP, c.Data, c.Log.Level = "localhost:0", "localhost:0", b.TempDir(), "error"
	c.BaseURL, c.Mail.Domain = "https://linienfunk.example", "linienfunk.example"
	p, err := Open(b.Context(), c, b.Output())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = p.Close() })
	if err := p.frontend.Accounts.SetUp(b.Context(), "ada@example.org", "drei Umstiege bis Wedding", "berlin", settings.Default("berlin", "en")); err != nil {
		b.Fatal(err)
	}
	for n := range 30 {
		r := report.Report{City: "berlin", Bot: "email", ID: fmt.Sprint(n), Text: fmt.Sprintf("inspectors on the U8, Hermannplatz, heading north, %d", n), At: time.Now()}
		if _, err := p.directory.Bot("web").(bots.Sender).Send(b.Context(), bots.Account{City: "berlin"}, r); err != nil {
			b.Fatal(err)
		}
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
