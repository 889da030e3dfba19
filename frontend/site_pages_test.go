package frontend

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"linienfunk/bots"
)

func TestTheLanguageIsWhatWasChosenOrWhatTheBrowserAsksFor(t *testing.T) {
	s := newSite(t, nil)
	v := s.visitor()
	v.get("/").want(200, `<html lang="en">`, "One report")
	v.lang = "de-CH,de;q=0.9,en;q=0.1"
	v.get("/").want(200, `<html lang="de">`, "Eine Meldung")
	v.lang = "fr"
	v.get("/").want(200, `<html lang="en">`)
	v.get("/register?lang=de&x=1").at("/register?x=1").want(200, "Stadt starten")
	v.get("/").want(200, "Eine Meldung")
	v.get("/?lang=tlh").want(200, "Eine Meldung")
	v.lang = "en"
	v.get("/").want(200, "Eine Meldung")
}

func TestChoosingALanguageLeadsToNoOtherSite(t *testing.T) {
	s := newSite(t, nil)
	for _, path := range []string{"//evil.example/?lang=de", `/\evil.example?lang=de`, "/%2f/evil.example?lang=de"} {
		w := httptest.NewRecorder()
		r := httptest.NewRequest("GET", "/", nil)
		u, err := r.URL.Parse("http://linienfunk.example" + path)
		check(t, err)
		r.URL = u
		s.Handler().ServeHTTP(w, r)
		if to := w.Header().Get("Location"); strings.HasPrefix(to, "//") || strings.HasPrefix(to, `/\`) || !strings.HasPrefix(to, "/") {
			t.Errorf("%s leads to %q", path, to)
		}
	}
}

func TestAnAdminsLanguageCountsOnEveryBrowser(t *testing.T) {
	s := newSite(t, nil)
	admin := s.admin("ada@example.org", "berlin")
	check(t, s.DB.Model(&admin).Update("lang", "de").Error)
	s.visitorAs("ada@example.org").get("/city/berlin").want(200, "Auslöser")
}

func TestEveryPageHasItsTitleAndTheHeadersThatProtectIt(t *testing.T) {
	s := newSite(t, two)
	s.admin("ada@example.org", "berlin")
	v := s.visitorAs("ada@example.org")
	titles := map[string]string{}
	for _, path := range []string{"/", "/cities", "/city/berlin", "/city/berlin/ledger", "/city/berlin/history", "/c/berlin", "/forgot", "/nowhere", "/register/sent"} {
		got := v.get(path)
		title := regexp.MustCompile(`<title>(.+)</title>`).FindStringSubmatch(got.text)
		if title == nil || titles[title[1]] != "" {
			t.Errorf("%s has title %v, as has %s", path, title, titles[title[1]])
			continue
		}
		titles[title[1]] = path
		for name, value := range map[string]string{
			"Content-Security-Policy": "default-src 'none'", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin",
		} {
			if !strings.Contains(got.header.Get(name), value) {
				t.Errorf("%s has %s: %q", path, name, got.header.Get(name))
			}
		}
		if policy := got.header.Get("Content-Security-Policy"); strings.Contains(policy, "unsafe") {
			t.Errorf("%s: %s", path, policy)
		}
	}
}

func TestCookiesAreSecureBehindHTTPS(t *testing.T) {
	s := newSite(t, nil)
	deps := s.Deps
	deps.BaseURL = "https://linienfunk.example/"
	f, err := New(deps)
	check(t, err)
	s.admin("ada@example.org", "berlin")
	r := httptest.NewRequest("POST", "/login", strings.NewReader("address=ada@example.org&password="+strings.ReplaceAll(goodPassword, " ", "+")))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	f.Handler().ServeHTTP(w, r)
	cookies := w.Result().Cookies()
	if len(cookies) != 1 {
		t.Fatalf("cookies %v: %s", cookies, w.Body)
	}
	if c := cookies[0]; !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Name != "__Host-session" {
		t.Errorf("cookie %v", c)
	}
}

func TestABaseURLMustBeAnAddress(t *testing.T) {
	for _, base := range []string{"", "linienfunk.example", "://", "/x"} {
		if _, err := New(Deps{BaseURL: base}); err == nil {
			t.Errorf("%q: no error", base)
		}
	}
}

func TestHealthAndTheSmallFiles(t *testing.T) {
	s := newSite(t, nil)
	v := s.visitor()
	v.get("/healthz").want(200, "ok")
	v.get("/robots.txt").want(200, "Disallow: /city/")
	path := regexp.MustCompile(`/static/[0-9a-f]+/style.css`).FindString(v.get("/").text)
	if got := v.get(path).want(200, ":root"); got.header.Get("Cache-Control") != "public, max-age=31536000, immutable" {
		t.Errorf("headers %v", got.header)
	}
	if got := v.get("/static/old/style.css").want(200, ":root"); got.header.Get("Cache-Control") != "no-cache" {
		t.Errorf("headers %v", got.header)
	}
	v.get("/static/old/locale.toml").want(404)
	v.get("/favicon.ico").want(200, "<svg")
	check(t, s.DB.Close())
	v.get("/healthz").want(503)
}

func TestARequestThatIsTooLargeIsRefused(t *testing.T) {
	s := newSite(t, nil)
	s.visitor().post("/login", "address", strings.Repeat("x", maxBody+1)).want(413, "Too large")
}

func TestAForgedMessageIsNotShown(t *testing.T) {
	s := newSite(t, nil)
	for _, value := range []string{"eyJUZXh0IjoieCJ9", "%%%", "AAAA"} {
		s.visitor().get("/", "Cookie", "flash="+value).want(200).wantNot(`class="flash`)
	}
}

func TestTwoBotsCannotClaimOneFile(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	newSite(t, func(s *site) {
		for _, name := range []string{"one", "two"} {
			s.mount(name, &fakeBot{files: []string{"feed.atom"}}, func(b *fakeBot) bots.Bot { return publicFakeBot{b} })
		}
	})
}

func TestOneCustomerOfIPv6IsOneClient(t *testing.T) {
	for remote, want := range map[string]string{
		"198.51.100.1:5": "198.51.100.1", "[2001:db8::5]:5": "2001:db8::/64", "[::ffff:198.51.100.1]:5": "198.51.100.1",
		"[fe80::1%eth0]:5": "fe80::/64", "pipe": "pipe",
	} {
		if got := client(&http.Request{RemoteAddr: remote}); got != want {
			t.Errorf("%s: %s, want %s", remote, got, want)
		}
	}
}
