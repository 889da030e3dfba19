package app

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"linienfunk/bots"
	"linienfunk/internal/config"
	"linienfunk/internal/testkit"
	"linienfunk/report"
	"linienfunk/settings"
)

// openBerlin opens a program with the city berlin.
func openBerlin(t testing.TB, now func() time.Time) *Program {
	t.Helper()
	c := config.Default()
	c.HTTP, c.SMTP, c.Data, c.Log.Level = "localhost:0", "localhost:0", testkit.ShortDir(t), "error"
	c.BaseURL, c.Mail.Domain = "https://linienfunk.example", "linienfunk.example"
	p, err := OpenWithClock(t.Context(), c, t.Output(), now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	if err := p.frontend.Accounts.SetUp(t.Context(), "ada@example.org", "drei Umstiege bis Wedding", "berlin", settings.Default("berlin", "en")); err != nil {
		t.Fatal(err)
	}
	return p
}

// post posts a report to the list of berlin.
func post(t testing.TB, p *Program, id, text string) report.Receipt {
	t.Helper()
	r := report.Report{City: "berlin", Bot: "email", ID: id, Text: text, At: p.now()}
	sent, err := p.directory.Bot("web").(bots.Sender).Send(t.Context(), bots.Account{City: "berlin"}, r)
	if err != nil {
		t.Fatal(err)
	}
	return sent
}

func TestPagesInMemoryShowEachChangeOfTheList(t *testing.T) {
	t.Parallel()
	began, later := time.Now(), atomic.Int64{}
	now := func() time.Time { return began.Add(time.Duration(later.Load())) } // stands still, so that nothing is rendered anew for its age
	p := openBerlin(t, now)
	handler := p.frontend.Handler()
	paths := []string{"/c/berlin", "/c/berlin/feed.atom", "/c/berlin/web/feed.rss", "/c/berlin/feed.json"}
	shows := func(text string) (shown int) {
		t.Helper()
		for _, path := range paths {
			answer := httptest.NewRecorder()
			handler.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, path, nil))
			if answer.Code != http.StatusOK || answer.Header().Get("ETag") == "" {
				t.Fatalf("%s: %d %v", path, answer.Code, answer.Header())
			}
			if strings.Contains(answer.Body.String(), text) {
				shown++
			}
		}
		return shown
	}
	if n := shows("tram 1"); n != 0 {
		t.Fatal("a report is shown before it was made")
	}
	sent := post(t, p, "1", "control in tram 1")
	if n := shows("tram 1"); n != len(paths) {
		t.Errorf("after a report on this node %d pages show it", n)
	}
	web := p.directory.Bot("web")
	if err := web.(bots.Retracter).Retract(t.Context(), bots.Account{City: "berlin"}, "", sent); err != nil {
		t.Fatal(err)
	}
	if n := shows("tram 1"); n != 0 {
		t.Errorf("after its withdrawal %d pages show it", n)
	}
	post(t, p, "2", "control in tram 2")
	if n := shows("tram 2"); n != len(paths) {
		t.Errorf("%d pages show the second report", n)
	}
	if err := web.(bots.Pruner).Prune(t.Context(), "berlin", now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if n := shows("tram 2"); n != 0 {
		t.Errorf("after the city's retention %d pages show it", n)
	}

	elsewhere := func(key, text string) { // a report on another node
		t.Helper()
		err := p.db.Exec("INSERT INTO web_posts (city, key, text, at, created) VALUES ('berlin', ?, ?, ?, ?)", key, text, now().UTC(), now().UTC()).Error
		if err != nil {
			t.Fatal(err)
		}
	}
	elsewhere("3", "control in tram 3")
	if err := p.bus.Notify("bot.web.berlin", nil); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, "pages show what another node has announced", func() bool { return shows("tram 3") == len(paths) })
	elsewhere("4", "control in tram 4")
	later.Store(int64(11 * time.Second))
	if n := shows("tram 4"); n != len(paths) {
		t.Errorf("11 seconds after a report whose announcement was lost %d pages show it", n)
	}
}
