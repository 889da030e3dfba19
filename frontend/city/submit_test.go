package city

import (
	"testing"

	"linienfunk/settings"
)

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
