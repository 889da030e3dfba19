package transit_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"linienfunk/db"
	"linienfunk/internal/testkit"
	"linienfunk/transit"
	"linienfunk/transit/read"
)

// cities are the sources of Readers.
type cities struct {
	mu  sync.Mutex
	all map[string]transit.Source
}

func (c *cities) set(city string, source transit.Source) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all[city] = source
}

func (c *cities) source(city string) (transit.Source, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	source, ok := c.all[city]
	return source, ok
}

func (w *world) readers() (*transit.Readers, *cities, func()) {
	c := &cities{all: map[string]transit.Source{}}
	r := transit.NewReaders(w.store, c.source, w.log, w.Now)
	return r, c, func() { testkit.Background(w.t, func(ctx context.Context) { _ = r.Run(ctx) }) }
}

// readContext is that of a city without other reports.
var readContext = read.Context{}

func english(hash string, names ...string) transit.Source {
	return transit.Source{Network: hash, Languages: []string{"en"}, Names: names}
}

func TestAReaderIsMadeInTheBackgroundAndNobodyWaits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r, c, run := w.readers()
	if reader, ready := r.Reader("berlin"); reader != nil || !ready {
		t.Error("a city without a network must not wait for a reader")
	}
	c.set("berlin", english(w.save(testkit.TownLines()...), "Market Square = Squary"))
	if reader, ready := r.Reader("berlin"); reader != nil || ready {
		t.Error("nothing runs, but there is a reader")
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if _, err := r.Wait(ended, "berlin"); err != context.Canceled {
		t.Errorf("waiting without time: %v", err)
	}
	run()
	reader, err := r.Wait(t.Context(), "berlin")
	w.check(err)
	if again, ready := r.Reader("berlin"); again != reader || !ready {
		t.Error("it is not in memory")
	}
	got := reader.Read("inspectors at squary", readContext)
	if len(got.Stops) != 1 || reader.Network().Stops[got.Stops[0]].Name != "Market Square" {
		t.Errorf("%+v", got)
	}
}

func TestAReaderStaysUntilTheNextOneIsMade(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r, c, run := w.readers()
	run()
	hash := w.save(testkit.TownLines()...)
	c.set("berlin", english(hash))
	before, err := r.Wait(t.Context(), "berlin")
	w.check(err)
	c.set("berlin", english(hash, "Harbour = Docks"))
	for {
		reader, ready := r.Reader("berlin")
		if reader == nil || !ready {
			t.Fatal("there was no reader meanwhile")
		}
		if reader != before {
			break
		}
	}
	c.set("berlin", transit.Source{})
	c.mu.Lock()
	delete(c.all, "berlin")
	c.mu.Unlock()
	if reader, ready := r.Reader("berlin"); reader != nil || !ready {
		t.Error("the network was removed")
	}
}

func TestReadersAreMadeWhenSettingsAreKnown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r, c, run := w.readers()
	c.set("berlin", english(w.save(testkit.TownLines()...)))
	r.Changed("berlin")
	r.Changed("ghent")
	run()
	testkit.Eventually(t, "the reader is made", func() bool { reader, ready := r.Reader("berlin"); return ready && reader != nil })
}

func TestANetworkThatIsNotThereIsTriedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r, c, run := w.readers()
	run()
	hash := w.save(testkit.TownLines()...)
	w.check(w.db.Exec("UPDATE transit_networks SET hash = 'away'").Error)
	c.set("berlin", english(hash))
	if _, err := r.Wait(t.Context(), "berlin"); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("waiting: %v", err)
	}
	if reader, ready := r.Reader("berlin"); reader != nil || !ready {
		t.Error("reports must be judged without it")
	}
	w.check(w.db.Exec("UPDATE transit_networks SET hash = ?", hash).Error)
	w.Advance(2 * time.Minute)
	testkit.Eventually(t, "the reader is made", func() bool { reader, _ := r.Reader("berlin"); return reader != nil })
}

func TestReadersForgetWhatWasUsedLeastRecently(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r, c, run := w.readers()
	r.MaxStops = 9
	run()
	lines := testkit.TownLines()
	for city, hash := range map[string]string{"a": w.save(lines[0]), "b": w.save(lines[1]), "c": w.save(lines...)} {
		c.set(city, english(hash))
	}
	a, err := r.Wait(t.Context(), "a") // 3 stops
	w.check(err)
	_, err = r.Wait(t.Context(), "b") // 4
	w.check(err)
	if again, _ := r.Reader("a"); again != a {
		t.Error("there was room")
	}
	_, err = r.Wait(t.Context(), "c") // 6: b must go, a may stay
	w.check(err)
	if again, ready := r.Reader("a"); again != a || !ready {
		t.Error("the one that was used is gone")
	}
	if _, ready := r.Reader("b"); ready {
		t.Error("the one that was used least recently is there")
	}
	b, err := r.Wait(t.Context(), "b")
	if err != nil || b == nil {
		t.Error(b, err)
	}
}

func BenchmarkTheReaderOfACityWithAThousandNames(b *testing.B) {
	w := newWorld(b)
	r, c, run := w.readers()
	var names []string
	for i := range 1000 {
		names = append(names, fmt.Sprintf("Stop %d = Nickname %d", i, i))
	}
	c.set("berlin", english(w.save(testkit.TownLines()...), names...))
	run()
	_, err := r.Wait(b.Context(), "berlin")
	w.check(err)
	for b.Loop() {
		if reader, _ := r.Reader("berlin"); reader == nil {
			b.Fatal("no reader")
		}
	}
}
