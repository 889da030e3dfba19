package city_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"linienfunk/frontend/frontendtest"
)

const mergePath = "/city/berlin/merge"

// makeConflict creates a city, opens the form as ada, saves a change as bo, and submits ada's form.
func makeConflict(t *testing.T, theirs map[string]any, mine ...string) (s *frontendtest.World, ada *frontendtest.Visitor, page frontendtest.Answer) {
	t.Helper()
	s = frontendtest.New(t, frontendtest.TwoBots)
	s.Admin("ada@example.org", "berlin")
	bo := s.Admin("bo@example.org")
	ada = s.VisitorAs("ada@example.org")
	s.Save("berlin", 0, map[string]any{"triggers": []string{"kontrolle", "u8"}, "about": "old", "lang": "de"})
	open := ada.Get("/city/berlin")
	s.Save("berlin", bo.ID, theirs)
	page = ada.Submit(open, "/city/berlin", mine...)
	return s, ada, page
}

func TestTheLaterOfTwoSavesShowsBothVersionsAndOverwritesNothing(t *testing.T) {
	t.Parallel()
	s, ada, page := makeConflict(t, map[string]any{"about": "theirs", "triggers": []string{"kontrolle", "u8", "theirs"}, "listed": false},
		"about", "mine", "triggers", "kontrolle\nmine", "freshness_minutes", "45")
	page.Want(http.StatusConflict, "Somebody else saved in the meantime", "bo@example.org", "old", "theirs", "mine", "45 minutes",
		"Both together")
	if got := s.Present("berlin"); got.About != "theirs" || got.FreshnessMinutes != 30 {
		t.Errorf("in force: %+v", got.Settings)
	}
	form := page.Form(mergePath)
	for field, want := range map[string]string{"about": "", "triggers": "both", "listed": "theirs", "freshness_minutes": "mine"} {
		if got := form.Get("pick." + field); got != want {
			t.Errorf("for %s %q is chosen, want %q", field, got, want)
		}
	}
	if form.Has("pick.title") {
		t.Error("one must choose for a field that nobody changed")
	}
	ada.Submit(page, mergePath, "pick.about", "mine").At("/city/berlin").Want(200, "Saved.")
	got := s.Present("berlin")
	if got.About != "mine" || got.FreshnessMinutes != 45 || got.Listed || !slices.Equal(got.Triggers, []string{"kontrolle", "mine", "theirs"}) {
		t.Errorf("in force: %+v", got.Settings)
	}
}

func TestEachFieldGetsTheVersionThatWasChosen(t *testing.T) {
	t.Parallel()
	for pick, want := range map[string][]string{"mine": {"kontrolle", "mine"}, "theirs": {"kontrolle", "u8", "theirs"}, "both": {"kontrolle", "mine", "theirs"}} {
		t.Run(pick, func(t *testing.T) {
			s, ada, page := makeConflict(t, map[string]any{"triggers": []string{"kontrolle", "u8", "theirs"}}, "triggers", "kontrolle\nmine")
			ada.T = t
			ada.Submit(page, mergePath, "pick.triggers", pick).At("/city/berlin").Want(200)
			if got := s.Present("berlin").Triggers; !slices.Equal(got, want) {
				t.Errorf("in force: %q, want %q", got, want)
			}
		})
	}
}

func TestAMissingOrInvalidChoiceIsRequestedAgain(t *testing.T) {
	t.Parallel()
	s, ada, page := makeConflict(t, map[string]any{"about": "theirs"}, "about", "mine")
	for _, pick := range []string{"", "nonsense", "both"} {
		ada.Submit(page, mergePath, "pick.about", pick).Want(422, "Please choose which version to keep", "mine")
	}
	if got := s.Present("berlin").About; got != "theirs" {
		t.Errorf("in force: %q", got)
	}
}

func TestAThirdChangeShowsThePageAgainAndKeepsValidChoices(t *testing.T) {
	t.Parallel()
	s, ada, page := makeConflict(t, map[string]any{"about": "theirs", "title": "Theirs"}, "about", "mine", "title", "Mine")
	s.Save("berlin", 0, map[string]any{"about": "third"})
	again := ada.Submit(page, mergePath, "pick.about", "mine", "pick.title", "mine", "note", "weil").
		Want(http.StatusConflict, "somebody saved again", "third", "Linienfunk", `value="weil"`)
	if got := s.Present("berlin"); got.About != "third" || got.Title != "Theirs" {
		t.Errorf("in force: %+v", got.Settings)
	}
	if form := again.Form(mergePath); form.Get("pick.about") != "" || form.Get("pick.title") != "mine" {
		t.Errorf("picked: %v", form)
	}
	ada.Submit(again, mergePath, "pick.about", "mine").At("/city/berlin").Want(200)
	if got := s.Present("berlin"); got.About != "mine" || got.Title != "Mine" {
		t.Errorf("in force: %+v", got.Settings)
	}
}

func TestAMistakeInAMergedVersionIsShownAtItsField(t *testing.T) {
	t.Parallel()
	s, ada, page := makeConflict(t, map[string]any{"about": "theirs"}, "triggers", "kontrolle\n/(u8/")
	ada.Submit(page, mergePath).Want(422, "Line 2: this is not a regular expression", "Triggers")
	if got := s.Present("berlin").Triggers; len(got) != 2 {
		t.Errorf("in force: %q", got)
	}
}

func TestTheSameChangeTwiceOrNoChangeIsNotAConflict(t *testing.T) {
	t.Parallel()
	_, _, page := makeConflict(t, map[string]any{"about": "same"}, "about", "same")
	page.At("/city/berlin").Want(200, "Nothing was changed")
	_, _, page = makeConflict(t, map[string]any{"about": "theirs"})
	page.At("/city/berlin").Want(200, "Nothing was changed", "theirs")
	_, ada, page := makeConflict(t, map[string]any{"about": "theirs"}, "about", "mine")
	ada.Submit(page, mergePath, "pick.about", "theirs").At("/city/berlin").Want(200, "Nothing was changed")
}

func TestOwnChangesOfOtherFieldsInAnotherTabAreNoConflict(t *testing.T) {
	t.Parallel()
	s, ada, admin := frontendtest.Berlin(t, map[string]any{"about": "old"})
	open := ada.Get("/city/berlin")
	s.Save("berlin", admin.ID, map[string]any{"about": "other tab"})
	s.Save("berlin", admin.ID, map[string]any{"bots.alpha.greeting": "Moin"})
	ada.Submit(open, "/city/berlin", "title", "Mine", "note", "weil").At("/city/berlin").Want(200, "Saved.")
	ada.Submit(open, optionsPath, "option.copy", "on").At("/city/berlin").Want(200, "Saved.")
	got := s.Present("berlin")
	if options := s.Node.View("alpha", got).Options; got.About != "other tab" || got.Title != "Mine" || options.Text("greeting") != "Moin" || !options.On("copy") {
		t.Errorf("in force: %+v", got.Settings)
	}
	ada.Get(historyPath).Want(200, "weil")
}

func TestAConflictWithOneselfBlamesNobodyElse(t *testing.T) {
	t.Parallel()
	s, ada, admin := frontendtest.Berlin(t, map[string]any{"about": "old"})
	open := ada.Get("/city/berlin")
	s.Save("berlin", admin.ID, map[string]any{"about": "other tab"})
	page := ada.Submit(open, "/city/berlin", "about", "mine").Want(http.StatusConflict, "You saved something else in the meantime", "other tab", "mine")
	page.WantNot("Somebody else")
	s.Save("berlin", 0, map[string]any{"title": "Theirs"})
	ada.Submit(open, "/city/berlin", "about", "mine").Want(http.StatusConflict, "Somebody else saved in the meantime")
	ada.Submit(page, mergePath, "pick.about", "mine").Want(http.StatusConflict, "Somebody else saved in the meantime")
}

func TestADocumentFromTheBrowserIsNotTrusted(t *testing.T) {
	t.Parallel()
	s, ada, page := makeConflict(t, map[string]any{"about": "theirs"}, "about", "mine")
	before := s.Present("berlin").Hash
	s.Site.Commands.HistoryTime = 0 // it is all there: the page before has shown who saved
	for what, document := range map[string]string{
		"none": "", "no JSON": "{", "null": "null", "a list": "[]", "a number": "1", "half a letter": `{"about":"\ud800"}`,
		"deep": strings.Repeat("[", 50_000), "too long": `{"about":"` + strings.Repeat("x", 400_000) + `"}`, "huge number": `{"about":1e999}`,
		"many fields": "{" + manyFields(500) + "}", "a name with a dot": `{"title.x":1}`, "an option with a dot": `{"bots":{"alpha":{"x.y":1}}}`,
	} {
		got := ada.Submit(page, mergePath, "document", document, "pick.about", "mine")
		if got.Status != 400 {
			t.Errorf("%s: status %d\n%s", what, got.Status, got.Text)
		}
	}
	for what, document := range map[string]string{
		"an unknown field": `{"title":"Berlin","colour":"red"}`, "a wrong type": `{"title":["Berlin"]}`, "an unknown option": `{"bots":{"alpha":{"x":1}}}`,
		"no bots": `{"bots":3}`,
	} {
		form := []string{"document", document}
		for _, field := range []string{"title", "about", "colour", "bots.alpha.x", "bots", "lang", "active", "listed", "triggers", "blocked",
			"freshness_minutes", "newest_first", "retention_hours", "time_zone"} {
			form = append(form, "pick."+field, "mine")
		}
		got := ada.Submit(page, mergePath, form...)
		if got.Status != 422 {
			t.Errorf("%s: status %d\n%s", what, got.Status, got.Text)
		}
	}
	for _, field := range []string{"base", "head"} {
		for _, value := range []string{"", "nonsense", strings.Repeat("a", 64), strings.Repeat("ü", 5000)} {
			if got := ada.Submit(page, mergePath, "pick.about", "mine", field, value); got.Status != 400 {
				t.Errorf("%s %.10q: status %d", field, value, got.Status)
			}
		}
	}
	if s.Present("berlin").Hash != before {
		t.Error("something was saved")
	}
}

// manyFields returns the members of a JSON object with n unknown fields.
func manyFields(n int) string {
	var fields []string
	for i := range n {
		fields = append(fields, `"x`+strings.Repeat("y", i)+`":1`)
	}
	return strings.Join(fields, ",")
}

func TestAFormFromAnUnknownVersionIsRefused(t *testing.T) {
	t.Parallel()
	s := frontendtest.New(t, frontendtest.TwoBots)
	s.Admin("ada@example.org", "berlin", "ghent")
	v := s.VisitorAs("ada@example.org")
	v.Get(historyPath).Want(200, "Change 1")
	s.Site.Commands.HistoryTime = 0 // it is all there
	for _, base := range []string{"", "nonsense", string(s.Present("ghent").Hash), strings.Repeat("0", 64), strings.Repeat("x", 100_000)} {
		v.Post("/city/berlin", s.Form("berlin", "base", base, "title", "X")...).Want(400, "sent something that we could not read")
		v.Post("/city/berlin/options/alpha", "base", base).Want(400)
	}
}
