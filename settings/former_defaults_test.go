package settings_test

import (
	"testing"

	"linienfunk/db"
	"linienfunk/internal/testkit"
	"linienfunk/settings"
)

func TestACityKeepsADefaultThatHasChangedUnlessItHasChosen(t *testing.T) {
	t.Parallel()
	w, storage, n := started(t, "zuerich", "ghent", "bern")
	choose := func(city, value string) {
		t.Helper()
		now, _, err := n.Get(t.Context(), city)
		if err != nil {
			t.Fatal(err)
		}
		to, err := settings.With(now.Document, map[string]any{"bots.fake.repost": value})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := n.Submit(t.Context(), settings.Draft{City: city, Base: now.Hash, From: now.Document, To: to}); err != nil {
			t.Fatal(err)
		}
	}
	choose("ghent", "boost")
	tables, err := w.db.Prefixed("fake_")
	if err != nil {
		t.Fatal(err)
	}
	for _, city := range []string{"zuerich", "ghent", "nowhere"} {
		if err := db.KeepDefaults(tables, city, map[string]any{"repost": "copy"}); err != nil {
			t.Fatal(err)
		}
	}
	keep := func() {
		t.Helper()
		if err := n.KeepFormerDefaults(t.Context(), w.db); err != nil {
			t.Fatal(err)
		}
	}
	keep()
	for city, want := range map[string]any{"zuerich": "copy", "ghent": "boost", "bern": nil} {
		now, _, err := n.Get(t.Context(), city)
		if err != nil || now.Bots["fake"]["repost"] != want {
			t.Errorf("%s has %v, want %v: %v", city, now.Bots["fake"], want, err)
		}
	}
	testkit.Eventually(t, "the change is in the history, with its reason", func() bool {
		history, err := storage.History(t.Context(), "zuerich")
		return err == nil && len(history) == 2 && (history[0].Note != "" || history[1].Note != "")
	})
	choose("zuerich", "boost")
	keep()
	if now, _, err := n.Get(t.Context(), "zuerich"); err != nil || now.Bots["fake"]["repost"] != "boost" {
		t.Errorf("a later start has undone the city's choice: %v, %v", now.Bots["fake"], err)
	}
}
