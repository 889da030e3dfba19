package mastodon

import (
	"math/rand/v2"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	firstPause = 15 * time.Second // when an instance wants us to wait and does not say how long ...
	lastPause  = 10 * time.Minute // ... doubled each time, up to this
)

// pauses remembers which instances asked us to wait. Where an instance counts by account, the core spaces that account's calls by
// the error that it gets, and only the number of refusals is kept here. Where it counts by address, all of its
// accounts have to wait together, and to share what they may ask.
type pauses struct {
	mu      sync.Mutex
	doors   map[string]*door
	readers map[string]*rate.Limiter
}

// door is an account of an instance, or the whole instance.
type door struct {
	until    time.Time
	refusals int // one after the other
}

// left is how long a door stays shut.
func (p *pauses) left(name string, now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if d := p.doors[name]; d != nil {
		return d.until.Sub(now)
	}
	return 0
}

// shut notes that an instance asked us to wait, for as long as it said, or for a while that grows each time if it did not
// (hinted is false); and returns for how long.
func (p *pauses) shut(name string, now time.Time, after time.Duration, hinted bool) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.doors == nil {
		p.doors = map[string]*door{}
	}
	d := p.doors[name]
	if d == nil {
		d = &door{}
		p.doors[name] = d
	}
	if !hinted {
		after = min(firstPause<<min(d.refusals, 10), lastPause)
		after += rand.N(after / 4) // not all cities at once
	}
	d.refusals++
	d.until = now.Add(after)
	return after
}

// open notes that an instance let us in.
func (p *pauses) open(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.doors, name)
}

// reader returns the limiter that all readers behind a door share.
func (p *pauses) reader(name string, pace pace) *rate.Limiter {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.readers == nil {
		p.readers = map[string]*rate.Limiter{}
	}
	if p.readers[name] == nil {
		p.readers[name] = newLimiter(pace)
	}
	return p.readers[name]
}

func newLimiter(pace pace) *rate.Limiter { return rate.NewLimiter(rate.Every(pace.gap), pace.burst) }
