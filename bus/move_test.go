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
