package public_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"linienfunk/bots"
	"linienfunk/frontend/frontendtest"
)

// watched is a site with the city berlin and one bot, which notes the requests for its section and its feed.
type watched struct {
	*frontendtest.World
	bot *frontendtest.Bot

	mu       sync.Mutex
	requests []*http.Request
}

func watch(t *testing.T) *watched {
	t.Helper()
	s := &watched{bot: &frontendtest.Bot{FileNames: []string{"feed.atom"}}}
	s.bot.OnPublic = func(r *http.Request) { s.mu.Lock(); defer s.mu.Unlock(); s.requests = append(s.requests, r) }
	s.World = frontendtest.New(t, func(w *frontendtest.World) { w.Mount("feeds", s.bot, frontendtest.Public) })
	s.Admin("ada@example.org", "berlin")
	return s
}

// called returns the requests since the last call.
func (s *watched) called() []*http.Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := s.requests
	s.requests = nil
	return all
}

// wantCalls checks how often the bot was called since the last look.
func (s *watched) wantCalls(what string, n int) {
	s.T.Helper()
	if got := len(s.called()); got != n {
		s.T.Errorf("%s: the bot was called %d times, want %d", what, got, n)
	}
}

var onceValue = regexp.MustCompile(`name="once" value="([^"]*)"`)

func once(t *testing.T, page frontendtest.Answer) string {
	t.Helper()
	found := onceValue.FindStringSubmatch(page.Raw)
	if found == nil || len(found[1]) != 32 {
		t.Fatalf("the page has no Once: %v\n%s", found, page.Raw)
	}
	return found[1]
}

func TestACitysPageComesFromMemoryUntilSomethingChanges(t *testing.T) {
	t.Parallel()
	s := watch(t)
	s.Visitor().Get("/c/berlin").Want(200, "Berlin")
	s.wantCalls("the first visitor", 1)
	s.Visitor().Get("/c/berlin").Want(200, "Berlin")
	s.wantCalls("another visitor", 0)
	s.Site.Memory.Drop("ghent")
	s.Visitor().Get("/c/berlin")
	s.wantCalls("after a change of another city", 0)
	s.Site.Memory.Drop("berlin")
	s.Visitor().Get("/c/berlin")
	s.wantCalls("after a change was announced", 1)
	s.Save("berlin", 1, map[string]any{"title": "Bärlin"})
	s.Visitor().Get("/c/berlin").Want(200, "Bärlin")
	s.wantCalls("after new settings", 1)
	s.Advance(9 * time.Second)
	s.Visitor().Get("/c/berlin")
	s.wantCalls("9 seconds later", 0)
	s.Advance(2 * time.Second)
	s.Visitor().Get("/c/berlin")
	s.wantCalls("11 seconds later, after an announcement that was lost", 1)
	s.Visitor().Get("/c/berlin?from=a-link").Want(200, "from=a-link")
	s.wantCalls("with a query, which the links to languages repeat", 1)
	s.Visitor().Get("/c/berlin").WantNot("from=a-link")
	german := s.Visitor()
	german.Lang = "de"
	german.Get("/c/berlin").Want(200, `<html lang="de"`)
	s.wantCalls("in another language", 1)
	german.Get("/c/berlin").Want(200, `<html lang="de"`)
	s.Visitor().Get("/c/berlin").Want(200, `<html lang="en"`)
	s.wantCalls("in both languages again", 0)
}

func TestAPageThatWasRenderedDuringAChangeIsNotKept(t *testing.T) {
	t.Parallel()
	s := watch(t)
	began, goOn := make(chan struct{}), make(chan struct{})
	observe := s.bot.OnPublic
	var first sync.Once
	s.bot.OnPublic = func(r *http.Request) {
		observe(r)
		first.Do(func() { close(began); <-goOn })
	}
	done := make(chan struct{})
	go func() { defer close(done); s.Visitor().Get("/c/berlin") }()
	<-began
	s.Site.Memory.Drop("berlin")
	close(goOn)
	<-done
	s.Visitor().Get("/c/berlin")
	s.wantCalls("the visitor before, and the one after", 2)
}

func TestAPageWithAFailedSectionIsNotKept(t *testing.T) {
	t.Parallel()
	s := watch(t)
	s.bot.Panics = true
	s.Visitor().Get("/c/berlin").Want(200, "not responding right now")
	s.bot.Panics = false
	s.Visitor().Get("/c/berlin").Want(200, "What do you see").WantNot("not responding right now")
}

func TestEachVisitorHasAnotherOnceAndOnlyABrowserWithACopyKeepsIt(t *testing.T) {
	t.Parallel()
	s := watch(t)
	seen := map[string]bool{}
	var last frontendtest.Answer
	for range 5 {
		last = s.Visitor().Get("/c/berlin").Want(200)
		seen[once(t, last)] = true
	}
	if len(seen) != 5 {
		t.Errorf("5 visitors have %d values", len(seen))
	}
	for _, r := range s.called() {
		if placeholder := bots.MountOf(r).Once; len(placeholder) != 32 || seen[placeholder] || strings.Contains(last.Raw, placeholder) {
			t.Errorf("the bot rendered a page with the Once of a visitor, or none: %q", placeholder)
		}
	}
	tag := last.Header.Get("ETag")
	if !strings.HasPrefix(tag, `"`) || last.Header.Get("Cache-Control") != "private, no-cache" {
		t.Errorf("ETag %s, Cache-Control %s", tag, last.Header.Get("Cache-Control"))
	}
	for _, form := range []string{tag, "W/" + tag, `"other", ` + tag} {
		if got := s.Visitor().Get("/c/berlin", "If-None-Match", form); got.Status != 304 || got.Raw != "" || got.Header.Get("ETag") != tag {
			t.Errorf("a browser with a copy, %s: %d %s", form, got.Status, got.Header.Get("ETag"))
		}
	}
	if part := s.Visitor().Get("/c/berlin", "Range", "bytes=0-5000", "If-Range", tag); part.Status != 206 || !strings.HasPrefix(last.Raw, part.Raw) {
		t.Errorf("a browser that has the rest of its copy gets another: %d", part.Status)
	}
	head := s.Visitor().Send("HEAD", "/c/berlin", "").Want(200)
	if head.Raw != "" || head.Header.Get("ETag") == "" || head.Header.Get("Content-Length") != fmt.Sprint(len(last.Raw)) {
		t.Errorf("HEAD: %v", head.Header)
	}
	for _, forged := range []string{`"-"`, tag[:len(tag)-2] + `"`, strings.ReplaceAll(tag, "-", `-<b>`), `"` + strings.Repeat("-", 9) + `"`} {
		if got := s.Visitor().Get("/c/berlin", "If-None-Match", forged).Want(200); strings.Contains(got.Raw, "<b>") || seen[once(t, got)] {
			t.Errorf("%s is taken for a copy", forged)
		}
	}
	s.Advance(9 * time.Minute)
	s.Visitor().Get("/c/berlin", "If-None-Match", tag).Want(304)
	s.Advance(2 * time.Minute)
	if got := s.Visitor().Get("/c/berlin", "If-None-Match", tag).Want(200); seen[once(t, got)] {
		t.Error("a form of 11 minutes ago may be sent again")
	}
	fresh := s.Visitor().Get("/c/berlin").Header.Get("ETag")
	s.Save("berlin", 1, map[string]any{"about": "New."})
	s.Visitor().Get("/c/berlin", "If-None-Match", fresh).Want(200, "New.")
}

func TestNobodyGetsWhatBelongsToAnotherVisitor(t *testing.T) {
	t.Parallel()
	s := watch(t)
	admin, rider := s.VisitorAs("ada@example.org"), s.Visitor()
	rider.From = "192.0.2.7"
	stranger := func() {
		t.Helper()
		s.Visitor().Get("/c/berlin").Want(200, "Log in").WantNot("Thank you!", "Log out", "ada@")
	}
	for range 2 {
		if got := admin.Get("/c/berlin").Want(200, "Log out"); got.Header.Get("Cache-Control") != "no-store" || got.Header.Get("ETag") != "" {
			t.Errorf("an admin's page: %v", got.Header)
		}
		stranger()
	}
	tag := rider.Get("/c/berlin").Header.Get("ETag")
	s.Site.Memory.Drop("berlin")
	if got := rider.Post("/c/berlin/feeds/report", "text", "x").At("/c/berlin").Want(200, "Thank you!"); got.Header.Get("ETag") != "" {
		t.Error("a page with a message has an ETag")
	}
	stranger()
	rider.Post("/c/berlin/feeds/report", "text", "x")
	rider.Get("/c/berlin", "If-None-Match", tag).Want(304)
	rider.Get("/c/berlin").WantNot("Thank you!")

	s.called()
	s.Site.Memory.Drop("berlin")
	got := rider.Get("/c/berlin", "Cookie", "lang=de; mine=secret", "Authorization", "secret", "X-Mine", "secret", "Accept", "text/html").
		Want(200, `<html lang="de"`)
	if vary := strings.Join(got.Header.Values("Vary"), ", "); !strings.Contains(vary, "Cookie") || !strings.Contains(vary, "Accept-Language") {
		t.Errorf("Vary: %s", vary)
	}
	for _, r := range s.called() {
		if len(r.Header) != 0 || r.RemoteAddr != "" || r.URL.String() != "/" || r.Host != "" || bots.MountOf(r).Admin {
			t.Errorf("the bot sees the visitor: %v %s %s %s", r.Header, r.RemoteAddr, r.URL, r.Host)
		}
	}
}

func TestAFeedComesFromMemoryIfItIsTheSameForEverybody(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		header map[string]string
		kept   bool
	}{
		"public, with an ETag": {map[string]string{"ETag": `"1"`, "Cache-Control": "public, no-cache", "X-Feed": "yes"}, true},
		"without an ETag":      {map[string]string{"Cache-Control": "public, no-cache"}, false},
		"with a weak ETag":     {map[string]string{"ETag": `W/"1"`, "Cache-Control": "public, no-cache"}, false},
		"not public":           {map[string]string{"ETag": `"1"`, "Cache-Control": "no-cache"}, false},
		"with a cookie":        {map[string]string{"ETag": `"1"`, "Cache-Control": "public, no-cache", "Set-Cookie": "a=b"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := watch(t)
			s.bot.FeedHeader = test.header
			first := s.Visitor().Get("/c/berlin/feed.atom").Want(200, "feed of berlin at /c/berlin/feeds")
			s.called()
			for range 3 {
				again := s.Visitor().Get("/c/berlin/feed.atom").Want(200, first.Text)
				for name, value := range test.header {
					if again.Header.Get(name) != value {
						t.Errorf("%s: %s", name, again.Header.Get(name))
					}
				}
			}
			head := s.Visitor().Send("HEAD", "/c/berlin/feeds/feed.atom", "").Want(200)
			if head.Raw != "" || head.Header.Get("ETag") != test.header["ETag"] {
				t.Errorf("HEAD: %v", head.Header)
			}
			calls := len(s.called())
			if test.kept {
				if calls != 0 {
					t.Errorf("the bot was called %d times", calls)
				}
				if got := s.Visitor().Get("/c/berlin/feeds/feed.atom", "If-None-Match", `"1"`); got.Status != 304 || got.Header.Get("X-Feed") != "yes" {
					t.Errorf("to its own ETag: %d %v", got.Status, got.Header)
				}
				s.Site.Memory.Drop("berlin")
				s.Visitor().Get("/c/berlin/feed.atom")
				s.wantCalls("after a change", 1)
			} else if calls < 4 {
				t.Errorf("the bot was called only %d times", calls)
			}
		})
	}
}
