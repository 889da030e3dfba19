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
	n.replicaMu.Lock() // one call of those who follow at a time
	defer n.replicaMu.Unlock()
	n.mu.Lock()
	before := n.stops
	n.stops = stops
	n.mu.Unlock()
	changed := maps.Clone(stops)
	maps.Copy(changed, before)
	for city := range changed {
		if before[city] != stops[city] {
			n.notifyChange(city)
		}
	}
}

// revision identifies what bots see of a city.
func (s Snapshot) revision() string {
	if s.Stop.Kind == "" {
		return string(s.Hash)
	}
	return string(s.Hash) + " " + string(s.Stop.Kind) + strconv.FormatInt(s.Stop.At.Unix(), 36)
}
