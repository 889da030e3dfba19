package mastodon

import (
	"math/rand/v2"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	firstPause = 15 * time.Second // after a 429 that does not say how long to wait ...
	maxPause   = 10 * time.Minute // ... doubled each time, up to this
)

// rateLimits records which instances asked us to wait. If an instance limits by account, the core delays that account's calls because of
// the error, and only the number of refusals is kept here. If it limits by address, all accounts on it wait together and
// share a limiter for reading.
type rateLimits struct {
	mu           sync.Mutex
	limited      map[string]*limitState
	readLimiters map[string]*rate.Limiter
}

// limitState is the state of one key: an account, or a whole instance.
type limitState struct {
	until    time.Time
	refusals int // one after the other
}

// remaining returns how long calls with a key still have to wait.
func (p *rateLimits) remaining(name string, now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if d := p.limited[name]; d != nil {
		return d.until.Sub(now)
	}
	return 0
}

// refused records that an instance asked us to wait, and returns for how long: after if it said so (hinted), else a time that
// grows with each refusal.
func (p *rateLimits) refused(name string, now time.Time, after time.Duration, hinted bool) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.limited == nil {
		p.limited = map[string]*limitState{}
	}
	d := p.limited[name]
	if d == nil {
		d = &limitState{}
		p.limited[name] = d
	}
	if !hinted {
		after = min(firstPause<<min(d.refusals, 10), maxPause)
		after += rand.N(after / 4) // so that not all cities retry at once
	}
	d.refusals++
	d.until = now.Add(after)
	return after
}

// accepted records that an instance has accepted a call.
func (p *rateLimits) accepted(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.limited, name)
}

// readLimiter returns the limiter that all readers with the same key share.
func (p *rateLimits) readLimiter(name string, timing timing) *rate.Limiter {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.readLimiters == nil {
		p.readLimiters = map[string]*rate.Limiter{}
	}
	if p.readLimiters[name] == nil {
		p.readLimiters[name] = newLimiter(timing)
	}
	return p.readLimiters[name]
}

func newLimiter(timing timing) *rate.Limiter {
	return rate.NewLimiter(rate.Every(timing.gap), timing.burst)
}
