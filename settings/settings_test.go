package settings_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"gorm.io/gorm"

	"linienfunk/censor"
	"linienfunk/db"
	"linienfunk/settings"
	"linienfunk/testkit"
)

// newStore is a store with the city zuerich, and the cities for which it said that something changed.
func newStore(t *testing.T) (*settings.Store, *db.DB, func() []string) {
	t.Helper()
	database := testkit.DB(t, time.Now)
	if err := database.MigratePrefixed("settings_", settings.Migrations()); err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var changed []string
	store := settings.NewStore(database, testkit.Log(t), censor.Compile, func(city string) {
		mu.Lock()
		defer mu.Unlock()
		changed = append(changed, city)
	})
	err := database.Transaction(t.Context(), func(tx *gorm.DB) error {
		return store.Create(t.Context(), tx, "zuerich", settings.Default("zuerich", "de"))
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Created(t.Context(), "zuerich"); err != nil {
		t.Fatal(err)
	}
	return store, database, func() []string {
		mu.Lock()
		defer mu.Unlock()
		return changed
	}
}

func get(t *testing.T, store *settings.Store) settings.Snapshot {
	t.Helper()
	snapshot, ok, err := store.Get(t.Context(), "zuerich")
	if err != nil || !ok {
		t.Fatalf("zuerich: %v, %v", ok, err)
	}
	return snapshot
}

func TestDefaultsAreValidInEveryLanguage(t *testing.T) {
	for _, lang := range []string{"en", "de"} {
		if err := settings.Default("ghent", lang).Validate(); err != nil {
			t.Errorf("%s: %v", lang, err)
		}
	}
}

func TestAChangeIsInForceAndEverybodyIsTold(t *testing.T) {
	store, _, changed := newStore(t)
	now := get(t, store)
	doc := now.Settings
	doc.Triggers = []string{"nur dies"}
	saved, err := store.Save(t.Context(), "zuerich", now.Revision, 1, doc)
	if err != nil {
		t.Fatal(err)
	}
	if saved.Revision == now.Revision || get(t, store).Triggers[0] != "nur dies" {
		t.Errorf("got %+v", saved)
	}
	rules, ok := store.Rules("zuerich")
	if !ok || !rules.Filter.Judge("nur dies").Passed || rules.Filter.Judge("kontrolle").Passed {
		t.Error("the censor does not follow")
	}
	if got := strings.Join(changed(), " "); got != "zuerich zuerich" {
		t.Errorf("told: %s", got)
	}
}

func TestTheSecondOfTwoWhoSaveIsToldAboutTheFirst(t *testing.T) {
	store, _, _ := newStore(t)
	base := get(t, store)
	first, second := base.Settings, base.Settings
	first.Title, second.Title = "Züri", "Turicum"
	if _, err := store.Save(t.Context(), "zuerich", base.Revision, 1, first); err != nil {
		t.Fatal(err)
	}
	theirs, err := store.Save(t.Context(), "zuerich", base.Revision, 2, second)
	if !errors.Is(err, settings.ErrConflict) || theirs.Title != "Züri" {
		t.Errorf("got %v and %q", err, theirs.Title)
	}
}

func TestOfManyWhoSaveAtTheSameTimeExactlyOneWins(t *testing.T) {
	store, _, _ := newStore(t)
	base := get(t, store)
	var all sync.WaitGroup
	results := make(chan error, 8)
	for i := range 8 {
		all.Go(func() {
			doc := base.Settings
			doc.FreshnessMinutes = 10 + i
			_, err := store.Save(t.Context(), "zuerich", base.Revision, 1, doc)
			results <- err
		})
	}
	all.Wait()
	close(results)
	won := 0
	for err := range results {
		if err == nil {
			won++
		} else if !errors.Is(err, settings.ErrConflict) {
			t.Error(err)
		}
	}
	if won != 1 {
		t.Errorf("%d of 8 won", won)
	}
}

func TestACityThatIsGoneIsForgotten(t *testing.T) {
	store, database, _ := newStore(t)
	if err := database.Where("city = ?", "zuerich").Delete(&settings.Document{}).Error; err != nil {
		t.Fatal(err)
	}
	if err := store.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, ok, _ := store.Get(t.Context(), "zuerich"); ok {
		t.Error("it is still there")
	}
}

func TestAnotherNodeLoadsWhatThisOneSaved(t *testing.T) {
	store, database, _ := newStore(t)
	other := settings.NewStore(database, testkit.Log(t), censor.Compile, func(string) {})
	if err := other.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	if a, b := get(t, store), get(t, other); a.Revision != b.Revision || a.Title != b.Title {
		t.Errorf("%+v and %+v", a, b)
	}
	cities, err := other.Cities().All(t.Context())
	if err != nil || len(cities) != 1 || cities[0].Name != "zuerich" || !cities[0].Active || cities[0].Lang != "de" {
		t.Errorf("cities %+v, %v", cities, err)
	}
}

func TestABadValueIsNamed(t *testing.T) {
	for _, test := range []struct {
		name   string
		break_ func(*settings.Settings)
		field  string
		line   int
	}{
		{"empty title", func(s *settings.Settings) { s.Title = " " }, "title", 0},
		{"long title", func(s *settings.Settings) { s.Title = strings.Repeat("ü", settings.MaxTitle+1) }, "title", 0},
		{"line break in the title", func(s *settings.Settings) { s.Title = "a\nb" }, "title", 0},
		{"language that is not spoken", func(s *settings.Settings) { s.Lang = "tlh" }, "lang", 0},
		{"long text", func(s *settings.Settings) { s.About = strings.Repeat("x", settings.MaxAbout+1) }, "about", 0},
		{"bad expression among the triggers", func(s *settings.Settings) { s.Triggers = []string{"ok", "/(/"} }, "triggers", 2},
		{"everything is blocked", func(s *settings.Settings) { s.Blocked = []string{"*"} }, "blocked", 1},
		{"endless list", func(s *settings.Settings) { s.Blocked = make([]string, 5000) }, "blocked", -1},
		{"no freshness", func(s *settings.Settings) { s.FreshnessMinutes = 0 }, "freshness_minutes", 0},
		{"long retention", func(s *settings.Settings) { s.RetentionHours = settings.MaxRetention + 1 }, "retention_hours", 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := settings.Default("ghent", "en")
			test.break_(&s)
			var found settings.Errors
			if err := s.Validate(); !errors.As(err, &found) || len(found) != 1 {
				t.Fatalf("got %v", err)
			}
			if found[0].Field != test.field || found[0].Say == "" || test.line >= 0 && found[0].Line != test.line {
				t.Errorf("got %+v", found[0])
			}
		})
	}
}

func TestACityThatCannotBeReadDoesNotKeepTheOthersFromRunning(t *testing.T) {
	_, database, _ := newStore(t)
	if err := database.Create(&settings.Document{City: "broken", Settings: "{"}).Error; err != nil {
		t.Fatal(err)
	}
	store := settings.NewStore(database, testkit.Log(t), censor.Compile, func(string) {})
	if err := store.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	get(t, store)
	if city, ok, _ := store.Get(t.Context(), "broken"); !ok || city.Active || city.Filter == nil {
		t.Errorf("the broken city should be there, and rest: %v, %+v", ok, city)
	}
}
