package botpages_test

import (
	"bufio"
	"net/http"
	"testing"
	"time"

	"linienfunk/frontend/frontendtest"
	"linienfunk/supervisor"
)

func TestTwoBotsCannotClaimOneFile(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	frontendtest.New(t, func(s *frontendtest.World) {
		for _, name := range []string{"one", "two"} {
			s.Mount(name, &frontendtest.Bot{FileNames: []string{"feed.atom"}}, frontendtest.Public)
		}
	})
}

func TestEachBotHasItsSectionAndItsState(t *testing.T) {
	t.Parallel()
	s := frontendtest.New(t, frontendtest.TwoBots)
	s.Admin("ada@example.org", "berlin")
	s.SetStatuses(supervisor.Status{Bot: "alpha", Label: "@berlin@example.social", State: supervisor.Waiting, Since: s.Now(), Detail: "fake-detail", Queue: 3})
	v := s.VisitorAs("ada@example.org")
	v.Get("/city/berlin").Want(200, `<section id="alpha"`, `<section id="feeds"`, "The fake network",
		`action="/city/berlin/bot/alpha/connect"`, "waiting to retry", "@berlin@example.social", "the server does not answer", "3 reports waiting")
	v.Post("/city/berlin/bot/alpha/connect", "host", "example.social").At("/city/berlin").Want(200, "The account is connected.")
	v.Post("/city/berlin/bot/alpha/connect").Want(200, "Please name a server.", `role="alert"`)
	v.Post("/city/berlin/bot/alpha/connect", "host", "mistake").Want(200, "<!doctype html>", "The fake network", `href="/city/berlin#alpha"`)
	v.Get("/city/berlin/bot/nothing/").Want(404)
	v.Get("/city/berlin/bot/alpha/panic").Want(500, "Signal failure")
}

func TestASectionThatPanicsDoesNotBreakThePage(t *testing.T) {
	t.Parallel()
	s := frontendtest.New(t, func(s *frontendtest.World) {
		s.Mount("broken", &frontendtest.Bot{Panics: true}, frontendtest.Public)
		frontendtest.TwoBots(s)
	})
	s.Admin("ada@example.org", "berlin")
	v := s.VisitorAs("ada@example.org")
	v.Get("/city/berlin").Want(200, "This part is not responding", "The fake network", "</html>")
	v.Get("/c/berlin").Want(200, "This part is not responding", "Report something", "</html>")
}

func TestAStreamIsPassedOnEventByEvent(t *testing.T) {
	t.Parallel()
	stop := make(chan struct{})
	s := frontendtest.New(t, func(s *frontendtest.World) {
		s.Mount("feeds", &frontendtest.Bot{Stop: stop}, frontendtest.Public)
	})
	s.Admin("ada@example.org", "berlin")
	v := s.VisitorAs("ada@example.org") // with a session to save on the way
	follow(v, "/c/berlin/feeds/stream", stop)
}

func TestAStreamMayLastLongerThanAPage(t *testing.T) {
	t.Parallel()
	stop := make(chan struct{})
	s := frontendtest.New(t, func(s *frontendtest.World) {
		s.Mount("feeds", &frontendtest.Bot{Stop: stop}, frontendtest.Public)
		s.Site.PageTime = -time.Second
	})
	s.Admin("ada@example.org", "berlin")
	v := s.Visitor()
	if res, err := v.Client.Get(s.URL + "/c/berlin"); err == nil {
		res.Body.Close()
		t.Error("a page was sent after its time")
	}
	follow(v, "/c/berlin/feeds/stream", stop)
}

// follow reads the first event of a stream, closes stop, and reads the second.
func follow(v *frontendtest.Visitor, path string, stop chan struct{}) {
	v.T.Helper()
	r, err := http.NewRequestWithContext(v.T.Context(), "GET", v.URL+path, nil)
	frontendtest.Check(v.T, err)
	res, err := v.Client.Do(r)
	frontendtest.Check(v.T, err)
	defer res.Body.Close()
	lines := bufio.NewScanner(res.Body)
	if !lines.Scan() || lines.Text() != "data: one" {
		v.T.Fatalf("first line %q", lines.Text())
	}
	close(stop)
	for lines.Scan() && lines.Text() != "data: two" {
	}
	if lines.Text() != "data: two" {
		v.T.Error("the second event did not come")
	}
}

func TestAHeadRequestDoesNotCallACallback(t *testing.T) {
	t.Parallel()
	bot := &frontendtest.Bot{}
	s := frontendtest.New(t, func(s *frontendtest.World) {
		s.Mount("feeds", bot, frontendtest.Public)
	})
	v := s.Visitor()
	if got := v.Send("HEAD", "/bots/feeds/callback", "").Want(http.StatusMethodNotAllowed); got.Header.Get("Allow") != "GET, POST" {
		t.Errorf("Allow %q", got.Header.Get("Allow"))
	}
	v.Get("/bots/feeds/callback").Want(200)
	if n := bot.Called.Load(); n != 1 {
		t.Errorf("called %d times", n)
	}
}

func TestAFileBelowACitysPageAllowsOnlyGETAndHEAD(t *testing.T) {
	t.Parallel()
	s := frontendtest.New(t, func(s *frontendtest.World) {
		s.Mount("feeds", &frontendtest.Bot{FileNames: []string{"feed.atom"}}, frontendtest.Public)
	})
	s.Admin("ada@example.org", "berlin")
	v := s.Visitor()
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
		got := v.Send(c.method, c.path, "", "Sec-Fetch-Site", "same-origin")
		if got.Status != c.status || got.Header.Get("Allow") != c.allow {
			t.Errorf("%s %s: %d %q, want %d %q", c.method, c.path, got.Status, got.Header.Get("Allow"), c.status, c.allow)
		}
	}
}

func TestABrowserIsShownAPageAtAddressesOfBotsWithoutOne(t *testing.T) {
	t.Parallel()
	s, v, _ := frontendtest.Berlin(t)
	html := []string{"Accept", "text/html,*/*;q=0.8"}
	for _, path := range []string{"/city/berlin/bot/alpha/nowhere", "/c/berlin/feeds/nowhere", "/bots/feeds/nowhere", "/bots/feeds/report"} {
		v.Get(path, html...).Want(404, "No such stop", "<main")
	}
	v.Get("/city/berlin/bot/alpha/connect?lang=de", html...).At("/city/berlin").Want(200, "<main")
	v.Get("/c/berlin/feeds/report", html...).At("/c/berlin").Want(200, "<main")
	s.Visitor().Get("/c/berlin/feeds/nowhere").Want(404, "404 page not found") // a program
	if got := v.Send("PUT", "/c/berlin/feeds/report", "", html...); got.Status != 405 || got.Header.Get("Allow") != "POST" {
		t.Errorf("PUT: %d %q", got.Status, got.Header.Get("Allow"))
	}
}
