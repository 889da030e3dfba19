//go:build shots

package frontend

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"linienfunk/bots"
	"linienfunk/settings"
	"linienfunk/testkit/pictures"
)

// TestScreenshots takes pictures of the pages with sample data:
//
//	SHOTS=/tmp/shots go test -tags shots -run Screenshots ./frontend
func TestScreenshots(t *testing.T) {
	s := newSite(t, func(s *site) {
		s.mount("feeds", &fakeBot{files: []string{"feed.atom"}}, func(b *fakeBot) bots.Bot { return publicFakeBot{b} })
		s.mount("second", &fakeBot{}, func(b *fakeBot) bots.Bot { return publicFakeBot{b} })
		s.mount("alpha", &fakeBot{}, func(b *fakeBot) bots.Bot { return b })
		s.mount("broken", &fakeBot{boom: true}, func(b *fakeBot) bots.Bot { return b })
	})
	s.admin("ada@example.org", "berlin", "ghent", "zuerich", "wien", "hamburg")
	s.admin("bo@example.org", "lisboa", "praha")
	now, _, _ := s.store.Get(t.Context(), "berlin")
	doc := settings.Default("berlin", "de")
	doc.Title, doc.Lang = "Berlin", "de"
	doc.About = "Meldungen von Fahrgästen für Fahrgäste, seit 2016.\n\nSchreib uns, wo kontrolliert wird – auf dem Netzwerk, das du ohnehin benutzt."
	doc.Blocked = []string{"# Beleidigungen", "depp", "/h[uo]rensohn/"}
	_, err := s.store.Save(t.Context(), "berlin", now.Revision, 0, doc)
	check(t, err)
	sample(s, "berlin", 60)
	sample(s, "ghent", 12)
	s.status = []bots.Status{
		{Bot: "feeds", State: bots.Running, Since: s.now().Add(-26 * time.Hour)},
		{Bot: "alpha", Label: "@berlin@example.social", State: bots.Waiting, Since: s.now(), Detail: "fake-detail", Queue: 3},
		{Bot: "broken", State: bots.Halted, Since: s.now()},
	}
	v := s.visitorAs("ada@example.org")
	base, err := url.Parse(s.url)
	check(t, err)
	cookies := v.http.Jar.Cookies(base)

	camera := pictures.New(t, s.url)
	shoot := func(name, path string, width int64, dark, login bool, lang string, before ...chromedp.Action[chromedp.Void]) {
		t.Helper()
		scheme := "light"
		if dark {
			scheme = "dark"
		}
		shown := []*http.Cookie{{Name: "lang", Value: lang}}
		if login {
			shown = append(shown, cookies...)
		}
		camera.Take(pictures.Shot{Name: fmt.Sprintf("%s-%s-%d-%s", name, lang, width, scheme), Path: path, Width: width,
			Scheme: scheme, Cookies: shown, Before: before})
	}
	for _, width := range []int64{390, 1280} {
		dark := width == 390
		shoot("home", "/", width, false, false, "de")
		shoot("home", "/", width, true, false, "en")
		shoot("register", "/register", width, dark, false, "de")
		shoot("wrong", "/register", width, !dark, false, "en", fill("#f-title", "Zürich"), fill("#f-city", "berlin"),
			fill("#f-address", "x@linienfunk.example"), fill("#f-password", "password123"), submit("main button", ".errors"))
		shoot("login", "/login", width, dark, false, "de")
		shoot("cities", "/cities", width, dark, true, "de")
		shoot("city", "/city/berlin", width, false, true, "de")
		shoot("city", "/city/berlin", width, true, true, "en")
		shoot("badline", "/city/berlin", width, false, true, "de", fill("#f-triggers", "\n/(u8/"), submit("#settings .actions button", ".errors"))
		shoot("ledger", "/city/berlin/ledger", width, false, true, "de")
		shoot("ledger", "/city/ghent/ledger", width, true, true, "en")
		shoot("conflict", "/city/hamburg", width, dark, true, "en", saveMeanwhile(t, s, "hamburg", width), fill("#f-about", "Mine"), submit("#settings .actions button", ".theirs"))
		shoot("invite", "/city/ghent", width, !dark, true, "de", fill("#f-invite", "ada"), submit("#people button", ".errors"))
		shoot("public", "/c/berlin", width, false, false, "de")
		shoot("public", "/c/berlin", width, true, false, "de")
		shoot("missing", "/nowhere", width, dark, false, "en")
		shoot("botpage", "/c/berlin/feeds/page", width, dark, false, "de")
	}
}

func fill(selector, text string) chromedp.Action[chromedp.Void] {
	return chromedp.SendKeys(chromedp.CSS(selector), text)
}

func submit(button, then string) chromedp.Action[chromedp.Void] {
	return chromedp.Steps(chromedp.Click(chromedp.CSS(button)), chromedp.WaitVisible(chromedp.CSS(then)))
}

// saveMeanwhile is what another admin does while the form is open.
func saveMeanwhile(t *testing.T, s *site, city string, hours int64) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		now, _, err := s.store.Get(ctx, city)
		check(t, err)
		doc := now.Settings
		doc.About, doc.Triggers, doc.RetentionHours = "Theirs", []string{"kontrolle", "zwei in zivil"}, int(hours)
		_, err = s.store.Save(ctx, city, now.Revision, 0, doc)
		return err
	})
}
