package settings

import (
	"maps"
	"strconv"
	"time"
)

// StopKind is why a city does not run, whatever its settings say.
type StopKind string

// The kinds.
const (
	Suspended StopKind = "suspended" // by the operator
	Waiting   StopKind = "waiting"   // for the operator, who has not approved it yet
)

// Stop is what stops a city. It is no part of its settings: neither its history nor its hash has it.
type Stop struct {
	Kind   StopKind // empty if nothing does
	Reason string   // for those who run the city
	At     time.Time
}

// Runs reports whether the city relays reports: its owners want it to, and nothing stops it.
func (s Snapshot) Runs() bool { return s.Active && s.Stop.Kind == "" }

// SetStops says which cities are stopped, by their names. Who follows changes hears of those that differ from before. The map must not change afterwards.
func (n *Node) SetStops(stops map[string]Stop) {
	setAside(n, &n.stops, stops)
}

// SetMoves says which cities have moved, and where to: see Snapshot.Moved. Who follows changes hears of those that differ from before. The map must not change afterwards.
func (n *Node) SetMoves(moves map[string]string) {
	setAside(n, &n.moves, moves)
}

// setAside replaces what the node knows about cities beside their settings.
func setAside[T comparable](n *Node, known *map[string]T, now map[string]T) {
	n.replicaMu.Lock() // one call of those who follow at a time
	defer n.replicaMu.Unlock()
	n.mu.Lock()
	before := *known
	*known = now
	n.mu.Unlock()
	changed := map[string]T{}
	maps.Copy(changed, now)
	maps.Copy(changed, before)
	for city := range changed {
		if before[city] != now[city] {
			n.notifyChange(city)
		}
	}
}

// revision identifies what bots see of a city.
func (s Snapshot) revision() string {
	revision := string(s.Hash)
	if s.Stop.Kind != "" {
		revision += " " + string(s.Stop.Kind) + strconv.FormatInt(s.Stop.At.Unix(), 36)
	}
	if s.Moved != "" {
		revision += " " + s.Moved
	}
	return revision
}
