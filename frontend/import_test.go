package frontend

import (
	"net/http"
	"strings"
	"testing"

	"linienfunk/settings"
)

const (
	importPath = "/city/berlin/import"
	applyPath  = "/city/berlin/import/apply"
)

// file is the city's settings as a file, with changes.
func (s *site) file(city string, changes map[string]any) string {
	s.t.Helper()
	now := s.present(city)
	document, err := settings.With(now.Document, changes)
	check(s.t, err)
	text, err := settings.NewExport(city, now.Hash, document)
	check(s.t, err)
	return string(text)
}

func TestAFileIsShownBeforeItIsUsed(t *testing.T) {
	s, v, _ := past(t)
	file := s.file("berlin", map[string]any{"title": "From a file", "triggers": []string{"kontrolle", "neu"}})
	for what, page := range map[string]answer{"uploaded": v.upload(importPath, file), "with a mark": v.upload(importPath, "\uFEFF"+file),
		"pasted": v.post(importPath, "text", file), "pasted beside no file": v.upload(importPath, "", "text", file)} {
		page.want(200, "Nothing is saved yet", "From a file", "neu", "added: ")
		if s.present("berlin").Title != "Berlin" {
			t.Fatalf("%s: it was saved at once", what)
		}
	}
	page := v.upload(importPath, file)
	v.submit(page, applyPath, "note", "aus der Datei").at(historyPath).want(200, "Saved.", "aus der Datei")
	if got := s.present("berlin"); got.Title != "From a file" || len(got.Triggers) != 2 {
		t.Errorf("in force: %+v", got.Settings)
	}
	v.submit(page, applyPath).at(historyPath).want(200, "Nothing to change")
	v.upload(importPath, s.file("berlin", nil)).at(historyPath).want(200, "Nothing to change")
}

func TestAFileFromAnotherCitySaysSo(t *testing.T) {
	s, v, _ := past(t)
	s.admin("cy@example.org", "ghent")
	page := v.upload(importPath, s.file("ghent", nil)).want(200, "another city: ghent", "From a file of ghent")
	v.submit(page, applyPath).at(historyPath).want(200, "From a file of ghent")
	if got := s.present("berlin").Title; got != "Ghent" {
		t.Errorf("in force: %q", got)
	}
}

func TestAPreviewIsShownAgainWhenSomebodyHasSavedMeanwhile(t *testing.T) {
	s, v, _ := past(t)
	page := v.upload(importPath, s.file("berlin", map[string]any{"title": "From a file"}))
	s.save("berlin", 0, map[string]any{"about": "theirs"})
	page = v.submit(page, applyPath).want(http.StatusConflict, "Somebody has saved meanwhile", "theirs", "From a file")
	if got := s.present("berlin"); got.Title != "Berlin" || got.About != "theirs" {
		t.Fatalf("in force: %+v", got.Settings)
	}
	v.submit(page, applyPath).at(historyPath).want(200, "Saved.")
	if got := s.present("berlin"); got.Title != "From a file" || got.About != "" {
		t.Errorf("in force: %+v", got.Settings)
	}
}

func TestAFileWithMistakesSaysWhereTheyAre(t *testing.T) {
	s, v, _ := past(t)
	before := s.present("berlin").Hash
	for what, c := range map[string]struct {
		changes map[string]any
		says    string
	}{
		"a bad line":     {map[string]any{"triggers": []string{"ok", "/(/"}}, "Triggers: Line 2"},
		"unknown":        {map[string]any{"colour": "red"}, "colour: There is no such setting"},
		"a bot's":        {map[string]any{"bots.gone.x": 1}, "bots.gone.x: There is no such setting"},
		"a wrong type":   {map[string]any{"title": 3}, "City: The value is of the wrong kind"},
		"no choice":      {map[string]any{"bots.alpha.who_may": "nobody"}, "Fake network: Who may report: Please choose"},
		"a long text":    {map[string]any{"bots.alpha.greeting": strings.Repeat("x", 41)}, "Fake network: Greeting: At most 40"},
		"without title":  {map[string]any{"title": nil}, "City: Please fill this in"},
		"a zone":         {map[string]any{"time_zone": "Mars"}, "Time zone: Please choose"},
		"many mistakes":  {map[string]any{"blocked": many("*", 90)}, "And 40 more mistakes"},
		"far too much":   {map[string]any{"about": strings.Repeat("x", 400_000)}, "All in all this is too much"},
		"no bots at all": {map[string]any{"bots": "x"}, "The value is of the wrong kind"},
	} {
		t.Run(what, func(t *testing.T) {
			v.t = t
			v.upload(importPath, s.file("berlin", c.changes)).want(422, "This file cannot be used here", c.says, `role="alert"`)
		})
	}
	v.t = t
	for what, text := range map[string]string{"nothing": "", "no JSON": "hello", "no file of ours": `{"title":"x"}`, "a list": "[]", "bytes": "\xff\xfe\x00",
		"no document": `{"format":"linienfunk settings 1"}`, "null": `{"format":"linienfunk settings 1","document":null}`,
		"half a letter": `{"format":"linienfunk settings 1","document":{"title":"\ud800"}}`, "deep": strings.Repeat("[", 100_000)} {
		if got := v.upload(importPath, text); got.status != 422 || !strings.Contains(got.text, "This is no file with settings") {
			t.Errorf("%s, uploaded: status %d", what, got.status)
		}
		if got := v.post(importPath, "text", text); got.status != 422 {
			t.Errorf("%s, pasted: status %d", what, got.status)
		}
	}
	for _, document := range []string{"", "null", "{", "[]", `{"about":1e999}`, strings.Repeat("x", 500_000)} {
		v.post(applyPath, "base", string(before), "document", document).want(400)
	}
	v.post(applyPath, "document", "{}").want(400)
	v.post(applyPath, "base", string(before), "document", `{"colour":"red"}`).want(422, "colour")
	v.post(applyPath, "base", "old", "document", `{"colour":"red"}`).want(422, "colour")
	if s.present("berlin").Hash != before {
		t.Error("something was saved")
	}
}

func many(line string, n int) []string {
	var all []string
	for range n {
		all = append(all, line)
	}
	return all
}

func FuzzADocumentFromAFormIsAnObjectOrNone(f *testing.F) {
	for _, seed := range []string{`{"a":1}`, "null", "[]", "{", "", `{"a":{"b":[1e21,"\u0000"]}}`, "\"\xff\""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		document, err := readDocument(text)
		if err != nil {
			return
		}
		if _, err := settings.Fields(document); err != nil {
			t.Errorf("%q: %v", text, err)
		}
		if _, err := settings.With(document, map[string]any{"title": "x", "bots.a.b": true}); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	})
}
