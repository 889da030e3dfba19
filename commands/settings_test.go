package commands_test

import (
	"bytes"
	"maps"
	"strings"
	"testing"
	"time"

	"linienfunk/commands"
	"linienfunk/settings"
	"linienfunk/settings/chain"
)

func TestSettingsAreChangedByAMergePatchOfTheVersionThatWasSeen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	seen := w.must(w.owner(), "settings show").(commands.CitySettings)
	if seen.City != "bern" || seen.Hash == "" || seen.Settings["title"] != "Bern" {
		t.Fatalf("%+v", seen)
	}
	change := func(changes map[string]any) (commands.SettingsChange, error) {
		result, err := w.run(w.owner(), "settings change", "base", seen.Hash, "changes", changes)
		if err != nil {
			return commands.SettingsChange{}, err
		}
		return result.(commands.SettingsChange), nil
	}
	now, err := change(map[string]any{"title": "Bärn", "triggers": []any{"kontrolle", "post"}})
	w.check(err)
	if now.Hash == seen.Hash || now.Settings["title"] != "Bärn" || len(now.Settings["triggers"].([]any)) != 2 {
		t.Errorf("%+v", now)
	}
	if _, err := change(map[string]any{"title": "Bern"}); commands.AsRefusals(err) == nil || commands.AsRefusals(err)[0].Reason != commands.Outdated {
		t.Errorf("of a version that is not the present one: %v", err)
	}
	command, _ := w.Find("settings show")
	document := now.CitySettings
	if text := w.Answer("en", time.UTC, command, document).Text; !strings.Contains(text, "Bärn: running") || !strings.Contains(text, "Triggers: 2; blocked words: 0") || !strings.Contains(text, now.Hash) || strings.Contains(text, "<no value>") {
		t.Errorf("what people read of the settings: %s", text)
	}
	document.Settings = maps.Clone(document.Settings)
	document.Settings["hold_links"], document.Settings["hold_many"] = true, 5.0
	if text := w.Answer("de", time.UTC, command, document).Text; !strings.Contains(text, "Auch zurückgehalten: Meldungen mit einem Link, Meldungen einer Person, von der in der letzten Stunde 5 durchkamen\n") {
		t.Errorf("what people read of the settings: %s", text)
	}
	same := w.must(w.owner(), "settings change", "changes", map[string]any{"title": "Bärn"}).(commands.SettingsChange)
	if same.Hash != now.Hash || same.Changed {
		t.Errorf("no change is a version: %+v", same)
	}
}

func TestAWrongSettingIsRefusedByItsField(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, one := range []struct {
		changes any
		want    string
	}{
		{map[string]any{"title": nil}, "title"}, {map[string]any{"titel": "x"}, "titel"}, {map[string]any{"triggers": []any{"a", "/[/"}}, "triggers"},
		{map[string]any{"freshness_minutes": "30"}, "freshness_minutes"}, {map[string]any{"bots": map[string]any{"nobody": map[string]any{"x": 1}}}, "bots.nobody.x"},
		{"{", ""}, {[]any{1}, ""}, {nil, ""},
	} {
		_, err := w.run(w.owner(), "settings change", "changes", one.changes)
		refusals := commands.AsRefusals(err)
		if len(refusals) == 0 || refusals[0].Param != "changes" || refusals[0].Field != one.want {
			t.Errorf("%v: %v", one.changes, err)
		}
	}
	if s := w.must(w.owner(), "settings show").(commands.CitySettings); s.Settings["title"] != "Bern" {
		t.Errorf("%+v", s)
	}
}

// change runs a command that changes the settings.
func (w *world) change(name string, pairs ...any) commands.SettingsChange {
	w.t.Helper()
	return w.must(w.owner(), name, pairs...).(commands.SettingsChange)
}

// history returns all versions, the present one included.
func (w *world) history() []settings.Version {
	w.t.Helper()
	city, _, err := w.node.Get(w.t.Context(), "bern")
	w.check(err)
	all, err := w.Versions(w.t.Context(), city)
	w.check(err)
	return all
}

func TestTheHistoryNamesTheAuthorAndTheReasonOfACommand(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.change("settings change", "changes", map[string]any{"title": "Bärn"}, "note", "as people say")
	w.change("settings change", "changes", map[string]any{"title": "Bern"})
	w.change("settings change", "changes", map[string]any{"title": "Berna"}, "note", "")
	all := w.history()
	for i, want := range []string{"as people say", "/settings change", ""} {
		if v := all[i+1]; v.Note != want || v.Admin != w.admin.ID {
			t.Errorf("version %d by %d: %q", v.Number, v.Admin, v.Note)
		}
	}
}

func TestARefusalBringsTheVersionThatWonAndTheSettingsThatAreWrong(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	seen := w.must(w.owner(), "settings show").(commands.CitySettings)
	won := w.change("settings change", "changes", map[string]any{"title": "Bärn"})
	for _, name := range []string{"settings change", "settings replace"} {
		param := map[string]string{"settings change": "changes", "settings replace": "document"}[name]
		_, err := w.run(w.owner(), name, "base", seen.Hash, param, map[string]any{"title": ""})
		refusals := commands.AsRefusals(err)
		if len(refusals) != 1 || refusals[0].Now == nil || string(refusals[0].Now.Hash) != won.Hash {
			t.Errorf("%s of an older version: %v", name, err)
		}
		_, err = w.run(w.owner(), name, "base", won.Hash, param, map[string]any{"title": "", "lang": "tlh"})
		if found := commands.AsRefusals(err).Settings(); len(found) != 2 || found[0].Field != "title" || found[1].TextID != "settings-error-lang" {
			t.Errorf("%s with mistakes: %v", name, err)
		}
	}
}

func TestWhatChangesNothingIsNoVersionAndNobodyHearsOfIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.linked("ada")
	key := commands.Actor{ID: "operator", Level: commands.Operator, Lang: "en"}
	same := w.must(key, "settings change", "changes", map[string]any{"title": "Bern"}).(commands.SettingsChange)
	if same.Changed || len(w.history()) != 1 || len(w.net.toldTo("ada")) != 0 {
		t.Errorf("%+v, told %+v", same, w.net.toldTo("ada"))
	}
	w.must(key, "settings change", "changes", map[string]any{"title": "Bärn"})
	if told := w.net.toldTo("ada"); len(told) != 1 {
		t.Errorf("told %+v", told)
	}
}

func TestSettingsAreReplacedByADocumentOrAFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	document := w.must(w.owner(), "settings show").(commands.CitySettings).Settings
	document["title"] = "Bärn"
	now := w.change("settings replace", "document", document)
	if now.Settings["title"] != "Bärn" {
		t.Errorf("%+v", now)
	}
	document["title"] = "Berna"
	file := map[string]any{"format": "linienfunk settings 1", "city": "another", "version": "", "document": document}
	if now := w.change("settings replace", "document", file); now.Settings["title"] != "Berna" || !now.Changed {
		t.Errorf("%+v", now)
	}
	file["format"] = "linienfunk settings 99"
	if got := w.refused(w.owner(), "settings replace", "document", file); got != "invalid document" {
		t.Error(got)
	}
}

func TestAChangeIsUndoneAndLaterOnesStay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.change("settings change", "changes", map[string]any{"title": "Bärn"})
	w.change("settings change", "changes", map[string]any{"about": "later"})
	undone := w.change("settings undo", "version", "2")
	if undone.Settings["title"] != "Bern" || undone.Settings["about"] != "later" {
		t.Errorf("%+v", undone)
	}
	base := string(w.history()[2].Hash) // the form was sent twice
	if again := w.change("settings undo", "version", first.Hash, "base", base); again.Changed || again.Hash != undone.Hash {
		t.Errorf("again: %+v", again)
	}
	w.change("settings change", "changes", map[string]any{"about": "later still"})
	for version, want := range map[string]string{"3": "conflict version", "1": "conflict version", "99": "not-found version", "x": "not-found version"} {
		if got := w.refused(w.owner(), "settings undo", "version", version); got != want {
			t.Errorf("version %s: %s", version, got)
		}
	}
	if got := w.refused(w.owner(), "settings undo", "version", "5", "base", first.Hash); got != "outdated" {
		t.Error(got)
	}
	if a, _ := w.writes("rider", "/settings undo 5"); !a.Refused {
		t.Errorf("%+v", a)
	}
	w.linked("ada")
	if a, _ := w.writes("ada", "/settings undo #5"); a.Refused {
		t.Errorf("%+v", a)
	}
	if a, _ := w.writes("ada", `/settings change {"about": "from a chat", "title": "Bern"} said so`); a.Refused {
		t.Errorf("%+v", a)
	}
	if all := w.history(); all[len(all)-1].Note != "said so" {
		t.Errorf("%+v", all[len(all)-1])
	}
}

func FuzzAMergePatchTurnsOneDocumentIntoAnother(f *testing.F) {
	for _, seed := range [][2]string{{`{}`, `{"a":1}`}, {`{"a":{"b":1,"c":[1]}}`, `{"a":{"b":2}}`}, {`{"a":{}}`, `{"a":[]}`}, {`{"a":1}`, `{"a":{}}`}, {`{"bots":{"x":{"y":1}}}`, `{"bots":{"x":{}}}`}} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, from, to string) {
		a, errA := chain.Canonical([]byte(from))
		b, errB := chain.Canonical([]byte(to))
		if errA != nil || errB != nil || len(a) == 0 || len(b) == 0 || a[0] != '{' || b[0] != '{' || strings.Contains(to, "null") {
			return
		}
		patch, err := commands.MergePatch(a, b)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := commands.Merged(a, patch); err != nil || !bytes.Equal(got, b) {
			t.Errorf("%s with %v: %s, not %s (%v)", a, patch, got, b, err)
		}
	})
}
