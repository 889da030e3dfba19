package city_test

import (
	"net/http"
	"strings"
	"testing"

	"linienfunk/frontend/frontendtest"
)

const optionsPath = "/city/berlin/options/alpha#alpha"

func TestABotsOptionsAreAFormInItsSection(t *testing.T) {
	t.Parallel()
	_, v, _ := frontendtest.Berlin(t)
	page := v.Get("/city/berlin").Want(200, "Copy reports", "Instead of reposting them.", "Who may report", "Everybody", "Only who we follow",
		"Greeting", `maxlength="40"`, "House rules", "<textarea id=\"alpha-option-rules\"",
		"Money", `type="number" name="option.budget" value="5" min="0" max="900"`).WantNot("option-greeting-hint")
	form := page.Form(optionsPath)
	if form.Has("option.copy") || form.Get("option.who_may") != "all" || form.Get("option.greeting") != "Hello" {
		t.Errorf("the defaults are not shown: %v", form)
	}
	page.WantNot(`/city/berlin/options/feeds`)
}

func TestOptionsAreSavedWithTheCitysSettings(t *testing.T) {
	t.Parallel()
	s, v, _ := frontendtest.Berlin(t)
	page := v.Get("/city/berlin")
	v.Submit(page, optionsPath).At("/city/berlin").Want(200, "Nothing was changed")
	v.Submit(page, optionsPath, "option.copy", "on", "option.who_may", "few", "option.rules", "eins\r\nzwei", "option.budget", "7").At("/city/berlin").Want(200, "Saved.")
	got := s.Node.View("alpha", s.Present("berlin")).Options
	if !got.On("copy") || got.Text("who_may") != "few" || got.Text("rules") != "eins\nzwei" || got.Text("greeting") != "Hello" || got.Number("budget") != 7 {
		t.Errorf("in force: %v", got)
	}
	if _, written := s.Present("berlin").Bots["alpha"]["greeting"]; written {
		t.Error("a default that nobody touched was written down")
	}
	form := v.Get("/city/berlin").Form(optionsPath)
	if form.Get("option.copy") != "on" || form.Get("option.who_may") != "few" || form.Get("option.rules") != "eins\nzwei" {
		t.Errorf("the form shows %v", form)
	}
	v.Submit(v.Get("/city/berlin"), optionsPath, "option.copy", "").Want(200, "Saved.")
	if s.Node.View("alpha", s.Present("berlin")).Options.On("copy") {
		t.Error("the switch is still on")
	}
}

func TestAMistakeInAnOptionIsShownAtItsField(t *testing.T) {
	t.Parallel()
	s, v, _ := frontendtest.Berlin(t)
	before := s.Present("berlin").Hash
	page := v.Get("/city/berlin")
	for _, c := range []struct{ name, value, says, id string }{
		{"option.who_may", "nobody", "Please choose one of these.", "alpha-option-who-may"},
		{"option.who_may", "", "Please choose one of these.", "alpha-option-who-may"},
		{"option.greeting", strings.Repeat("ü", 41), "At most 40 characters", "alpha-option-greeting"},
		{"option.budget", "901", "A number between 0 and 900, please.", "alpha-option-budget"},
		{"option.budget", "7.5", "A number between 0 and 900, please.", "alpha-option-budget"},
		{"option.budget", "", "A number between 0 and 900, please.", "alpha-option-budget"},
		{"option.rules", strings.Repeat("x", 900_000), "The settings are too large", "alpha-options"},
	} {
		got := v.Submit(page, optionsPath, c.name, c.value, "option.copy", "on")
		got.Want(422, c.says, `id="f-`+c.id+`-error"`, `role="alert"`)
		if got.Form(optionsPath).Get("option.copy") != "on" {
			t.Error("what was typed is lost")
		}
	}
	v.Post("/city/berlin/options/feeds", "base", string(before)).Want(404)
	v.Post("/city/berlin/options/nothing", "base", string(before)).Want(404)
	if s.Present("berlin").Hash != before {
		t.Error("something was saved")
	}
}

func TestOptionsThatSomebodyElseHasSavedMeanwhileAreAConflict(t *testing.T) {
	t.Parallel()
	s, v, _ := frontendtest.Berlin(t)
	page := v.Get("/city/berlin")
	s.Save("berlin", 0, map[string]any{"bots.alpha.greeting": "Theirs", "title": "Neu"})
	page = v.Submit(page, optionsPath, "option.greeting", "Mine", "option.who_may", "few").
		Want(http.StatusConflict, "Fake network: Greeting", "Theirs", "Mine", "Fake network: Who may report", "Only who we follow")
	v.Submit(page, mergePath, "pick.bots.alpha.greeting", "mine").At("/city/berlin").Want(200, "Saved.")
	now := s.Present("berlin")
	if got := s.Node.View("alpha", now).Options; got.Text("greeting") != "Mine" || got.Text("who_may") != "few" || now.Title != "Neu" {
		t.Errorf("in force: %v, %q", got, now.Title)
	}
}
