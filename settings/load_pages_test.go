package settings_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"
	"gorm.io/gorm"

	"linienfunk/internal/testkit"
	"linienfunk/settings"
	"linienfunk/settings/chain"
)

// requests starts to record requests, and returns a function that returns those so far.
func (s client) requests() func() []settings.Request {
	sub := s.listen("settings.request")
	return func() (all []settings.Request) {
		s.t.Helper()
		if err := s.conn.Flush(); err != nil {
			s.t.Fatal(err)
		}
		for {
			msg, err := sub.NextMsg(1) // those that have arrived
			if err == nats.ErrTimeout {
				return all
			}
			var r settings.Request
			if err == nil {
				err = json.Unmarshal(msg.Data, &r)
			}
			if err != nil {
				s.t.Fatal(err)
			}
			all = append(all, r)
		}
	}
}

// many creates many cities.
func (w *cluster) many(s *settings.Storage, count int, doc settings.Settings) (names []string) {
	w.t.Helper()
	for i := range count {
		name := fmt.Sprintf("city-%03d", i)
		doc.Title = name
		err := w.db.Transaction(w.t.Context(), func(tx *gorm.DB) error {
			_, err := s.Create(tx, name, doc, 1)
			return err
		})
		if err != nil {
			w.t.Fatal(err)
		}
		names = append(names, name)
	}
	return names
}

// waitAnswering waits until a storage answers requests.
func (w *cluster) waitAnswering() {
	w.t.Helper()
	conn := w.broker.Connect(w.t)
	testkit.Eventually(w.t, "the storage answers", func() bool {
		var l settings.CityList
		return conn.Request(w.t.Context(), "settings.request", settings.Request{}, &l) == nil
	})
}

func TestManyCitiesAreLoadedInPages(t *testing.T) {
	t.Parallel()
	long := settings.Default("x", "de")
	for i := range 800 {
		long.Triggers = append(long.Triggers, fmt.Sprintf("wort%0*d", 120, i))
		long.Blocked = append(long.Blocked, fmt.Sprintf("sperre%0*d", 120, i))
	}
	for name, test := range map[string]struct {
		cities int
		doc    settings.Settings
	}{
		"short settings": {250, settings.Default("x", "de")},
		"long settings":  {4, long}, // two do not fit into one message
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newCluster(t)
			storage, _ := w.storage()
			names := w.many(storage, test.cities, test.doc)
			w.waitAnswering()
			seen := newClient(t, w).requests()
			n, _ := w.node()
			waitLoaded(t, n)
			for _, name := range names {
				if got := get(t, n, name); got.Title != name || !got.Active || len(got.Triggers) != len(test.doc.Triggers) {
					t.Fatalf("%s is %s with %d triggers", name, got.Title, len(got.Triggers))
				}
			}
			for _, r := range seen() {
				if r.City != "" {
					t.Errorf("%s was requested alone", r.City)
				}
			}
		})
	}
}

func TestACityWithABrokenOlderLinkBecomesInactiveSoonAfterTheStart(t *testing.T) {
	t.Parallel()
	w, storage, n := started(t, "zuerich", "ghent")
	for _, city := range []string{"zuerich", "ghent"} {
		now := get(t, n, city)
		for _, title := range []string{"A", "B"} {
			var err error
			if now, err = n.Submit(t.Context(), edit(t, now, "title", title)); err != nil {
				t.Fatal(err)
			}
		}
		written(t, storage, now)
	}
	note := func(text string) {
		if err := w.db.Exec("UPDATE settings_links SET note = ? WHERE city = 'zuerich' AND number = 2", text).Error; err != nil {
			t.Fatal(err)
		}
	}
	note("x")
	later, _ := w.node()
	waitLoaded(t, later)
	testkit.Eventually(t, "the city is inactive", func() bool { return !get(t, later, "zuerich").Active })
	if got := get(t, later, "ghent"); !got.Active || got.Title != "B" {
		t.Errorf("the other city is %+v", got)
	}
	if got := get(t, n, "zuerich"); !got.Active || got.Title != "B" {
		t.Errorf("the node that knows a version should keep it: %+v", got)
	}
	note("sets title")
	testkit.Eventually(t, "the city is loaded again", func() bool {
		later.Compare(t.Context())
		got := get(t, later, "zuerich")
		return got.Active && got.Title == "B"
	})
}

func TestAChangeOfAnUnverifiedCityThatTurnsOutToBeBrokenDoesNotStay(t *testing.T) {
	t.Parallel()
	w, storage, n := started(t, "zuerich")
	now, err := n.Submit(t.Context(), edit(t, get(t, n, "zuerich"), "title", "A"))
	if err != nil {
		t.Fatal(err)
	}
	written(t, storage, now)
	if err := w.db.Exec("UPDATE settings_links SET note = 'x' WHERE number = 1").Error; err != nil {
		t.Fatal(err)
	}
	later, _ := w.node()
	waitLoaded(t, later)
	if now, err = n.Submit(t.Context(), edit(t, now, "title", "B")); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, "the city is inactive", func() bool { return !get(t, later, "zuerich").Active })
	waitForVersion(t, now, n)
}

func TestAnotherProgramLoadsAndVerifiesAllCitiesInPages(t *testing.T) {
	t.Parallel()
	w := newCluster(t)
	storage, _ := w.storage()
	names := w.many(storage, 120, settings.Default("x", "de"))
	if err := w.db.Exec("UPDATE settings_links SET note = 'x' WHERE city = 'city-007'").Error; err != nil {
		t.Fatal(err)
	}
	w.waitAnswering()
	conn := w.broker.Connect(t)
	pages := func(r settings.Request, each func(settings.CityList) (last string)) {
		t.Helper()
		for more := true; more; {
			var l settings.CityList
			if err := conn.Request(t.Context(), "settings.request", r, &l); err != nil || l.Error != "" {
				t.Fatalf("%+v, %v", l, err)
			}
			r.After = each(l)
			more = l.More
		}
	}
	var loaded, verified []string
	pages(settings.Request{Load: true}, func(l settings.CityList) (last string) {
		for _, state := range l.States {
			document, root := chain.Root(state.City)
			if document, err := state.Jump.Apply(document, root); state.Broken != (state.City == "city-007") ||
				!state.Broken && (err != nil || !strings.Contains(string(document), state.City)) {
				t.Errorf("%s: %s, %v", state.City, state.Error, err)
			}
			loaded = append(loaded, state.City)
			last = state.City
		}
		return last
	})
	pages(settings.Request{Verify: true}, func(l settings.CityList) (last string) {
		if !l.Verified {
			t.Error("a page is not verified")
		}
		for _, head := range l.Cities {
			if broken := strings.Contains(head.Error, "link 1"); broken != (head.City == "city-007") {
				t.Errorf("%+v", head)
			}
			verified = append(verified, head.City)
			last = head.City
		}
		return last
	})
	if fmt.Sprint(loaded) != fmt.Sprint(names) || fmt.Sprint(verified) != fmt.Sprint(names) {
		t.Errorf("loaded %q, verified %q", loaded, verified)
	}
}
