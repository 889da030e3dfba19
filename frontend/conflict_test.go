package frontend

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

const mergePath = "/city/berlin/merge"

// clash makes a city in which bo has saved something since ada opened the form, and saves what ada has in it.
func clash(t *testing.T, theirs map[string]any, mine ...string) (s *site, ada *visitor, page answer) {
	t.Helper()
	s = newSite(t, two)
	s.admin("ada@example.org", "berlin")
	bo := s.admin("bo@example.org")
	ada = s.visitorAs("ada@example.org")
	s.save("berlin", 0, map[string]any{"triggers": []string{"kontrolle", "u8"}, "about": "old", "lang": "de"})
	open := ada.get("/city/berlin")
	s.save("berlin", bo.ID, theirs)
	page = ada.submit(open, "/city/berlin", mine...)
	return s, ada, page
}

func TestWhoSavesLaterSeesBothVersionsAndNothingIsOverwritten(t *testing.T) {
	s, ada, page := clash(t, map[string]any{"about": "theirs", "triggers": []string{"kontrolle", "u8", "theirs"}, "listed": false},
		"about", "mine", "triggers", "kontrolle\nmine", "freshness_minutes", "45")
	page.want(http.StatusConflict, "Somebody else has saved meanwhile", "bo@example.org", "old", "theirs", "mine", "45 minutes",
		"Both together")
	if got := s.present("berlin"); got.About != "theirs" || got.FreshnessMinutes != 30 {
		t.Errorf("in force: %+v", got.Settings)
	}
	form := page.form(mergePath)
	for field, want := range map[string]string{"about": "", "triggers": "both", "listed": "theirs", "freshness_minutes": "mine"} {
		if got := form.Get(pickField + field); got != want {
			t.Errorf("for %s %q is chosen, want %q", field, got, want)
		}
	}
	if form.Has(pickField + "title") {
		t.Error("one must choose for a field that nobody changed")
	}
	ada.submit(page, mergePath, "pick.about", "mine").at("/city/berlin").want(200, "Saved.")
	got := s.present("berlin")
	if got.About != "mine" || got.FreshnessMinutes != 45 || got.Listed || !slices.Equal(got.Triggers, []string{"kontrolle", "mine", "theirs"}) {
		t.Errorf("in force: %+v", got.Settings)
	}
}

func TestEachFieldTakesTheSideThatWasPicked(t *testing.T) {
	for pick, want := range map[string][]string{"mine": {"kontrolle", "mine"}, "theirs": {"kontrolle", "u8", "theirs"}, "both": {"kontrolle", "mine", "theirs"}} {
		t.Run(pick, func(t *testing.T) {
			s, ada, page := clash(t, map[string]any{"triggers": []string{"kontrolle", "u8", "theirs"}}, "triggers", "kontrolle\nmine")
			ada.t = t
			ada.submit(page, mergePath, "pick.triggers", pick).at("/city/berlin").want(200)
			if got := s.present("berlin").Triggers; !slices.Equal(got, want) {
				t.Errorf("in force: %q, want %q", got, want)
			}
		})
	}
}

func TestAChoiceThatIsMissingOrMadeUpIsAskedForAgain(t *testing.T) {
	s, ada, page := clash(t, map[string]any{"about": "theirs"}, "about", "mine")
	for _, pick := range []string{"", "nonsense", "both"} {
		ada.submit(page, mergePath, "pick.about", pick).want(422, "Please choose what shall stand", "mine")
	}
	if got := s.present("berlin").About; got != "theirs" {
		t.Errorf("in force: %q", got)
	}
}

func TestAThirdChangeBringsThePageAgainWithWhatStillHolds(t *testing.T) {
	s, ada, page := clash(t, map[string]any{"about": "theirs", "title": "Theirs"}, "about", "mine", "title", "Mine")
	s.save("berlin", 0, map[string]any{"about": "third"})
	again := ada.submit(page, mergePath, "pick.about", "mine", "pick.title", "mine", "note", "weil").
		want(http.StatusConflict, "somebody has saved once more", "third", "Linienfunk", `value="weil"`)
	if got := s.present("berlin"); got.About != "third" || got.Title != "Theirs" {
		t.Errorf("in force: %+v", got.Settings)
	}
	if form := again.form(mergePath); form.Get("pick.about") != "" || form.Get("pick.title") != "mine" {
		t.Errorf("picked: %v", form)
	}
	ada.submit(again, mergePath, "pick.about", "mine").at("/city/berlin").want(200)
	if got := s.present("berlin"); got.About != "mine" || got.Title != "Mine" {
		t.Errorf("in force: %+v", got.Settings)
	}
}

func TestAMistakeInWhatWasMergedIsShownAtItsField(t *testing.T) {
	s, ada, page := clash(t, map[string]any{"about": "theirs"}, "triggers", "kontrolle\n/(u8/")
	ada.submit(page, mergePath).want(422, "Line 2: this is not a regular expression", "Triggers")
	if got := s.present("berlin").Triggers; len(got) != 2 {
		t.Errorf("in force: %q", got)
	}
}

func TestWhoWantsTheSameOrNothingHasNoConflict(t *testing.T) {
	_, _, page := clash(t, map[string]any{"about": "same"}, "about", "same")
	page.at("/city/berlin").want(200, "Nothing was changed")
	_, _, page = clash(t, map[string]any{"about": "theirs"})
	page.at("/city/berlin").want(200, "Nothing was changed", "theirs")
	_, ada, page := clash(t, map[string]any{"about": "theirs"}, "about", "mine")
	ada.submit(page, mergePath, "pick.about", "theirs").at("/city/berlin").want(200, "Nothing was changed")
}

func TestADocumentFromTheBrowserIsTakenForNothingMoreThanThat(t *testing.T) {
	s, ada, page := clash(t, map[string]any{"about": "theirs"}, "about", "mine")
	before := s.present("berlin").Hash
	s.historyTime = 0 // it is all there: the page before has shown who saved
	for what, document := range map[string]string{
		"none": "", "no JSON": "{", "null": "null", "a list": "[]", "a number": "1", "half a letter": `{"about":"\ud800"}`,
		"deep": strings.Repeat("[", 50_000), "too long": `{"about":"` + strings.Repeat("x", 400_000) + `"}`, "huge number": `{"about":1e999}`,
		"many fields": "{" + manyFields(500) + "}",
	} {
		got := ada.submit(page, mergePath, "document", document, "pick.about", "mine")
		if got.status != 400 {
			t.Errorf("%s: status %d\n%s", what, got.status, got.text)
		}
	}
	for what, document := range map[string]string{
		"an unknown field": `{"title":"Berlin","colour":"red"}`, "a wrong type": `{"title":["Berlin"]}`, "an unknown option": `{"bots":{"alpha":{"x":1}}}`,
		"no bots": `{"bots":3}`,
	} {
		form := []string{"document", document}
		for _, field := range []string{"title", "about", "colour", "bots.alpha.x", "bots", "lang", "active", "listed", "triggers", "blocked",
			"freshness_minutes", "retention_hours", "time_zone"} {
			form = append(form, pickField+field, "mine")
		}
		got := ada.submit(page, mergePath, form...)
		if got.status != 422 {
			t.Errorf("%s: status %d\n%s", what, got.status, got.text)
		}
	}
	for _, field := range []string{"base", "head"} {
		for _, value := range []string{"", "nonsense", strings.Repeat("a", 64), strings.Repeat("ü", 5000)} {
			if got := ada.submit(page, mergePath, "pick.about", "mine", field, value); got.status != 400 {
				t.Errorf("%s %.10q: status %d", field, value, got.status)
			}
		}
	}
	if s.present("berlin").Hash != before {
		t.Error("something was saved")
	}
}

// manyFields is the inside of an object with n fields that nobody knows.
func manyFields(n int) string {
	var fields []string
	for i := range n {
		fields = append(fields, `"x`+strings.Repeat("y", i)+`":1`)
	}
	return strings.Join(fields, ",")
}

func TestAFormFromAnUnknownVersionIsRefused(t *testing.T) {
	s := newSite(t, two)
	s.admin("ada@example.org", "berlin", "ghent")
	v := s.visitorAs("ada@example.org")
	v.get(historyPath).want(200, "Change 1")
	s.historyTime = 0 // it is all there
	for _, base := range []string{"", "nonsense", string(s.present("ghent").Hash), strings.Repeat("0", 64), strings.Repeat("x", 100_000)} {
		v.post("/city/berlin", s.form("berlin", "base", base, "title", "X")...).want(400, "did not arrive whole")
		v.post("/city/berlin/options/alpha", "base", base).want(400)
	}
}
