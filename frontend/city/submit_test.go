package city

import (
	"errors"
	"testing"

	"linienfunk/settings"
)

func FuzzADocumentFromAFormIsAnObjectOrNone(f *testing.F) {
	for _, seed := range []string{`{"a":1}`, "null", "[]", "{", "", `{"a":{"b":[1e21,"\u0000"]}}`, "\"\xff\"", `{"a.b":1}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		document, err := readDocument(text)
		if err != nil {
			return
		}
		var refused settings.Errors // a name with a dot
		if _, err := settings.Fields(document); err != nil && !errors.As(err, &refused) {
			t.Errorf("%q: %v", text, err)
		}
		if _, err := settings.With(document, map[string]any{"title": "x", "bots.a.b": true}); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	})
}
