package settings_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"linienfunk/settings"
)

// document encodes a new city's settings with some fields changed.
func document(t testing.TB, changes map[string]any) []byte {
	t.Helper()
	text, err := settings.Default("ghent", "en").Document()
	if err != nil {
		t.Fatal(err)
	}
	if text, err = settings.With(text, changes); err != nil {
		t.Fatal(err)
	}
	return text
}

func TestDefaultsAreValidInEveryLanguage(t *testing.T) {
	t.Parallel()
	for _, lang := range []string{"en", "de"} {
		text, err := settings.Default("ghent", lang).Document()
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := schema.Check([]byte("{}"), text); err != nil {
			t.Errorf("%s: %v", lang, err)
		}
	}
}

func TestAnInvalidFieldIsNamed(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		field string
		value any
		line  int
	}{
		{"empty title", "title", " ", 0},
		{"long title", "title", strings.Repeat("ü", settings.MaxTitle+1), 0},
		{"line break in the title", "title", "a\nb", 0},
		{"text direction in the title", "title", "a\u202eb", 0},
		{"title that is a number", "title", 7, 0},
		{"language that is not spoken", "lang", "tlh", 0},
		{"long text", "about", strings.Repeat("x", settings.MaxAbout+1), 0},
		{"switch that is a text", "active", "yes", 0},
		{"bad expression among the triggers", "triggers", []string{"ok", "/(/"}, 2},
		{"list with a number in it", "triggers", []any{"ok", 7}, 0},
		{"list that is a text", "blocked", "ok", 0},
		{"everything is blocked", "blocked", []string{"*"}, 1},
		{"endless list", "blocked", make([]string, 5000), -1},
		{"no freshness", "freshness_minutes", 0, 0},
		{"half a minute", "freshness_minutes", 1.5, 0},
		{"long retention", "retention_hours", settings.MaxRetention + 1, 0},
		{"zone that is none", "time_zone", "Europe/Atlantis", 0},
		{"zone that is a path", "time_zone", "../../etc/passwd", 0},
		{"field that nobody knows", "colour", "red", 0},
		{"bot that nobody knows", "bots.pigeon.enabled", true, 0},
		{"option that nobody knows", "bots.web.colour", "red", 0},
		{"switch of a bot that is a text", "bots.web.form", "on", 0},
		{"choice that there is not", "bots.fake.repost", "sing", 0},
		{"number of a bot that is a text", "bots.fake.budget", "7", 0},
		{"number of a bot that is too small", "bots.fake.budget", 0, 0},
		{"number of a bot that is not whole", "bots.fake.budget", 7.5, 0},
		{"long text of a bot", "bots.fake.hello", strings.Repeat("x", 11), 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			var found settings.Errors
			_, filter, err := schema.Check([]byte("{}"), document(t, map[string]any{test.field: test.value}))
			if !errors.As(err, &found) || len(found) != 1 || filter != nil {
				t.Fatalf("got %v", err)
			}
			if found[0].Field != test.field || found[0].TextID == "" || test.line >= 0 && found[0].Line != test.line {
				t.Errorf("got %+v", found[0])
			}
		})
	}
}

func TestMalformedDocumentsAreRefused(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"bots are a list": `{"title":"x","bots":[]}`, "a bot is a text": `{"title":"x","bots":{"web":"on"}}`,
		"a list of lists": `{"title":"x","triggers":[["x"]]}`, "null in a list": `{"title":"x","triggers":["a",null]}`,
		"a name with dots": `{"title":"x","bots.web.form":true}`, "a name with dots beside the field that it names": `{"title":"x","bots":{"web":{"form":"x"}},"bots.web.form":true}`,
		"a bot with dots": `{"title":"x","bots":{"web.form":true}}`, "an option with dots": `{"title":"x","bots":{"web":{"form.x":true}}}`,
		"an unknown null": `{"title":"x","foo":null}`, "an unknown bot without options": `{"title":"x","bots":{"evil":{}}}`, "a bot of null": `{"title":"x","bots":{"web":null}}`,
		"NUL in a text": `{"title":"x","about":"\u0000"}`, "null": `{"title":null}`, "nothing": `{}`,
	} {
		if _, _, err := schema.Check([]byte("{}"), []byte(text)); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
	if _, _, err := schema.Check([]byte("{}"), []byte(`[]`)); err == nil {
		t.Error("a list is accepted")
	}
}

func TestUnknownFieldsOfANewerProgramAreKept(t *testing.T) {
	t.Parallel()
	before := document(t, map[string]any{"colour": "red", "bots.pigeon.enabled": true})
	after, err := settings.With(before, map[string]any{"title": "Gent"})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := schema.Check(before, after); err != nil {
		t.Error(err)
	}
	if after, err = settings.With(before, map[string]any{"colour": "blue"}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := schema.Check(before, after); err == nil {
		t.Error("an unknown field was changed")
	}
}

func TestAnExportCanBeReadBack(t *testing.T) {
	t.Parallel()
	text := document(t, map[string]any{"title": "<Gent> & ü"})
	file, err := settings.NewExport("ghent", "0123", text)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := settings.ReadExport(file); err != nil || string(again) != string(text) {
		t.Errorf("%s: %v", again, err)
	}
	for _, bad := range []string{"", "{}", "[]", `{"format":"linienfunk settings 2","document":{}}`, `{"format":"linienfunk settings 1","document":[]}`, `{"format":"linienfunk settings 1"}`, `{"format":"linienfunk settings 1","document":{"a":1e999}}`} {
		if _, err := settings.ReadExport([]byte(bad)); !errors.Is(err, settings.ErrFormat) {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

func FuzzDocumentsFromOutside(f *testing.F) {
	f.Add(document(f, nil))
	f.Add([]byte(`{"title":"x","bots":{"web":{"form":1}},"triggers":[1]}`))
	f.Add([]byte(`{"format":"linienfunk settings 1","document":{"title":"x"}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		settings.ReadExport(text)
		doc, filter, err := schema.Check([]byte("{}"), text)
		if err != nil {
			return
		}
		if filter == nil || doc.Title == "" || doc.FreshnessMinutes < 1 {
			t.Errorf("%s is accepted as %+v", text, doc)
		}
		again, err := doc.Document()
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := schema.Check([]byte("{}"), again); err != nil {
			t.Errorf("%s became %s: %v", text, again, err)
		}
		if _, err := settings.Diff(again, text); err != nil && json.Valid(text) {
			t.Errorf("no difference between %s and %s: %v", again, text, err)
		}
	})
}

func FuzzUpdatesFromOutside(f *testing.F) {
	f.Add("x", []byte(`{"city":"zuerich","base":"x","patch":[],"result":"","author":"","time":"2026-05-01T12:00:00Z","note":""}`))
	f.Fuzz(func(t *testing.T, base string, data []byte) {
		settings.ApplyUpdate(schema, document(t, nil), base, data)
	})
}
