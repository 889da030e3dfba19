package city_test

import (
	"net/http"
	"strings"
	"testing"

	"linienfunk/frontend/frontendtest"
)

const (
	importPath = "/city/berlin/import"
	applyPath  = "/city/berlin/import/apply"
)

func many(line string, n int) []string {
	var all []string
	for range n {
		all = append(all, line)
	}
	return all
}

func TestAFileIsShownBeforeItIsUsed(t *testing.T) {
	t.Parallel()
	s, v, _ := frontendtest.Berlin(t)
	file := s.Exported("berlin", map[string]any{"title": "From a file", "triggers": []string{"kontrolle", "neu"}})
	for what, page := range map[string]frontendtest.Answer{"uploaded": v.Upload(importPath, file), "with a mark": v.Upload(importPath, "\uFEFF"+file),
		"pasted": v.Post(importPath, "text", file), "pasted beside no file": v.Upload(importPath, "", "text", file)} {
		page.Want(200, "Nothing is saved yet", "From a file", "neu", "added: ")
		if s.Present("berlin").Title != "Berlin" {
			t.Fatalf("%s: it was saved at once", what)
		}
	}
	page := v.Upload(importPath, file)
	v.Submit(page, applyPath, "note", "aus der Datei").At(historyPath).Want(200, "Saved.", "aus der Datei")
	if got := s.Present("berlin"); got.Title != "From a file" || len(got.Triggers) != 2 {
		t.Errorf("in force: %+v", got.Settings)
	}
	v.Submit(page, applyPath).At(historyPath).Want(200, "Nothing to change")
	v.Upload(importPath, s.Exported("berlin", nil)).At(historyPath).Want(200, "Nothing to change")
}

func TestAFileFromAnotherCitySaysSo(t *testing.T) {
	t.Parallel()
	s, v, _ := frontendtest.Berlin(t)
	s.Admin("cy@example.org", "ghent")
	page := v.Upload(importPath, s.Exported("ghent", nil)).Want(200, "another city: ghent", "Imported from a file of ghent")
	v.Submit(page, applyPath).At(historyPath).Want(200, "Imported from a file of ghent")
	if got := s.Present("berlin").Title; got != "Ghent" {
		t.Errorf("in force: %q", got)
	}
}

func TestAPreviewIsShownAgainWhenSomebodyHasSavedMeanwhile(t *testing.T) {
	t.Parallel()
	s, v, _ := frontendtest.Berlin(t)
	page := v.Upload(importPath, s.Exported("berlin", map[string]any{"title": "From a file"}))
	s.Save("berlin", 0, map[string]any{"about": "theirs"})
	page = v.Submit(page, applyPath).Want(http.StatusConflict, "Somebody saved in the meantime", "theirs", "From a file")
	if got := s.Present("berlin"); got.Title != "Berlin" || got.About != "theirs" {
		t.Fatalf("in force: %+v", got.Settings)
	}
	v.Submit(page, applyPath).At(historyPath).Want(200, "Saved.")
	if got := s.Present("berlin"); got.Title != "From a file" || got.About != "" {
		t.Errorf("in force: %+v", got.Settings)
	}
}

func TestAFileWithMistakesSaysWhereTheyAre(t *testing.T) {
	t.Parallel()
	s, v, _ := frontendtest.Berlin(t)
	before := s.Present("berlin").Hash
	for what, c := range map[string]struct {
		changes map[string]any
		says    string
	}{
		"a bad line":     {map[string]any{"triggers": []string{"ok", "/(/"}}, "Triggers: Line 2"},
		"unknown":        {map[string]any{"colour": "red"}, "colour: There is no such setting"},
		"a bot's":        {map[string]any{"bots.gone.x": 1}, "bots.gone.x: There is no such setting"},
		"a wrong type":   {map[string]any{"title": 3}, "City: The value has the wrong type"},
		"no choice":      {map[string]any{"bots.alpha.who_may": "nobody"}, "Fake network: Who may report: Please choose"},
		"a long text":    {map[string]any{"bots.alpha.greeting": strings.Repeat("x", 41)}, "Fake network: Greeting: At most 40"},
		"without title":  {map[string]any{"title": nil}, "City: Please fill this in"},
		"a zone":         {map[string]any{"time_zone": "Mars"}, "Time zone: Please choose"},
		"many mistakes":  {map[string]any{"blocked": many("*", 90)}, "And 40 more mistakes"},
		"far too much":   {map[string]any{"about": strings.Repeat("x", 400_000)}, "The settings are too large"},
		"no bots at all": {map[string]any{"bots": "x"}, "The value has the wrong type"},
	} {
		t.Run(what, func(t *testing.T) {
			v.T = t
			v.Upload(importPath, s.Exported("berlin", c.changes)).Want(422, "This file cannot be used here", c.says, `role="alert"`)
		})
	}
	v.T = t
	for what, text := range map[string]string{"nothing": "", "no JSON": "hello", "no file of ours": `{"title":"x"}`, "a list": "[]", "bytes": "\xff\xfe\x00",
		"no document": `{"format":"linienfunk settings 1"}`, "null": `{"format":"linienfunk settings 1","document":null}`,
		"half a letter": `{"format":"linienfunk settings 1","document":{"title":"\ud800"}}`, "deep": strings.Repeat("[", 100_000)} {
		if got := v.Upload(importPath, text); got.Status != 422 || !strings.Contains(got.Text, "This is not a file with settings") {
			t.Errorf("%s, uploaded: status %d", what, got.Status)
		}
		if got := v.Post(importPath, "text", text); got.Status != 422 {
			t.Errorf("%s, pasted: status %d", what, got.Status)
		}
	}
	for _, document := range []string{"", "null", "{", "[]", `{"about":1e999}`, strings.Repeat("x", 500_000)} {
		v.Post(applyPath, "base", string(before), "document", document).Want(400)
	}
	v.Post(applyPath, "document", "{}").Want(400)
	v.Post(applyPath, "base", string(before), "document", `{"colour":"red"}`).Want(422, "colour")
	v.Post(applyPath, "base", "old", "document", `{"colour":"red"}`).Want(422, "colour")
	if s.Present("berlin").Hash != before {
		t.Error("something was saved")
	}
}
