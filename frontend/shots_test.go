//go:build shots

package frontend_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"linienfunk/db"
	"linienfunk/frontend/frontendtest"
	"linienfunk/internal/testkit/pictures"
	"linienfunk/settings"
	"linienfunk/supervisor"
)

// TestScreenshots takes pictures of the pages with sample data:
//
//	SHOTS=/tmp/shots go test -tags shots -run Screenshots ./frontend
func TestScreenshots(t *testing.T) {
	s := frontendtest.New(t, func(s *frontendtest.World) {
		s.Mount("feeds", &frontendtest.Bot{FileNames: []string{"feed.atom"}}, frontendtest.Public)
		s.Mount("second", &frontendtest.Bot{}, frontendtest.Public)
		s.Mount("alpha", &frontendtest.Bot{}, frontendtest.AdminsOnly)
		s.Mount("broken", &frontendtest.Bot{Panics: true}, frontendtest.AdminsOnly)
	})
	s.Admin("ada@example.org", "berlin", "ghent", "zuerich", "wien", "hamburg")
	s.Admin("bo@example.org", "lisboa", "praha")
	s.Save("berlin", 0, map[string]any{
		"lang": "de", "triggers": settings.Default("berlin", "de").Triggers, "blocked": []string{"# Beleidigungen", "depp", "/h[uo]rensohn/"},
		"about": "Meldungen von Fahrgästen für Fahrgäste, seit 2016.\n\nSchreib uns, wo kontrolliert wird – auf dem Netzwerk, das du ohnehin benutzt.",
	})
	s.Sample("berlin", 60)
	s.Sample("ghent", 12)
	s.SampleNumbers("berlin")
	changes(s, "ghent")
	s.Save("ghent", 0, map[string]any{"freshness_minutes": 120}) // what is held can be released
	s.SetStatuses(
		supervisor.Status{Bot: "feeds", State: supervisor.Running, Since: s.Now().Add(-26 * time.Hour)},
		supervisor.Status{Bot: "alpha", Label: "@berlin@example.social", State: supervisor.Waiting, Since: s.Now(), Detail: "fake-detail", Queue: 3},
		supervisor.Status{Bot: "broken", State: supervisor.Revoked, Since: s.Now()},
	)
	s.Joins("mo@example.org", "ghent", db.RoleModerator)
	v := s.VisitorAs("ada@example.org")
	v.Post("/city/ghent/people/invite", "address", "cy@example.org", "role", "owner")
	base, err := url.Parse(s.URL)
	frontendtest.Check(t, err)
	cookies := v.Client.Jar.Cookies(base)

	camera := pictures.New(t, s.URL)
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
		shoot("wrong", "/register", width, !dark, false, "en", fill("#f-title", "Zürich"), put("#f-city", "berlin"),
			fill("#f-address", "x@linienfunk.example"), fill("#f-password", "password123"), submit("main button", ".errors"))
		shoot("login", "/login", width, dark, false, "de")
		shoot("cities", "/cities", width, dark, true, "de")
		shoot("city", "/city/berlin", width, false, true, "de")
		shoot("city", "/city/berlin", width, true, true, "en")
		shoot("badline", "/city/berlin", width, false, true, "de", fill("#f-triggers", "\n/(u8/"), submit(settingsButton, ".errors"))
		shoot("commands", "/city/berlin/commands", width, false, true, "de")
		shoot("commands", "/city/berlin/commands", width, true, true, "en", chromedp.Click(chromedp.CSS("#command-lists-add summary")))
		shoot("ledger", "/city/berlin/ledger", width, false, true, "de")
		shoot("ledger", "/city/ghent/ledger", width, true, true, "en")
		for _, dark := range []bool{false, true} {
			lang := map[bool]string{false: "de", true: "en"}[dark]
			shoot("conflict", "/city/hamburg", width, dark, true, lang, meanwhile(s, "hamburg"), put("#f-about", "Meins"), put("#f-triggers", "inspector\nmeine zeile\nticket check"),
				put("#f-freshness_minutes", "55"), submit(settingsButton, ".conflicts"))
			shoot("try", "/city/berlin", width, dark, true, lang, put("#f-triggers", "tram\nu8"), put("#f-try_text", "Tram steht am Alex, alle aussteigen"),
				submit(".try button", ".tried"))
			shoot("history", "/city/ghent/history", width, dark, true, lang)
			shoot("api", "/city/ghent/api", width, dark, true, lang)
			shoot("docs", "/api/docs", width, dark, false, lang)
			shoot("undo", "/city/ghent/history", width, dark, true, lang, submit("#change-2 button", "table"))
			shoot("undo-preview", "/city/ghent/history", width, dark, true, lang, submit("#change-3 button", "form[action$='undo/apply']"))
			shoot("message", "/city/ghent", width, dark, true, lang, put("#f-about", "Noch nicht fertig"), submit(".options .actions button", "#alpha > .flash"))
			shoot("import", "/city/ghent/history", width, dark, true, lang, put("#f-text", s.Exported("berlin", map[string]any{"active": false})),
				submit("#file form button", "form[action$=apply]"))
		}
		shoot("badfile", "/city/wien/history", width, dark, true, "de", put("#f-text", s.Exported("wien", map[string]any{"triggers": []string{"/(/"}, "colour": "red"})),
			submit("#file form button", ".errors"))
		shoot("options", "/city/ghent#alpha", width, dark, true, "de", put("#alpha-option-greeting", "x"), chromedp.RemoveAttribute("#alpha-option-greeting", "maxlength"),
			put("#alpha-option-greeting", strings.Repeat("hallo ", 20)), submit(".options button", ".errors"))
		for _, dark := range []bool{false, true} {
			shoot("account", "/account", width, dark, true, map[bool]string{false: "de", true: "en"}[dark])
			shoot("totp", "/account", width, dark, true, map[bool]string{false: "de", true: "en"}[dark], fill("#f-totp_password", frontendtest.Password), submit("#totp button", "svg.qr"))
			shoot("end", "/city/ghent/end", width, dark, true, map[bool]string{false: "de", true: "en"}[dark])
			shoot("log", "/city/ghent/log", width, dark, true, map[bool]string{false: "de", true: "en"}[dark])
			shoot("held", "/city/ghent/ledger?held=1", width, dark, true, map[bool]string{false: "de", true: "en"}[dark])
			shoot("people", "/city/ghent/people", width, dark, true, map[bool]string{false: "de", true: "en"}[dark])
		}
		shoot("invite", "/city/ghent/people", width, !dark, true, "de", fill("#f-invite", "ada@linienfunk.example"), submit("#invite button", ".errors"))
		shoot("public", "/c/berlin", width, false, false, "de")
		shoot("public", "/c/berlin", width, true, false, "de")
		shoot("numbers", "/c/berlin/numbers", width, dark, false, "de")
		shoot("numbers", "/c/berlin/numbers", width, !dark, false, "en")
		shoot("missing", "/nowhere", width, dark, false, "en")
		shoot("botpage", "/c/berlin/feeds/page", width, dark, false, "de")
	}
}

// settingsButton saves the settings.
const settingsButton = "#settings form > .actions button"

func fill(selector, text string) chromedp.Action[chromedp.Void] {
	return chromedp.SendKeys(chromedp.CSS(selector), text)
}

func submit(button, then string) chromedp.Action[chromedp.Void] {
	return chromedp.Steps(chromedp.Click(chromedp.CSS(button)), chromedp.WaitVisible(chromedp.CSS(then)))
}

func put(selector, text string) chromedp.Action[chromedp.Void] {
	return chromedp.SetValue(chromedp.CSS(selector), text)
}

// meanwhile saves a change as another admin, while the form is open.
func meanwhile(s *frontendtest.World, city string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(context.Context, *chromedp.Target) error {
		id := fmt.Sprint(s.Present(city).FreshnessMinutes)
		s.Save(city, 2, map[string]any{"about": "Theirs, " + id, "triggers": append(s.Present(city).Triggers, "zwei in zivil "+id), "blocked": []string{"depp", id},
			"freshness_minutes": 40, "listed": !s.Present(city).Listed})
		return nil
	})
}

// changes adds versions to a city's history.
func changes(s *frontendtest.World, city string) {
	s.Save(city, 1, map[string]any{"about": strings.Repeat("Meldungen von Fahrgästen für Fahrgäste. ", 8), "title": "Ghent", "time_zone": "Europe/Brussels"})
	s.Save(city, 0, map[string]any{"triggers": append(settings.Default(city, "de").Triggers, "zwei in zivil", "/u[1-9] (richtung|to)/", "")})
	s.Save(city, 7, map[string]any{"bots.alpha.copy": true, "bots.alpha.who_may": "few", "active": false})
	s.Save(city, 1, map[string]any{"about": "Kurz.", "active": true, "retention_hours": 48, "lang": "de"})
}
