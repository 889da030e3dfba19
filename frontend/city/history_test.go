package city_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"linienfunk/db"
	"linienfunk/frontend/frontendtest"
	"linienfunk/settings"
	"linienfunk/transit/network"
)

const (
	historyPath = "/city/berlin/history"
	undoPath    = "/city/berlin/undo/apply"
)

// undo submits the undo form of a change, which leads to a preview.
func undo(v *frontendtest.Visitor, number int) frontendtest.Answer {
	v.T.Helper()
	all, err := v.Storage.History(v.T.Context(), "berlin")
	frontendtest.Check(v.T, err)
	return v.Post("/city/berlin/undo", "hash", string(all[number-1].Hash), "base", string(v.Present("berlin").Hash))
}

func TestTheHistoryTellsWhoChangedWhatAndWhy(t *testing.T) {
	t.Parallel()
	s, v, ada := frontendtest.Berlin(t)
	bo := s.Admin("bo@example.org")
	s.Save("berlin", ada.ID, map[string]any{"triggers": []string{"kontrolle", "u8"}, "blocked": []string{}})
	s.Save("berlin", 0, map[string]any{"triggers": []string{"kontrolle", "tram", ""}, "active": false})
	s.Save("berlin", bo.ID, map[string]any{"about": strings.Repeat("lang ", 100), "bots.alpha.who_may": "few", "lang": "de"})
	v.Submit(v.Get("/city/berlin"), "/city/berlin", "freshness_minutes", "45", "note", "weil  der\nWinter kommt").Want(200)
	frontendtest.Check(t, s.Site.DB.Delete(&db.Admin{}, bo.ID).Error)
	page := v.Get(historyPath).Want(200, "Change 5", "ada@example.org", "weil der Winter kommt", "30 minutes", "45 minutes",
		"Change 4", "a former admin", "Fake network: Who may report", "Only who we follow", "English", "Deutsch", "<details>",
		"Linienfunk", "added: </span>", "tram", "removed: </span>", "(blank line)", "Relay reports", ">off<", "The first settings of the city",
		string(s.Present("berlin").Hash)).WantNot("bo@example.org")
	if n := strings.Count(page.Text, `action="/city/berlin/undo"`); n != 4 {
		t.Errorf("%d changes can be undone, want all but the first", n)
	}
	if strings.Index(page.Text, "Change 5") > strings.Index(page.Text, "Change 4") {
		t.Error("the newest is not first")
	}
}

func TestTheHistoryHasPagesOfTwenty(t *testing.T) {
	t.Parallel()
	s, v, _ := frontendtest.Berlin(t)
	for i := range 24 {
		s.Save("berlin", 0, map[string]any{"title": fmt.Sprint("Title ", i)})
	}
	v.Get(historyPath).Want(200, `id="change-25"`, `id="change-6"`, "?before=6\"").WantNot(`id="change-5"`, "Newest")
	v.Get(historyPath+"?before=6").Want(200, `id="change-5"`, `id="change-1"`, "Newest").WantNot(`id="change-6"`, "rel=\"next\"")
	for _, before := range []string{"nonsense", "-1", "99999999999999999999", "100"} {
		v.Get(historyPath+"?before="+before).Want(200, `id="change-25"`)
	}
	v.Get(historyPath + "?before=1").Want(200).WantNot(`id="change-`)
}

func TestTimesAreInTheCitysTimeZone(t *testing.T) {
	t.Parallel()
	s, v, _ := frontendtest.Berlin(t)
	s.Sample("berlin", 1)
	v.Submit(v.Get("/city/berlin"), "/city/berlin", "time_zone", "Pacific/Chatham").Want(200, "Saved.", `value="Pacific/Chatham" selected`)
	at := s.Now().In(s.Present("berlin").Zone())
	for _, path := range []string{historyPath, "/city/berlin/ledger"} {
		v.Get(path).Want(200, at.Format("MST"))
	}
	v.Submit(v.Get("/city/berlin"), "/city/berlin", "time_zone", "Berlin").Want(422, "one of the time zones", `id="f-time_zone-error"`)
}

func TestNewestFirstIsSwitchedOnAndOff(t *testing.T) {
	t.Parallel()
	s, v, _ := frontendtest.Berlin(t)
	v.Get("/city/berlin").WantNot(`name="newest_first" checked`)
	v.Submit(v.Get("/city/berlin"), "/city/berlin", "newest_first", "on").Want(200, "Saved.", `name="newest_first" checked`)
	if !s.Present("berlin").NewestFirst {
		t.Error("it is not in force")
	}
	v.Get(historyPath).Want(200, "Newest first", "off", "on")
	v.Submit(v.Get("/city/berlin"), "/city/berlin", "newest_first", "").WantNot(`name="newest_first" checked`)
	if s.Present("berlin").NewestFirst {
		t.Error("it is still in force")
	}
}

func TestABrokenChainIsReportedAndItsIntactPartIsShown(t *testing.T) {
	t.Parallel()
	s, v, _ := frontendtest.Berlin(t, map[string]any{"title": "Two"}, map[string]any{"title": "Three"}, map[string]any{"title": "Four"})
	v.Get(historyPath).Want(200, "Change 4") // it is written
	frontendtest.Check(t, s.Site.DB.Exec("UPDATE settings_links SET note = 'forged' WHERE number = 3").Error)
	v.Get(historyPath).Want(200, `role="alert"`, "This history is damaged", "link 4", `id="change-2"`).WantNot(`/undo"`, `id="change-4"`)
	v.Post("/city/berlin/undo", "hash", string(s.Present("berlin").Hash), "base", string(s.Present("berlin").Hash)).At(historyPath)
}

func TestUndoingRevertsOneChangeAndKeepsLaterOnes(t *testing.T) {
	t.Parallel()
	s, v, _ := frontendtest.Berlin(t, map[string]any{"triggers": []string{"kontrolle", "u8"}, "about": "two"}, map[string]any{"title": "Three"},
		map[string]any{"triggers": []string{"kontrolle", "u8", "tram"}})
	v.Get(historyPath).Want(200, "Change 4")
	before := settings.Default("berlin", "en").Triggers
	now := s.Present("berlin").Hash
	preview := undo(v, 2).Want(200, "What undoing change 2 would change", "<del>two</del>", "Nothing is saved yet")
	if s.Present("berlin").Hash != now {
		t.Fatal("the preview saved")
	}
	v.Submit(preview, undoPath).At(historyPath).Want(200, "Saved.", "Change 5", "Undoes change 2")
	got := s.Present("berlin")
	if got.About != "" || got.Title != "Three" || len(got.Triggers) != len(before)+1 || !strings.Contains(fmt.Sprint(got.Triggers), "tram") {
		t.Errorf("in force: %+v", got.Settings)
	}
	v.Submit(preview, undoPath).At(historyPath).Want(200, "already saved").WantNot("Change 6") // a double click
	v.Submit(undo(v, 5), undoPath, "note", "Doch nicht").At(historyPath).Want(200, "Doch nicht")
	if got := s.Present("berlin"); got.About != "two" {
		t.Errorf("in force: %+v", got.Settings)
	}
	v.Submit(preview, undoPath).At(historyPath).Want(200, "changed the settings in the meantime")
}

func TestAChangeWhoseFieldsWereChangedLaterIsNotUndone(t *testing.T) {
	t.Parallel()
	s, v, _ := frontendtest.Berlin(t, map[string]any{"title": "Two", "about": "x"}, map[string]any{"lang": "de"}, map[string]any{"title": "Four"})
	v.Get(historyPath).Want(200, "Change 4")
	now := s.Present("berlin").Hash
	undo(v, 2).Want(http.StatusConflict, "Change 2 cannot be undone by itself", "Change 4", "ada@example.org", "City").WantNot("Change 3")
	if s.Present("berlin").Hash != now {
		t.Error("something was changed")
	}
}

func TestOnlyAChangeOfTheCityCanBeUndone(t *testing.T) {
	t.Parallel()
	s, v, _ := frontendtest.Berlin(t, map[string]any{"title": "Two"})
	s.Admin("cy@example.org", "ghent")
	now := string(s.Present("berlin").Hash)
	v.Get(historyPath).Want(200, "Change 2")
	undo(v, 1).Want(400)
	for _, hash := range []string{"", "nonsense", strings.Repeat("x", 100_000), string(s.Present("ghent").Hash)} {
		v.Post("/city/berlin/undo", "hash", hash, "base", now).Want(400)
	}
	v.Post("/city/berlin/undo", "hash", now).Want(400)
	v.Post(undoPath, "hash", now, "base", "old").At(historyPath).Want(200, "changed the settings in the meantime")
	v.Post("/city/berlin/undo", "hash", now, "base", "old").At(historyPath).Want(200, "changed the settings in the meantime", `role="alert"`)
	if got := s.Present("berlin").Title; got != "Two" {
		t.Errorf("in force: %q", got)
	}
}

func TestSettingsCanBeDownloadedAsAFile(t *testing.T) {
	t.Parallel()
	s, v, _ := frontendtest.Berlin(t, map[string]any{"title": "Zwei"})
	got := v.Get("/city/berlin/settings.json").Want(200)
	for name, want := range map[string]string{
		"Content-Disposition": `attachment; filename="linienfunk-berlin.json"`, "Cache-Control": "no-store", "Content-Type": "application/json",
	} {
		if is := got.Header.Get(name); is != want {
			t.Errorf("%s: %s", name, is)
		}
	}
	var file settings.Export
	frontendtest.Check(t, json.Unmarshal([]byte(got.Raw), &file))
	if document, err := settings.ReadExport([]byte(got.Raw)); err != nil || string(document) != string(s.Present("berlin").Document) || file.City != "berlin" {
		t.Errorf("file of %s: %s, %v", file.City, document, err)
	}
}

func TestTheHistorySaysHowLargeANetworkIs(t *testing.T) {
	t.Parallel()
	s, v, _ := frontendtest.Berlin(t)
	n, err := network.FromLists("U1: Mill, Harbour\nU2", "")
	frontendtest.Check(t, err)
	hash, err := s.Site.Networks.Save(t.Context(), n)
	frontendtest.Check(t, err)
	away := strings.Repeat("ab", 32)
	s.Save("berlin", 0, map[string]any{"network": hash, "stop_names": []string{"Mill = M"}})
	s.Save("berlin", 0, map[string]any{"network": away})
	v.Get("/city/berlin/history").Want(200, "Lines and stops", "2 lines, 2 stops ("+hash[:8]+")", "not on this server (abababab)", "Other names of stops", "Mill = M")
}
