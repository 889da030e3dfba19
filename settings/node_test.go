package settings_test

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"gorm.io/gorm"

	"linienfunk/censor"
	"linienfunk/internal/testkit"
	"linienfunk/settings"
	"linienfunk/settings/chain"
)

func ask(t testing.TB, w *cluster, r settings.Request) settings.CityState {
	t.Helper()
	var answer settings.CityState
	if err := w.broker.Connect(t).Request(t.Context(), "settings.request", r, &answer); err != nil {
		t.Fatal(err)
	}
	return answer
}

func TestAChangeOnOneNodeIsInForceOnAll(t *testing.T) {
	t.Parallel()
	w := newCluster(t)
	storage, running := w.storage()
	w.create(storage, "zuerich", "ghent")
	a, _ := w.node()
	b, _ := w.node()
	c, cut := w.node()
	waitLoaded(t, a, b, c)

	base := get(t, a, "zuerich")
	first, err := a.Submit(t.Context(), edit(t, base, "triggers", []string{"nur dies"}))
	if err != nil {
		t.Fatal(err)
	}
	waitForVersion(t, first, a, b, c)
	rules, ok := b.Rules("zuerich")
	if !ok || !rules.Filter.Evaluate("nur dies", censor.Said{}).Passed || rules.Filter.Evaluate("kontrolle", censor.Said{}).Passed {
		t.Error("the censor of another node does not follow")
	}

	// Without a storage changes still come into force.
	running.stop()
	cut.stop()
	second, err := b.Submit(t.Context(), edit(t, first, "title", "Züri"))
	if err != nil {
		t.Fatal(err)
	}
	waitForVersion(t, second, a, b)
	_, running = w.storage()
	defer running.stop()

	// Nodes that start later, or again, have all changes.
	d, _ := w.node()
	c, _ = w.node()
	waitLoaded(t, d, c)
	waitForVersion(t, second, c, d)
	if got := get(t, d, "ghent"); got.Title != "ghent" {
		t.Errorf("the other city is %+v", got)
	}
	history, err := storage.History(t.Context(), "zuerich")
	if err != nil || len(history) != 3 || history[2].Hash != second.Hash || history[2].Note != "sets title" || history[2].Admin != 1 {
		t.Errorf("history %+v, %v", history, err)
	}
}

func TestExactlyOneOfManyConcurrentChangesWins(t *testing.T) {
	t.Parallel()
	w := newCluster(t)
	storage, _ := w.storage()
	w.create(storage, "zuerich")
	a, _ := w.node()
	b, _ := w.node()
	waitLoaded(t, a, b)
	base := get(t, a, "zuerich")
	var all sync.WaitGroup
	results := make(chan error, 8)
	for i := range 8 {
		node := []*settings.Node{a, b}[i%2]
		draft := edit(t, base, "freshness_minutes", 40+i)
		all.Go(func() {
			_, err := node.Submit(t.Context(), draft)
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
	waitForVersion(t, get(t, a, "zuerich"), b)
}

func TestTheLoserOfAConflictGetsTheCurrentVersion(t *testing.T) {
	t.Parallel()
	_, _, n := started(t, "zuerich")
	base := get(t, n, "zuerich")
	if _, err := n.Submit(t.Context(), edit(t, base, "title", "Züri")); err != nil {
		t.Fatal(err)
	}
	theirs, err := n.Submit(t.Context(), edit(t, base, "title", "Turicum"))
	if !errors.Is(err, settings.ErrConflict) || theirs.Title != "Züri" {
		t.Errorf("got %v and %q", err, theirs.Title)
	}
	if _, err := n.Submit(t.Context(), edit(t, theirs, "title", "Züri")); !errors.Is(err, chain.ErrNothing) {
		t.Errorf("a change of nothing: %v", err)
	}
	var wrong settings.Errors
	if _, err := n.Submit(t.Context(), edit(t, theirs, "title", "")); !errors.As(err, &wrong) || wrong[0].Field != "title" {
		t.Errorf("a bad change: %v", err)
	}
}

func TestANewCityIsAnnouncedToAllNodes(t *testing.T) {
	t.Parallel()
	w := newCluster(t)
	storage, _ := w.storage()
	a, _ := w.node()
	b, _ := w.node()
	waitLoaded(t, a, b)
	var first chain.Link
	err := w.db.Transaction(t.Context(), func(tx *gorm.DB) (err error) {
		first, err = storage.Create(tx, "zuerich", settings.Default("zuerich", "de"), 7)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.AnnounceCity(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	waitForVersion(t, get(t, a, "zuerich"), b)
	if err := b.AnnounceCity(t.Context(), first); err != nil {
		t.Errorf("told twice: %v", err)
	}
	cities, err := b.Cities("fake").All(t.Context())
	if err != nil || len(cities) != 1 || cities[0].Name != "zuerich" || !cities[0].Active || cities[0].Lang != "de" || cities[0].Options.Text("repost") != "boost" {
		t.Errorf("cities %+v, %v", cities, err)
	}
}

func TestADeletedCityIsRemoved(t *testing.T) {
	t.Parallel()
	w, _, n := started(t, "zuerich", "ghent")
	base := get(t, n, "zuerich")
	for _, table := range []string{"settings_heads", "settings_links"} {
		if err := w.db.Exec("DELETE FROM " + table + " WHERE city = 'zuerich'").Error; err != nil {
			t.Fatal(err)
		}
	}
	// This node still applies the change; the next comparison shows that the city is deleted.
	if _, err := n.Submit(t.Context(), edit(t, base, "title", "Züri")); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, "the city is forgotten", func() bool {
		n.Compare(t.Context())
		_, ok, _ := n.Get(t.Context(), "zuerich")
		return !ok
	})
	get(t, n, "ghent")
}

func TestANodeCatchesUpAfterALongDisconnection(t *testing.T) {
	t.Parallel()
	w := newCluster(t)
	storage, _ := w.storageThatKeeps(2) // the stream forgets what the node has missed
	w.create(storage, "zuerich", "ghent")
	a, _ := w.node()
	proxy, far := w.broker.Proxy(t)
	b, _ := w.nodeOn(far)
	waitLoaded(t, a, b)
	proxy.Cut()
	now := get(t, a, "zuerich")
	for i := range 20 {
		var err error
		if now, err = a.Submit(t.Context(), edit(t, now, "freshness_minutes", 100+i)); err != nil {
			t.Fatal(err)
		}
	}
	near := w.broker.Connect(t)
	testkit.Eventually(t, "the stream is trimmed", func() bool {
		state, err := near.UpdatesState(t.Context())
		return err == nil && state.First > 10
	})
	proxy.Restore()
	waitForVersion(t, now, b)
}

func TestATamperedOrMissingLinkIsDetectedAndNamed(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ spoil, want string }{
		"changed":       {"UPDATE settings_links SET note = 'x' WHERE number = 2", "link 3"},
		"changed value": {"UPDATE settings_links SET patch = '[]' WHERE number = 2", "link 2"},
		"missing":       {"DELETE FROM settings_links WHERE number = 2", "link 2"},
		"missing last":  {"DELETE FROM settings_links WHERE number = 3", "link 2"},
		"document":      {`UPDATE settings_heads SET document = '{"title":"stolen"}'`, "link 3"},
	} {
		t.Run(name, func(t *testing.T) {
			w, storage, n := started(t, "zuerich")
			now := get(t, n, "zuerich")
			for _, title := range []string{"Züri", "Turicum"} {
				var err error
				if now, err = n.Submit(t.Context(), edit(t, now, "title", title)); err != nil {
					t.Fatal(err)
				}
			}
			testkit.Eventually(t, "all is written", func() bool {
				history, err := storage.History(t.Context(), "zuerich")
				return err == nil && len(history) == 3
			})
			if err := w.db.Exec(test.spoil).Error; err != nil {
				t.Fatal(err)
			}
			_, err := storage.History(t.Context(), "zuerich")
			if name != "document" && (!errors.Is(err, chain.ErrBroken) || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("history: %v", err)
			}
			if answer := ask(t, w, settings.Request{City: "zuerich"}); !strings.Contains(answer.Error, test.want) && !strings.Contains(answer.Error, "link") {
				t.Errorf("load: %+v", answer)
			}
			if got := get(t, n, "zuerich"); got.Title != "Turicum" {
				t.Errorf("who has it keeps it: %+v", got)
			}
		})
	}
}

func TestCitiesWithTheSameListsShareThemInMemory(t *testing.T) {
	t.Parallel()
	lists := func(city string) *string {
		s := settings.Default(city, "en")
		document, err := s.Document()
		if err != nil {
			t.Fatal(err)
		}
		doc, filter, err := schema.Check(document, document)
		if err != nil {
			t.Fatal(err)
		}
		triggers, _ := filter.Lists()
		if len(triggers) != len(doc.Triggers) {
			t.Fatalf("%d lines of %d", len(triggers), len(doc.Triggers))
		}
		return &triggers[0]
	}
	if lists("one") != lists("two") {
		t.Error("they do not")
	}
}
