package frontend_test

import (
	"regexp"
	"strings"
	"testing"

	"linienfunk/frontend"
	"linienfunk/frontend/frontendtest"
)

func TestEveryPageHasItsTitleAndTheHeadersThatProtectIt(t *testing.T) {
	t.Parallel()
	_, v, _ := frontendtest.Berlin(t)
	titles := map[string]string{}
	for _, path := range []string{"/", "/cities", "/city/berlin", "/city/berlin/ledger", "/city/berlin/commands", "/city/berlin/history", "/city/berlin/network", "/c/berlin", "/forgot", "/nowhere", "/register/sent"} {
		got := v.Get(path)
		title := regexp.MustCompile(`<title>(.+)</title>`).FindStringSubmatch(got.Text)
		if title == nil || titles[title[1]] != "" {
			t.Errorf("%s has title %v, as has %s", path, title, titles[title[1]])
			continue
		}
		titles[title[1]] = path
		for name, value := range map[string]string{
			"Content-Security-Policy": "default-src 'none'", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin",
		} {
			if !strings.Contains(got.Header.Get(name), value) {
				t.Errorf("%s has %s: %q", path, name, got.Header.Get(name))
			}
		}
		if policy := got.Header.Get("Content-Security-Policy"); strings.Contains(policy, "unsafe") {
			t.Errorf("%s: %s", path, policy)
		}
	}
}

func TestABaseURLMustBeAnAddress(t *testing.T) {
	t.Parallel()
	for _, base := range []string{"", "linienfunk.example", "://", "/x"} {
		if _, err := frontend.New(frontend.Deps{BaseURL: base}); err == nil {
			t.Errorf("%q: no error", base)
		}
	}
}

func TestTheSmallFilesAreServed(t *testing.T) {
	t.Parallel()
	s := frontendtest.New(t, nil)
	v := s.Visitor()
	v.Get("/robots.txt").Want(200, "Disallow: /city/")
	path := regexp.MustCompile(`/static/[0-9a-f]+/style.css`).FindString(v.Get("/").Text)
	if got := v.Get(path).Want(200, ":root"); got.Header.Get("Cache-Control") != "public, max-age=31536000, immutable" {
		t.Errorf("headers %v", got.Header)
	}
	if got := v.Get("/static/old/style.css").Want(200, ":root"); got.Header.Get("Cache-Control") != "no-cache" {
		t.Errorf("headers %v", got.Header)
	}
	v.Get("/static/old/locale.toml").Want(404)
	v.Get("/favicon.ico").Want(200, "<svg")
}
