package limits

import (
	"crypto/rand"
	"encoding/binary"
	"hash/maphash"
	"sync"
	"time"
)

// Group makes the limiters of a program. Those of the same name on several nodes count together once they are shared.
type Group struct {
	now     func() time.Time
	digest  func(text string) uint64
	publish func(limiter string, event []byte) // nil on the only node
	node    uint64                             // tells our own events from those of others

	mu       sync.Mutex
	limiters map[string]*Limiter
}

// NewGroup makes a Group with the clock now, which is the only one until Share.
func NewGroup(now func() time.Time) *Group {
	seed := maphash.MakeSeed()
	return &Group{
		now: now, digest: func(text string) uint64 { return maphash.String(seed, text) }, limiters: map[string]*Limiter{},
	}
}

// Share has the limiters that New makes from now on announce their events. digest is a keyed hash, the same on all nodes; publish sends an event
// to Counted on the other nodes, or drops it, without waiting. The event identifies no key to whoever does not know that of digest.
func (g *Group) Share(digest func(text string) uint64, publish func(limiter string, event []byte)) {
	var node [8]byte
	rand.Read(node[:]) // never fails, see crypto/rand
	g.digest, g.publish, g.node = digest, publish, binary.BigEndian.Uint64(node[:])
}

// New makes a limiter. Burst and Every must be above 0. The name, a-z, dots and dashes, is the same on all nodes.
func (g *Group) New(name string, r Rate) *Limiter {
	l := newLimiter(g.now, r, g.digest)
	if g.publish != nil {
		l.name = name
		l.daily = time.Duration(r.Burst)*r.Every <= maxDaily
		l.announce = func(key, event uint64) { g.publish(name, g.encode(key, event)) }
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.limiters[name] = l
	return l
}

// maxDaily is the longest memory of a limiter, the time until a key is idle after a burst, whose keys have another hash each day: a key gets a
// new burst at midnight. Limiters with a longer memory count attempts to log in, and no riders.
const maxDaily = 12 * time.Hour

const eventSize = 3 * 8

func (g *Group) encode(key, event uint64) []byte {
	message := make([]byte, 0, eventSize)
	for _, n := range []uint64{g.node, key, event} {
		message = binary.BigEndian.AppendUint64(message, n)
	}
	return message
}

// Counted counts an event that another node has allowed. Events of limiters that this node does not have are ignored, and its own.
func (g *Group) Counted(limiter string, event []byte) {
	if len(event) != eventSize || binary.BigEndian.Uint64(event) == g.node {
		return
	}
	g.mu.Lock()
	l := g.limiters[limiter]
	g.mu.Unlock()
	if l != nil {
		l.counted(binary.BigEndian.Uint64(event[8:]), binary.BigEndian.Uint64(event[16:]))
	}
}
