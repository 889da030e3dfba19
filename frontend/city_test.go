package frontend

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"linienfunk/bots"
	"linienfunk/db"
	"linienfunk/report"
)

func two(s *site) {
	s.mount("alpha", &fakeBot{}, func(b *fakeBot) bots.Bot { return b })
	s.mount("feeds", &fakeBot{files: []string{"feed.atom"}, stop: make(chan struct{})},
		func(b *fakeBot) bots.Bot { return publicFakeBot{b} })
}

// form is a valid settings form, with changes.
func (s *site) form(city string, pairs ...string) []string {
	now, _, err := s.store.Get(s.t.Context(), city)
	check(s.t, err)
	values := map[string]string{
		"base": string(now.Hash), "title": "Berlin", "lang": "de", "active": "on", "listed": "on", "about": "", "time_zone": "",
		"triggers": "kontrolle", "blocked": "", "freshness_minutes": "30", "retention_hours": "24",
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		values[pairs[i]] = pairs[i+1]
	}
	var flat []string
	for name, value := range values {
		flat = append(flat, name, value)
	}
	return flat
}

func TestSettingsAreSavedAndTheProcessesHearOfIt(t *testing.T) {
	s := newSite(t, two)
	s.admin("ada@example.org", "berlin")
	v := s.visitorAs("ada@example.org")
	v.post("/city/berlin", s.form("berlin", "title", "Groß-Berlin", "triggers", "kontrolle\r\n\r\nzwei in zivil\r\n")...).
		at("/city/berlin").want(200, "Saved.", "Groß-Berlin")
	now := s.present("berlin")
	if got := fmt.Sprintf("%q", now.Triggers); got != `["kontrolle" "" "zwei in zivil"]` {
		t.Errorf("triggers %s", got)
	}
	if city := <-s.changed; city != "berlin" {
		t.Errorf("changed %q", city)
	}
}

func TestAMistakeIsShownBesideItsFieldWithItsLine(t *testing.T) {
	s := newSite(t, two)
	s.admin("ada@example.org", "berlin")
	v := s.visitorAs("ada@example.org")
	v.post("/city/berlin", s.form("berlin", "triggers", "kontrolle\n\n/(u8/")...).
		want(422, `id="f-triggers-error"`, "Line 3: this is not a regular expression", "/(u8/")
	v.post("/city/berlin", s.form("berlin", "blocked", "a\n*")...).want(422, `id="f-blocked-error"`, "Line 2: *")
	v.post("/city/berlin", s.form("berlin", "freshness_minutes", "soon")...).
		want(422, `id="f-freshness_minutes-error"`, "between 1 and 1440", `value="soon"`)
	v.post("/city/berlin", s.form("berlin", "retention_hours", "0")...).want(422, `id="f-retention_hours-error"`, "between 1 and 2160")
	v.post("/city/berlin", s.form("berlin", "title", "")...).want(422, `id="f-title-error"`)
	v.post("/city/berlin", s.form("berlin", "lang", "tlh")...).want(422, `id="f-lang-error"`)
	v.lang = "de"
	v.post("/city/berlin", s.form("berlin", "triggers", "/u8")...).want(422, "Line 1")
	v.get("/city/berlin?lang=de")
	v.post("/city/berlin", s.form("berlin", "triggers", "/u8")...).want(422, "Zeile 1: ein regulärer Ausdruck muss mit / enden")
}

func TestEachBotHasItsSectionAndItsState(t *testing.T) {
	s := newSite(t, two)
	s.admin("ada@example.org", "berlin")
	s.status = []bots.Status{{Bot: "alpha", Label: "@berlin@example.social", State: bots.Waiting, Since: s.now(), Detail: "fake-detail", Queue: 3}}
	v := s.visitorAs("ada@example.org")
	v.get("/city/berlin").want(200, `<section id="alpha"`, `<section id="feeds"`, "The fake network",
		`action="/city/berlin/bot/alpha/connect"`, "waiting to retry", "@berlin@example.social", "the server does not answer", "3 reports waiting")
	v.post("/city/berlin/bot/alpha/connect", "host", "example.social").at("/city/berlin").want(200, "The account is connected.")
	v.post("/city/berlin/bot/alpha/connect").want(200, "Please name a server.", `role="alert"`)
	v.post("/city/berlin/bot/alpha/connect", "host", "mistake").want(200, "<!doctype html>", "The fake network", `href="/city/berlin#alpha"`)
	v.get("/city/berlin/bot/nothing/").want(404)
	v.get("/city/berlin/bot/alpha/panic").want(500, "Signal failure")
}

func TestASectionThatPanicsDoesNotBreakThePage(t *testing.T) {
	s := newSite(t, func(s *site) {
		s.mount("broken", &fakeBot{boom: true}, func(b *fakeBot) bots.Bot { return publicFakeBot{b} })
		two(s)
	})
	s.admin("ada@example.org", "berlin")
	v := s.visitorAs("ada@example.org")
	v.get("/city/berlin").want(200, "This part does not answer", "The fake network", "</html>")
	v.get("/c/berlin").want(200, "This part does not answer", "Report something", "</html>")
}

func TestThePublicPageShowsWhatBotsShowThePublic(t *testing.T) {
	s := newSite(t, func(s *site) {
		s.mount("later", &fakeBot{}, func(b *fakeBot) bots.Bot { return publicFakeBot{b} })
		two(s)
	})
	s.admin("ada@example.org", "berlin")
	v := s.visitor()
	got := v.get("/c/berlin").want(200, "<h1 lang=\"en\">Berlin</h1>", "What do you see in Berlin?",
		`<link rel="alternate" type="application/atom+xml" title="Berlin" href="/c/berlin/feed.atom">`, "For admins").
		wantNot(`id="alpha"`)
	if strings.Index(got.text, `id="feeds"`) > strings.Index(got.text, `id="later"`) {
		t.Error("the bot with the feeds is not first")
	}
	v.get("/c/berlin/feed.atom").want(200, "feed of berlin at /c/berlin/feeds")
	v.get("/c/berlin/feed.nothing").want(404)
	v.get("/c/berlin/").at("/c/berlin")
	v.get("/c/nowhere").want(404)
	v.get("/c/nowhere/feed.atom").want(404)
	v.get("/c/berlin/alpha/").want(404)
	v.get("/bots/feeds/page").want(200, "A page", "<!doctype html>")
	v.get("/c/berlin/feeds/page").want(200, `href="/c/berlin#feeds"`)
	v.post("/c/berlin/feeds/report", "text", "x").at("/c/berlin").want(200, "Thank you!")
	v.get("/c/berlin").wantNot("Thank you!")
}

func TestACityThatRestsSaysSo(t *testing.T) {
	s := newSite(t, two)
	s.admin("ada@example.org", "berlin", "ghent")
	v := s.visitorAs("ada@example.org")
	v.get("/").want(200, "Berlin", "Ghent")
	form := s.form("berlin", "active", "")
	v.post("/city/berlin", form...).want(200)
	s.visitor().get("/c/berlin").want(200, "Berlin rests").wantNot("Report something")
	s.visitor().get("/c/berlin/feeds/page").want(200)
	v.post("/city/ghent", s.form("ghent", "listed", "", "title", "Ghent")...).want(200)
	s.visitor().get("/").want(200, "No city is listed").wantNot("Ghent")
	s.visitor().get("/c/ghent").want(200, "noindex")
}

func TestAStreamPassesEventByEvent(t *testing.T) {
	stop := make(chan struct{})
	s := newSite(t, func(s *site) {
		s.mount("feeds", &fakeBot{stop: stop}, func(b *fakeBot) bots.Bot { return publicFakeBot{b} })
	})
	s.admin("ada@example.org", "berlin")
	v := s.visitorAs("ada@example.org") // with a session to save on the way
	v.follow("/c/berlin/feeds/stream", stop)
}

func TestAStreamGoesOnWhenAPagesTimeIsOver(t *testing.T) {
	stop := make(chan struct{})
	s := newSite(t, func(s *site) {
		s.mount("feeds", &fakeBot{stop: stop}, func(b *fakeBot) bots.Bot { return publicFakeBot{b} })
		s.pageTime = -time.Second
	})
	s.admin("ada@example.org", "berlin")
	v := s.visitor()
	if res, err := v.http.Get(s.url + "/c/berlin"); err == nil {
		res.Body.Close()
		t.Error("a page was sent after its time")
	}
	v.follow("/c/berlin/feeds/stream", stop)
}

// follow reads the first event of a stream, closes stop, and reads the second.
func (v *visitor) follow(path string, stop chan struct{}) {
	v.t.Helper()
	ctx, cancel := context.WithTimeout(v.t.Context(), time.Minute)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, "GET", v.url+path, nil)
	check(v.t, err)
	res, err := v.http.Do(r)
	check(v.t, err)
	defer res.Body.Close()
	lines := bufio.NewScanner(res.Body)
	if !lines.Scan() || lines.Text() != "data: one" {
		v.t.Fatalf("first line %q", lines.Text())
	}
	close(stop)
	for lines.Scan() && lines.Text() != "data: two" {
	}
	if lines.Text() != "data: two" {
		v.t.Error("the second event did not come")
	}
}

func TestAnswersHaveAMinuteToBeWritten(t *testing.T) {
	s := newSite(t, nil)
	w := &deadlined{ResponseRecorder: httptest.NewRecorder()}
	s.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	if left := time.Until(w.at); left > time.Minute || left < 50*time.Second {
		t.Errorf("%v left", left)
	}
}

// deadlined keeps the deadline of its writes.
type deadlined struct {
	*httptest.ResponseRecorder
	at time.Time
}

func (d *deadlined) SetWriteDeadline(at time.Time) error { d.at = at; return nil }

func TestLookingAheadAtACallbackDoesNotCallIt(t *testing.T) {
	bot := &fakeBot{}
	s := newSite(t, func(s *site) {
		s.mount("feeds", bot, func(b *fakeBot) bots.Bot { return publicFakeBot{b} })
	})
	v := s.visitor()
	if got := v.send("HEAD", "/bots/feeds/callback", "").want(http.StatusMethodNotAllowed); got.header.Get("Allow") != "GET, POST" {
		t.Errorf("Allow %q", got.header.Get("Allow"))
	}
	v.get("/bots/feeds/callback").want(200)
	if n := bot.called.Load(); n != 1 {
		t.Errorf("called %d times", n)
	}
}

func TestTheLedgerShowsWhatBecameOfEachReport(t *testing.T) {
	s := newSite(t, two)
	s.admin("ada@example.org", "berlin")
	v := s.visitorAs("ada@example.org")
	v.get("/city/berlin/ledger").want(200, "No report has come in yet")
	sample(s, "berlin", 120)
	first := v.get("/city/berlin/ledger").want(200, "Report 119", "Report 70", "Fake network: sent", "https://example.social/@berlin/119",
		"trigger, line 2", "<code>kontrolle</code>", "no trigger word", "Text deleted", "blocked, line 1", "the server does not answer", "rel=\"next\"").
		wantNot("Report 69 ", "javascript:")
	before := first.text[strings.Index(first.text, "?before="):]
	before = before[:strings.Index(before, `"`)]
	v.get("/city/berlin/ledger"+before).want(200, "Report 69 ", "Report 20 ", "Newest").wantNot("Report 70 ")
	v.get("/city/berlin/ledger?before=nonsense").want(200, "Report 119")
}

// sample writes n reports into a city's ledger.
func sample(s *site, city string, n int) {
	for i := range n {
		r := report.Report{City: city, Bot: "feeds", ID: fmt.Sprint(i), At: s.now().Add(-time.Duration(n-i) * 7 * time.Minute),
			Text: fmt.Sprintf("Report %d kontrolle u8 hermannplatz, zwei in zivil, richtung wittenau", i), Private: i%4 == 1}
		v := report.Verdict{Passed: true, List: report.Triggers, Rule: "kontrolle", Line: 2}
		to := []string{"alpha", "feeds"}
		switch i % 10 {
		case 3:
			v, to = report.Verdict{List: report.Triggers}, nil
		case 7:
			v, to = report.Verdict{List: report.Blocked, Rule: "depp", Line: 1}, nil
		}
		e, err := s.DB.Record(s.t.Context(), r, v, db.Queued, to)
		check(s.t, err)
		for _, d := range e.Deliveries {
			d.Status, d.RemoteURL = db.Sent, fmt.Sprintf("https://example.social/@berlin/%d", i)
			switch {
			case d.Bot == "feeds" && i%10 == 9:
				d.Status, d.Detail, d.RemoteURL = db.Retrying, "fake-detail", ""
			case d.Bot == "feeds" && i%10 == 5:
				d.Status, d.Detail, d.RemoteURL = db.Failed, "fake-detail", "javascript:alert(1)"
			case d.Bot == "feeds":
				d.Served, d.RemoteURL = 214, ""
			case i%10 == 8:
				d.Status, d.RemoteURL = db.Expired, ""
			}
			check(s.t, s.DB.SaveDelivery(s.t.Context(), d))
		}
		if i%10 == 4 {
			check(s.t, s.DB.Model(&db.Entry{}).Where("id = ?", e.ID).Update("text", "").Error)
		}
	}
}
