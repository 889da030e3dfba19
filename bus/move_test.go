package bus_test

import (
	"errors"
	"path/filepath"
	"testing"

	"linienfunk/bus"
	"linienfunk/internal/testkit"
)

func TestWhatIsLeftInTheStreamsIsCopiedInOrder(t *testing.T) {
	t.Parallel()
	from, err := bus.Open(t.Context(), bus.Config{Dir: filepath.Join(t.TempDir(), "nats"), Prefix: "one", Shards: 1, Log: testkit.Log(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(from.Close)
	to := testkit.Bus(t)
	for _, id := range []string{"1", "2", "3"} {
		if err := from.PublishReport(t.Context(), newReport(id)); err != nil {
			t.Fatal(err)
		}
		if _, err := from.PublishUpdate(t.Context(), "base"+id, id, []byte(id)); err != nil {
			t.Fatal(err)
		}
	}
	state, err := from.UpdatesState(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if copied, err := from.CopyTo(t.Context(), to, state.Stream, 1); err != nil || copied != (bus.Waiting{Reports: 3, Updates: 2}) {
		t.Errorf("%+v, %v", copied, err)
	}
	got := consumeReports(t, to)
	for _, want := range []string{"1", "2", "3"} {
		if m := testkit.Next(t, got); m.Value.ID != want {
			t.Errorf("got the report %q, want %q", m.Value.ID, want)
		}
	}
	there, err := to.UpdatesState(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	enough, want := errors.New("enough"), 2
	err = to.FollowUpdates(t.Context(), there.Stream, there.First, func(u bus.Update) error {
		if id := string(rune('0' + want)); u.Base != "base"+id || string(u.Data) != id {
			t.Errorf("update %s: %s", u.Base, u.Data)
		}
		if want++; want > 3 {
			return enough
		}
		return nil
	})
	if !errors.Is(err, enough) {
		t.Error(err)
	}
	if copied, err := from.CopyTo(t.Context(), to, "another stream", 3); err != nil || copied.Updates != 3 {
		t.Errorf("from another stream: %+v, %v", copied, err)
	}
}

func TestReadingAStreamSaysWhereItEndsAndWhetherSomethingWasRemoved(t *testing.T) {
	t.Parallel()
	b := testkit.Bus(t)
	read := func(from uint64) (ids []string, next uint64, missed bool) {
		t.Helper()
		next, missed, err := b.ReadStored(t.Context(), bus.KeptUpdates, from, func(m bus.Stored) error { ids = append(ids, m.Subject+string(m.Data)); return nil })
		if err != nil {
			t.Fatal(err)
		}
		return ids, next, missed
	}
	if ids, next, missed := read(1); len(ids) != 0 || next != 1 || missed {
		t.Errorf("empty: %q, %d, %v", ids, next, missed)
	}
	for _, id := range []string{"1", "2", "3"} {
		if err := b.Store(t.Context(), bus.KeptUpdates, bus.Stored{Subject: "base", Data: []byte(id)}); err != nil {
			t.Fatal(err)
		}
	}
	if ids, next, missed := read(2); len(ids) != 2 || ids[0] != "base2" || next != 4 || missed {
		t.Errorf("from the second: %q, %d, %v", ids, next, missed)
	}
	if err := b.TrimUpdates(t.Context(), 3); err != nil {
		t.Fatal(err)
	}
	if ids, next, missed := read(4); len(ids) != 0 || next != 4 || missed {
		t.Errorf("what was read is removed: %q, %d, %v", ids, next, missed)
	}
	if ids, next, missed := read(3); len(ids) != 0 || next != 4 || !missed {
		t.Errorf("what was not read is removed: %q, %d, %v", ids, next, missed)
	}
}
