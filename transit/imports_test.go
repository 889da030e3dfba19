package transit_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"linienfunk/internal/testkit"
	"linienfunk/transit"
	"linienfunk/transit/network"
)

// imports are Imports whose feeds are files in dir. They read once run is called.
func (w *world) imports(dir string) (i *transit.Imports, run func() (stop func())) {
	i = transit.NewImports(w.store, dir, w.log)
	return i, func() func() { return testkit.Background(w.t, func(ctx context.Context) { _ = i.Run(ctx) }) }
}

func (w *world) status(i *transit.Imports, city string) transit.Import {
	w.t.Helper()
	got, _, err := i.Status(w.t.Context(), city)
	w.check(err)
	return got
}

// ended waits until the import of a city has ended.
func (w *world) ended(i *transit.Imports, city string) transit.Import {
	w.t.Helper()
	testkit.Eventually(w.t, "the feed is read", func() bool { s := w.status(i, city).State; return s != transit.Reading && s != "" })
	return w.status(i, city)
}

func (w *world) wantNoFile(dir string) {
	w.t.Helper()
	testkit.Eventually(w.t, "the feed is removed", func() bool { files, _ := os.ReadDir(dir); return len(files) == 0 })
}

func TestAFeedIsReadInTheBackgroundAndStored(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	dir := filepath.Join(t.TempDir(), "feeds")
	i, run := w.imports(dir)
	run()
	w.check(i.Receive(t.Context(), "berlin", "town.zip", network.Options{}, bytes.NewReader(testkit.Feed(t, testkit.TownLines()...))))
	got := w.ended(i, "berlin")
	if got.State != transit.Read || got.File != "town.zip" || got.Lines != 2 || got.Stops != 6 || !w.stored(got.Hash) {
		t.Errorf("%+v", got)
	}
	w.wantNoFile(dir)
}

func TestWhatIsWrongWithAFeedIsKeptForTheAdmin(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	dir := filepath.Join(t.TempDir(), "feeds")
	i, run := w.imports(dir)
	i.MaxUnpacked = 1 << 20
	run()
	without := testkit.FeedFiles(testkit.TownLines()...)
	delete(without, "stop_times.txt")
	bomb := testkit.FeedFiles(testkit.TownLines()...)
	bomb["stop_times.txt"] += strings.Repeat(" ", 3<<20)
	for name, c := range map[string]struct {
		feed    []byte
		problem network.Problem
		file    string
	}{
		"no zip":      {[]byte("hello"), network.NotAZip, ""},
		"no times":    {testkit.Zip(t, without), network.MissingFile, "stop_times.txt"},
		"a zip bomb":  {testkit.Zip(t, bomb), network.TooLarge, "stop_times.txt"},
		"half a feed": {testkit.Feed(t, testkit.TownLines()...)[:900], network.NotAZip, ""},
	} {
		w.check(i.Receive(t.Context(), "berlin", "town.zip", network.Options{}, bytes.NewReader(c.feed)))
		got := w.ended(i, "berlin")
		if got.State != transit.Failed || got.Failure == nil || got.Failure.Problem != c.problem || got.Failure.File != c.file {
			t.Errorf("%s: %+v, %v", name, got, got.Failure)
		}
		w.check(i.Cancel(t.Context(), "berlin"))
		w.wantNoFile(dir)
	}
}

// slowBody is a feed that is still being uploaded.
type slowBody struct {
	started chan struct{}
	end     chan error
}

func (b slowBody) Read([]byte) (int, error) {
	b.started <- struct{}{}
	return 0, <-b.end
}

func TestACityHasOneImportAtATimeAndAllHaveSix(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	dir := filepath.Join(t.TempDir(), "feeds")
	i, run := w.imports(dir)
	results := make(chan error)
	var bodies []slowBody
	for _, city := range []string{"a", "b", "c", "d", "e"} {
		body := slowBody{make(chan struct{}, 1), make(chan error)}
		go func() { results <- i.Receive(t.Context(), city, "x.zip", network.Options{}, body) }()
		<-body.started
		bodies = append(bodies, body)
	}
	if err := i.Receive(t.Context(), "a", "x.zip", network.Options{}, strings.NewReader("")); err != transit.ErrRunning {
		t.Errorf("while the city's other feed is received: %v", err)
	}
	w.check(i.Receive(t.Context(), "f", "x.zip", network.Options{}, bytes.NewReader(testkit.Feed(t, testkit.TownLines()...))))
	if err := i.Receive(t.Context(), "f", "x.zip", network.Options{}, strings.NewReader("")); err != transit.ErrRunning {
		t.Errorf("while the city's other feed waits: %v", err)
	}
	if err := i.Receive(t.Context(), "g", "x.zip", network.Options{}, strings.NewReader("")); err != transit.ErrBusy {
		t.Errorf("the seventh: %v", err)
	}
	for _, body := range bodies {
		body.end <- io.ErrUnexpectedEOF
		if err := <-results; !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("a broken upload: %v", err)
		}
	}
	run()
	w.ended(i, "f")
	w.wantNoFile(dir)
	w.check(i.Receive(t.Context(), "g", "x.zip", network.Options{}, strings.NewReader("")))
	w.ended(i, "g")
}

func TestAnImportThatIsCancelledLeavesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	dir := filepath.Join(t.TempDir(), "feeds")
	i, run := w.imports(dir)
	w.check(i.Receive(t.Context(), "berlin", "x.zip", network.Options{}, bytes.NewReader(testkit.Feed(t, testkit.TownLines()...))))
	w.check(i.Cancel(t.Context(), "berlin"))
	run()
	w.wantNoFile(dir)
	if got := w.status(i, "berlin"); got.State != "" {
		t.Errorf("%+v", got)
	}
}

func TestAnImportEndsWithTheProgram(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	dir := filepath.Join(t.TempDir(), "feeds")
	i, _ := w.imports(dir)
	w.check(i.Receive(t.Context(), "berlin", "x.zip", network.Options{}, bytes.NewReader(testkit.Feed(t, testkit.TownLines()...))))
	if files, err := os.ReadDir(dir); err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	w.imports(dir) // the next start
	if files, _ := os.ReadDir(dir); len(files) != 0 {
		t.Errorf("left: %v", files)
	}
	w.Advance(10 * time.Minute)
	if got := w.status(i, "berlin"); got.State != transit.Interrupted {
		t.Errorf("%+v", got)
	}
}

func TestANewImportForgetsTheOneBeforeUnlessItIsInUse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i, run := w.imports(filepath.Join(t.TempDir(), "feeds"))
	run()
	lines := testkit.TownLines()
	load := func(city string, lines ...testkit.FeedLine) string {
		w.check(i.Receive(t.Context(), city, "x.zip", network.Options{}, bytes.NewReader(testkit.Feed(t, lines...))))
		return w.ended(i, city).Hash
	}
	first := load("berlin", lines...)
	second := load("berlin", lines[0])
	if w.stored(first) || !w.stored(second) {
		t.Error("the first is still there, or the second is not")
	}
	w.check(w.store.Use(t.Context(), second))
	load("ghent", lines[1])
	third := load("berlin", lines[1])
	load("berlin", lines...)
	if !w.stored(second) || !w.stored(third) {
		t.Error("a network in use, or of another city, was deleted")
	}
}
