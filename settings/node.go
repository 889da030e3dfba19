package settings

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"linienfunk/bots"
	"linienfunk/bus"
	"linienfunk/censor"
	"linienfunk/report"
	"linienfunk/settings/chain"
)

// Snapshot is one version of a city's configuration. It is immutable.
type Snapshot struct {
	City string
	Settings
	Hash     chain.Hash // identifies the version
	Document []byte     // in canonical form
	Filter   *censor.Filter
	Stop     Stop
	Moved    string // where the city says that it has moved to: an address, or nothing. As Stop, it is no part of the settings
}

// Node keeps the current Snapshot of every city in memory.
type Node struct {
	bus    *bus.Bus
	schema Schema
	log    *slog.Logger
	now    func() time.Time

	// Read reads a text with a city's lines and stops, for bots.City. Set it before the bots run; nil reads nothing.
	Read func(city, text string) report.Reading
	// SenderBlocked and ServerBlocked say whom the operator has blocked, for bots.Cities. Set them before the bots run; nil for nobody.
	SenderBlocked func(bot, name string) bool
	ServerBlocked func(host string) bool

	clocks   clocks
	defaults map[string]bots.Options // of each bot, for all cities that have set none

	mu       sync.RWMutex
	watch    []func(city string)
	cities   map[string]Snapshot
	stops    map[string]Stop
	moves    map[string]string
	loaded   chan struct{} // closed once all cities are loaded
	isLoaded bool

	// Guarded by replicaMu. A city's Snapshot is made from its replica.
	replicaMu sync.Mutex
	stream    string
	nextSeq   uint64 // the update that should come next
	replicas  map[string]*replica
	waiters   map[chain.Hash]*waiter

	submitTimeout time.Duration // tests set more

	wakeup     chan struct{} // holds a token when a replica is stale
	unverified chan struct{} // holds a token when cities were loaded whose chains are not verified
}

// waiter is a caller of publishAndWait.
type waiter struct {
	city    string
	result  chan error
	seq     uint64 // of the update in the stream, once it was seen there
	queried bool
}

// NewNode returns a Node that knows no city until Run.
func NewNode(b *bus.Bus, schema Schema, log *slog.Logger, now func() time.Time) *Node {
	return &Node{
		bus: b, schema: schema, log: log, now: now, defaults: schema.defaults(),
		cities: map[string]Snapshot{}, replicas: map[string]*replica{}, waiters: map[chain.Hash]*waiter{},
		loaded: make(chan struct{}), wakeup: make(chan struct{}, 1), unverified: make(chan struct{}, 1), submitTimeout: submitTimeout,
	}
}

// Schema returns the schema of the cities' documents.
func (n *Node) Schema() Schema { return n.schema }

// Get returns a city's current Snapshot from memory; false if the city does not exist.
func (n *Node) Get(_ context.Context, city string) (Snapshot, bool, error) {
	n.mu.RLock()
	defer n.mu.RUnlock()
	snapshot, ok := n.cities[city]
	snapshot.Stop, snapshot.Moved = n.stops[city], n.moves[city]
	return snapshot, ok, nil
}

// All returns the Snapshots of all cities, ordered by name.
func (n *Node) All(context.Context) ([]Snapshot, error) {
	return allCities(n, func(s Snapshot) Snapshot { return s }), nil
}

// allCities returns what made makes of each city, ordered by name. Bots list all cities every minute: the large Snapshots are not sorted themselves.
func allCities[T any](n *Node, made func(Snapshot) T) []T {
	n.mu.RLock()
	defer n.mu.RUnlock()
	names := slices.AppendSeq(make([]string, 0, len(n.cities)), maps.Keys(n.cities))
	slices.Sort(names)
	all := make([]T, len(names))
	for i, name := range names {
		snapshot := n.cities[name]
		snapshot.Stop, snapshot.Moved = n.stops[name], n.moves[name]
		all[i] = made(snapshot)
	}
	return all
}

// Rules returns the part of a city's configuration that the censor needs; false if the city does not exist.
func (n *Node) Rules(city string) (censor.Rules, bool) {
	n.mu.RLock()
	defer n.mu.RUnlock()
	snapshot, ok := n.cities[city]
	snapshot.Stop = n.stops[city]
	rules := censor.Rules{Filter: snapshot.Filter, Active: snapshot.Runs(), Freshness: snapshot.Freshness(), Repeats: snapshot.Repeats(), RelayEnds: snapshot.RelayEnds,
		Hold: censor.Hold{Panic: snapshot.Panic, All: snapshot.HoldAll, Links: snapshot.HoldLinks, New: snapshot.HoldNew, Many: snapshot.HoldMany}}
	if snapshot.Numbers {
		rules.Numbers = n.clocks.of(snapshot.Settings)
	}
	return rules, ok
}

// Loaded waits until all cities are loaded.
func (n *Node) Loaded(ctx context.Context) error {
	select {
	case <-n.loaded:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// publish makes a replica's version the city's current Snapshot. The caller holds replicaMu.
func (n *Node) publish(city string, v version, doc Settings, filter *censor.Filter) {
	triggers, blocked := filter.Lists()
	doc.Triggers, doc.Blocked = shared(doc.Triggers, triggers), shared(doc.Blocked, blocked)
	n.mu.Lock()
	old, known := n.cities[city]
	n.cities[city] = Snapshot{City: city, Settings: doc, Hash: v.hash, Document: v.document, Filter: filter}
	n.mu.Unlock()
	if !known || old.Hash != v.hash {
		n.notifyChange(city)
	}
}

// shared returns common in place of a list with the same lines: most cities have the lists of a new one, which take several kilobytes.
func shared(own, common []string) []string {
	if len(own) > 0 && slices.Equal(own, common) {
		return common
	}
	return own
}

// removeCity removes a deleted city. The caller holds replicaMu.
func (n *Node) removeCity(city string) {
	delete(n.replicas, city)
	n.mu.Lock()
	_, known := n.cities[city]
	delete(n.cities, city)
	n.mu.Unlock()
	if known {
		n.notifyChange(city)
	}
}

// OnChange registers f, which is called after a city's Snapshot has changed, one call at a time. It must be quick, and not call the
// Node's Submit.
func (n *Node) OnChange(f func(city string)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.watch = append(n.watch, f)
}

// notifyChange calls the registered functions. The caller holds replicaMu.
func (n *Node) notifyChange(city string) {
	n.mu.RLock()
	watch := slices.Clip(n.watch)
	n.mu.RUnlock()
	for _, f := range watch {
		f(city)
	}
}
