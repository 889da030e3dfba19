package settings_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"gorm.io/gorm"

	"linienfunk/bots"
	"linienfunk/bus"
	"linienfunk/censor"
	"linienfunk/db"
	"linienfunk/internal/testkit"
	"linienfunk/settings"
)

var schema = settings.Schema{Compile: censor.Compile, Options: map[string][]bots.Option{
	"web": {{Name: "form", Kind: bots.Switch, Default: true}, {Name: "list", Kind: bots.Switch, Default: true}},
	"fake": {{Name: "repost", Kind: bots.Choice, Default: "boost", Choices: []string{"boost", "copy"}}, {Name: "hello", Kind: bots.Text, Default: "", Max: 10},
		{Name: "budget", Kind: bots.Number, Default: 5, Min: 1, Max: 900}},
}}

// cluster is a broker and a database for nodes and storages.
type cluster struct {
	t      testing.TB
	broker testkit.Broker
	db     *db.DB

	stopStorage func() // kills the storage of started
}

// part is a running node or storage with a connection of its own.
type part struct {
	bus  *bus.Bus
	stop func() // kills it
}

func newCluster(t testing.TB) *cluster {
	return &cluster{t: t, broker: testkit.NewBroker(t),
		db: testkit.DB(t, time.Now, testkit.Tables{Prefix: "settings_", Migrations: settings.Migrations()})}
}

// started returns a cluster with a storage, some cities, and a node that has loaded them, whose chains are verified.
func started(t testing.TB, cities ...string) (*cluster, *settings.Storage, *settings.Node) {
	t.Helper()
	w := newCluster(t)
	storage, running := w.storage()
	w.stopStorage = running.stop
	w.create(storage, cities...)
	n, _ := w.node()
	waitLoaded(t, n)
	if err := n.Verify(t.Context()); err != nil {
		t.Fatal(err)
	}
	return w, storage, n
}

func (w *cluster) run(b *bus.Bus, f func(context.Context) error) part {
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { f(ctx) })
	stop := sync.OnceFunc(func() {
		cancel()
		running.Wait()
		b.Close()
	})
	w.t.Cleanup(stop)
	return part{b, stop}
}

func (w *cluster) storage() (*settings.Storage, part) { return w.storageThatKeeps(1000) }

// storageThatKeeps starts a storage that keeps only that many updates in the stream.
func (w *cluster) storageThatKeeps(updates uint64) (*settings.Storage, part) {
	w.t.Helper()
	b := w.broker.Connect(w.t)
	s := settings.NewStorage(w.db, b, schema, testkit.Log(w.t), time.Now)
	s.Keep(updates)
	return s, w.run(b, s.Run)
}

func (w *cluster) node() (*settings.Node, part) { return w.nodeOn(w.broker.Connect(w.t)) }

func (w *cluster) nodeOn(b *bus.Bus) (*settings.Node, part) {
	w.t.Helper()
	n := settings.NewNode(b, schema, testkit.Log(w.t), time.Now)
	n.SetSubmitTimeout(time.Hour) // tests must not depend on the speed of the machine
	return n, w.run(b, n.Run)
}

// waitLoaded waits until the nodes have loaded all cities.
func waitLoaded(t testing.TB, nodes ...*settings.Node) {
	t.Helper()
	for _, n := range nodes {
		if err := n.Loaded(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// create creates cities without announcing them to the nodes.
func (w *cluster) create(s *settings.Storage, cities ...string) {
	w.t.Helper()
	for _, city := range cities {
		err := w.db.Transaction(w.t.Context(), func(tx *gorm.DB) error {
			_, err := s.Create(tx, city, settings.Default(city, "de"), 1)
			return err
		})
		if err != nil {
			w.t.Fatal(err)
		}
	}
}

func get(t testing.TB, n *settings.Node, city string) settings.Snapshot {
	t.Helper()
	snapshot, ok, err := n.Get(t.Context(), city)
	if err != nil || !ok {
		t.Fatalf("%s: %v, %v", city, ok, err)
	}
	return snapshot
}

// edit is a draft that changes one field of a snapshot.
func edit(t testing.TB, from settings.Snapshot, field string, value any) settings.Draft {
	t.Helper()
	to, err := settings.With(from.Document, map[string]any{field: value})
	if err != nil {
		t.Fatal(err)
	}
	return settings.Draft{City: from.City, Base: from.Hash, From: from.Document, To: to, Admin: 1, Note: fmt.Sprint("sets ", field)}
}

// waitForVersion waits until the nodes have the version.
func waitForVersion(t testing.TB, want settings.Snapshot, nodes ...*settings.Node) {
	t.Helper()
	for i, n := range nodes {
		testkit.Eventually(t, fmt.Sprintf("node %d has version %.8s of %s", i, want.Hash, want.City), func() bool {
			got, ok, _ := n.Get(t.Context(), want.City)
			return ok && got.Hash == want.Hash && string(got.Document) == string(want.Document)
		})
	}
}

// watch is a log handler's output that signals when a text is logged.
type watch struct {
	what string
	seen chan struct{}
	out  io.Writer
}

func (w *watch) logger(t testing.TB) *slog.Logger {
	w.out = t.Output()
	return slog.New(slog.NewTextHandler(w, nil))
}

// Write forwards the output.
func (w *watch) Write(p []byte) (int, error) {
	if strings.Contains(string(p), w.what) {
		select {
		case w.seen <- struct{}{}:
		default:
		}
	}
	return w.out.Write(p)
}
