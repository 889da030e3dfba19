package frontend

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"linienfunk/db"
	"linienfunk/settings"
)

const historyPath = "/city/berlin/history"

// past is a city with some changes, and its admin.
func past(t *testing.T, changes ...map[string]any) (*site, *visitor, db.Admin) {
	t.Helper()
	s := newSite(t, two)
	admin := s.admin("ada@example.org", "berlin")
	for _, one := range changes {
		s.save("berlin", admin.ID, one)
	}
	return s, s.visitorAs("ada@example.org"), admin
}

func TestTheHistoryTellsWhoChangedWhatAndWhy(t *testing.T) {
	s, v, ada := past(t)
	bo := s.admin("bo@example.org")
	s.save("berlin", ada.ID, map[string]any{"triggers": []string{"kontrolle", "u8"}, "blocked": []string{}})
	s.save("berlin", 0, map[string]any{"triggers": []string{"kontrolle", "tram", ""}, "active": false})
	s.save("berlin", bo.ID, map[string]any{"about": strings.Repeat("lang ", 100), "bots.alpha.who_may": "few", "lang": "de"})
	v.submit(v.get("/city/berlin"), "/city/berlin", "freshness_minutes", "45", "note", "weil  der\nWinter kommt").want(200)
	check(t, s.DB.Delete(&db.Admin{}, bo.ID).Error)
	page := v.get(historyPath).want(200, "Change 5", "ada@example.org", "weil der Winter kommt", "30 minutes", "45 minutes",
		"Change 4", "somebody who has left", "Fake network: Who may report", "Only who we follow", "English", "Deutsch", "<details>",
		"Linienfunk", "added: </span>", "tram", "removed: </span>", "(blank line)", "Carry reports", ">off<", "What the city began with",
		string(s.present("berlin").Hash)).wantNot("bo@example.org")
	if n := strings.Count(page.text, `action="/city/berlin/undo"`); n != 4 {
		t.Errorf("%d changes can be undone, want all but the first", n)
	}
	if strings.Index(page.text, "Change 5") > strings.Index(page.text, "Change 4") {
		t.Error("the newest is not first")
	}
}

func TestTheHistoryHasPagesOfTwenty(t *testing.T) {
	s, v, _ := past(t)
	for i := range 24 {
		s.save("berlin", 0, map[string]any{"title": fmt.Sprint("Title ", i)})
	}
	v.get(historyPath).want(200, `id="change-25"`, `id="change-6"`, "?before=6\"").wantNot(`id="change-5"`, "Newest")
	v.get(historyPath+"?before=6").want(200, `id="change-5"`, `id="change-1"`, "Newest").wantNot(`id="change-6"`, "rel=\"next\"")
	for _, before := range []string{"nonsense", "-1", "99999999999999999999", "100"} {
		v.get(historyPath+"?before="+before).want(200, `id="change-25"`)
	}
	v.get(historyPath + "?before=1").want(200).wantNot(`id="change-`)
}

func TestTimesAreThoseOfTheCitysZone(t *testing.T) {
	s, v, _ := past(t)
	sample(s, "berlin", 1)
	v.submit(v.get("/city/berlin"), "/city/berlin", "time_zone", "Pacific/Chatham").want(200, "Saved.", `value="Pacific/Chatham" selected`)
	at := s.now().In(s.present("berlin").Zone())
	for _, path := range []string{historyPath, "/city/berlin/ledger"} {
		v.get(path).want(200, at.Format("MST"))
	}
	v.submit(v.get("/city/berlin"), "/city/berlin", "time_zone", "Berlin").want(422, "one of the time zones", `id="f-time_zone-error"`)
}

func TestABrokenChainIsNamedAndWhatIsSoundIsShown(t *testing.T) {
	s, v, _ := past(t, map[string]any{"title": "Two"}, map[string]any{"title": "Three"}, map[string]any{"title": "Four"})
	v.get(historyPath).want(200, "Change 4") // it is written
	check(t, s.DB.Exec("UPDATE settings_links SET note = 'forged' WHERE number = 3").Error)
	v.get(historyPath).want(200, `role="alert"`, "This history is damaged", "link 4", `id="change-2"`).wantNot(`/undo"`, `id="change-4"`)
	v.post("/city/berlin/undo", "hash", string(s.present("berlin").Hash), "base", string(s.present("berlin").Hash)).at(historyPath)
}

// undo presses the button of a change.
func (v *visitor) undo(number int) answer {
	v.t.Helper()
	all, err := v.storage.History(v.t.Context(), "berlin")
	check(v.t, err)
	return v.post("/city/berlin/undo", "hash", string(all[number-1].Hash), "base", string(v.present("berlin").Hash))
}

func TestUndoingTakesOneChangeBackAndLeavesLaterOnesAlone(t *testing.T) {
	s, v, _ := past(t, map[string]any{"triggers": []string{"kontrolle", "u8"}, "about": "two"}, map[string]any{"title": "Three"},
		map[string]any{"triggers": []string{"kontrolle", "u8", "tram"}})
	v.get(historyPath).want(200, "Change 4")
	before := settings.Default("berlin", "en").Triggers
	v.undo(2).at(historyPath).want(200, "Saved.", "Change 5", "Undoes change 2")
	got := s.present("berlin")
	if got.About != "" || got.Title != "Three" || len(got.Triggers) != len(before)+1 || !strings.Contains(fmt.Sprint(got.Triggers), "tram") {
		t.Errorf("in force: %+v", got.Settings)
	}
	v.undo(5).at(historyPath).want(200, "Undoes change 5")
	if got := s.present("berlin"); got.About != "two" {
		t.Errorf("in force: %+v", got.Settings)
	}
}

func TestAChangeOnWhichAnotherStandsIsNotUndone(t *testing.T) {
	s, v, _ := past(t, map[string]any{"title": "Two", "about": "x"}, map[string]any{"lang": "de"}, map[string]any{"title": "Four"})
	v.get(historyPath).want(200, "Change 4")
	now := s.present("berlin").Hash
	v.undo(2).want(http.StatusConflict, "Change 2 cannot be undone by itself", "Change 4", "ada@example.org", "City").wantNot("Change 3")
	if s.present("berlin").Hash != now {
		t.Error("something was changed")
	}
}

func TestUndoingTakesNothingButAChangeOfTheCity(t *testing.T) {
	s, v, _ := past(t, map[string]any{"title": "Two"})
	s.admin("cy@example.org", "ghent")
	now := string(s.present("berlin").Hash)
	v.get(historyPath).want(200, "Change 2")
	v.undo(1).want(400)
	for _, hash := range []string{"", "nonsense", strings.Repeat("x", 100_000), string(s.present("ghent").Hash)} {
		v.post("/city/berlin/undo", "hash", hash, "base", now).want(400)
	}
	v.post("/city/berlin/undo", "hash", now).want(400)
	v.post("/city/berlin/undo", "hash", now, "base", "old").at(historyPath).want(200, "changed the settings meanwhile", `role="alert"`)
	if got := s.present("berlin").Title; got != "Two" {
		t.Errorf("in force: %q", got)
	}
}

func TestSettingsComeAsAFile(t *testing.T) {
	s, v, _ := past(t, map[string]any{"title": "Zwei"})
	got := v.get("/city/berlin/settings.json").want(200)
	for name, want := range map[string]string{
		"Content-Disposition": `attachment; filename="linienfunk-berlin.json"`, "Cache-Control": "no-store", "Content-Type": "application/json",
	} {
		if is := got.header.Get(name); is != want {
			t.Errorf("%s: %s", name, is)
		}
	}
	var file settings.Export
	check(t, json.Unmarshal([]byte(got.raw), &file))
	if document, err := settings.ReadExport([]byte(got.raw)); err != nil || string(document) != string(s.present("berlin").Document) || file.City != "berlin" {
		t.Errorf("file of %s: %s, %v", file.City, document, err)
	}
}
