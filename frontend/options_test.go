package frontend

import (
	"net/http"
	"strings"
	"testing"
)

const optionsPath = "/city/berlin/options/alpha#alpha"

func TestABotsOptionsAreAFormInItsSection(t *testing.T) {
	_, v, _ := past(t)
	page := v.get("/city/berlin").want(200, "Copy reports", "Instead of reposting them.", "Who may report", "Everybody", "Only who we follow",
		"Greeting", `maxlength="40"`, "House rules", "<textarea id=\"alpha-option-rules\"",
		"Money", `type="number" name="option.budget" value="5" min="0" max="900"`).wantNot("option-greeting-hint")
	form := page.form(optionsPath)
	if form.Has("option.copy") || form.Get("option.who_may") != "all" || form.Get("option.greeting") != "Hello" {
		t.Errorf("the defaults are not shown: %v", form)
	}
	page.wantNot(`/city/berlin/options/feeds`)
}

func TestOptionsAreSavedWithTheCitysSettings(t *testing.T) {
	s, v, _ := past(t)
	page := v.get("/city/berlin")
	v.submit(page, optionsPath).at("/city/berlin").want(200, "Nothing was changed")
	v.submit(page, optionsPath, "option.copy", "on", "option.who_may", "few", "option.rules", "eins\r\nzwei", "option.budget", "7").at("/city/berlin").want(200, "Saved.")
	got := s.store.View("alpha", s.present("berlin")).Options
	if !got.On("copy") || got.Text("who_may") != "few" || got.Text("rules") != "eins\nzwei" || got.Text("greeting") != "Hello" || got.Number("budget") != 7 {
		t.Errorf("in force: %v", got)
	}
	if _, written := s.present("berlin").Bots["alpha"]["greeting"]; written {
		t.Error("a default that nobody touched was written down")
	}
	form := v.get("/city/berlin").form(optionsPath)
	if form.Get("option.copy") != "on" || form.Get("option.who_may") != "few" || form.Get("option.rules") != "eins\nzwei" {
		t.Errorf("the form shows %v", form)
	}
	v.submit(v.get("/city/berlin"), optionsPath, "option.copy", "").want(200, "Saved.")
	if s.store.View("alpha", s.present("berlin")).Options.On("copy") {
		t.Error("the switch is still on")
	}
}

func TestAMistakeInAnOptionIsShownAtItsField(t *testing.T) {
	s, v, _ := past(t)
	before := s.present("berlin").Hash
	page := v.get("/city/berlin")
	for _, c := range []struct{ name, value, says, id string }{
		{"option.who_may", "nobody", "Please choose one of these.", "alpha-option-who-may"},
		{"option.who_may", "", "Please choose one of these.", "alpha-option-who-may"},
		{"option.greeting", strings.Repeat("ü", 41), "At most 40 characters", "alpha-option-greeting"},
		{"option.budget", "901", "A number between 0 and 900, please.", "alpha-option-budget"},
		{"option.budget", "7.5", "A number between 0 and 900, please.", "alpha-option-budget"},
		{"option.budget", "", "A number between 0 and 900, please.", "alpha-option-budget"},
		{"option.rules", strings.Repeat("x", 900_000), "All in all this is too much", "alpha-options"},
	} {
		got := v.submit(page, optionsPath, c.name, c.value, "option.copy", "on")
		got.want(422, c.says, `id="f-`+c.id+`-error"`, `role="alert"`)
		if got.form(optionsPath).Get("option.copy") != "on" {
			t.Error("what was typed is lost")
		}
	}
	v.post("/city/berlin/options/feeds", "base", string(before)).want(404)
	v.post("/city/berlin/options/nothing", "base", string(before)).want(404)
	if s.present("berlin").Hash != before {
		t.Error("something was saved")
	}
}

func TestOptionsThatSomebodyElseHasSavedMeanwhileAreAConflict(t *testing.T) {
	s, v, _ := past(t)
	page := v.get("/city/berlin")
	s.save("berlin", 0, map[string]any{"bots.alpha.greeting": "Theirs", "title": "Neu"})
	page = v.submit(page, optionsPath, "option.greeting", "Mine", "option.who_may", "few").
		want(http.StatusConflict, "Fake network: Greeting", "Theirs", "Mine", "Fake network: Who may report", "Only who we follow")
	v.submit(page, mergePath, "pick.bots.alpha.greeting", "mine").at("/city/berlin").want(200, "Saved.")
	now := s.present("berlin")
	if got := s.store.View("alpha", now).Options; got.Text("greeting") != "Mine" || got.Text("who_may") != "few" || now.Title != "Neu" {
		t.Errorf("in force: %v, %q", got, now.Title)
	}
}
