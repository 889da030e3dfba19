package transit_test

import (
	"bytes"
	"errors"
	"log/slog"
	"testing"
	"time"

	"linienfunk/db"
	"linienfunk/internal/testkit"
	"linienfunk/transit"
	"linienfunk/transit/network"
)

// world is a Store on a real database.
type world struct {
	testkit.Clock
	t     testing.TB
	db    *db.DB
	store *transit.Store
	log   *slog.Logger
}

func newWorld(t testing.TB) *world {
	w := &world{t: t, log: slog.New(slog.NewTextHandler(t.Output(), nil))}
	w.db = testkit.DB(t, w.Now, testkit.Tables{Prefix: "transit_", Migrations: transit.Migrations()})
	w.store = transit.NewStore(w.db, w.Now)
	return w
}

func (w *world) check(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) network(lines ...testkit.FeedLine) *network.Network {
	w.t.Helper()
	feed := testkit.Feed(w.t, lines...)
	n, err := network.Read(w.t.Context(), bytes.NewReader(feed), int64(len(feed)), network.Options{})
	w.check(err)
	return n
}

func (w *world) save(lines ...testkit.FeedLine) string {
	w.t.Helper()
	hash, err := w.store.Save(w.t.Context(), w.network(lines...))
	w.check(err)
	return hash
}

func (w *world) stored(hash string) bool {
	w.t.Helper()
	_, err := w.store.Load(w.t.Context(), hash)
	if err != nil && !errors.Is(err, db.ErrNotFound) {
		w.t.Fatal(err)
	}
	return err == nil
}

func TestANetworkIsLoadedAsItWasSaved(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hash := w.save(testkit.TownLines()...)
	n, err := w.store.Load(t.Context(), hash)
	w.check(err)
	if len(n.Lines) != 2 || len(n.Stops) != 6 || n.Lines[0].Name != "U2" || n.Lines[0].Color != "14518c" {
		t.Errorf("%+v", n)
	}
	if again := w.save(testkit.TownLines()...); again != hash {
		t.Errorf("the same network is stored as %s and as %s", hash, again)
	}
	if other := w.save(testkit.TownLines()[0]); other == hash {
		t.Error("two networks have one hash")
	}
}

func TestANetworkIsKeptForThirtyDaysAfterSettingsNamedIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	used, unused, soon := w.save(testkit.TownLines()...), w.save(testkit.TownLines()[0]), w.save(testkit.TownLines()[1])
	w.check(w.store.Use(t.Context(), soon))
	for day := range 60 {
		w.check(w.store.Prune(t.Context(), []string{used, "of another server"}))
		if !w.stored(used) || w.stored(unused) != (day < 1) || w.stored(soon) != (day < 30) {
			t.Fatalf("day %d: used %v, unused %v, soon to be used %v", day, w.stored(used), w.stored(unused), w.stored(soon))
		}
		w.Advance(24 * time.Hour)
	}
	for day := 60; day < 95; day++ {
		w.check(w.store.Prune(t.Context(), nil))
		if want := day < 89; w.stored(used) != want && day != 89 {
			t.Fatalf("day %d: stored %v, want %v", day, w.stored(used), want)
		}
		w.Advance(24 * time.Hour)
	}
}

func TestSavingANetworkAgainKeepsIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hash := w.save(testkit.TownLines()...)
	w.Advance(20 * time.Hour)
	w.save(testkit.TownLines()...)
	w.Advance(20 * time.Hour)
	w.check(w.store.Prune(t.Context(), nil))
	if !w.stored(hash) {
		t.Error("it is deleted")
	}
}
