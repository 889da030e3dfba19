package mastodon

import (
	"math/rand/v2"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	firstPause  = 2 * time.Second  // after a 429 that does not say how long to wait: the windows of Akkoma's limits are 10 seconds long ...
	patientTime = 20 * time.Second // ... and after so long without a success ...
	maxPause    = 10 * time.Minute // ... doubled each time, up to this
	busyPause   = 5 * time.Second  // after a 503, doubled each time, up to what the instance says
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
	since    time.Time     // of the first refusal without a hint
	refusals int           // that doubled the pause
	hinted   time.Duration // the last pause that the instance asked for
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
// grows with each refusal once they have lasted for patientTime. A pause that we have kept and that is refused again grows as well, whatever
// the instance says: its hint is wrong.
func (p *rateLimits) refused(name string, now time.Time, after time.Duration, hinted bool) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	d := p.state(name)
	switch {
	case !hinted && (d.since.IsZero() || now.Sub(d.since) < patientTime):
		if d.since.IsZero() {
			d.since = now
		}
		after = grown(firstPause, 0, maxPause)
	case !hinted:
		d.refusals++
		after = grown(firstPause, d.refusals, maxPause)
	case d.hinted == 0:
		d.hinted = after
	case !now.Before(d.until): // else it was called at the same time
		after = max(after, min(2*d.hinted, maxPause))
		d.hinted = after
	}
	return d.wait(now, after)
}

// busy records that an instance is overloaded or starting, and returns how long to wait: a time that grows with each refusal up to what it asks
// for. GoToSocial asks for two minutes when it has started after three seconds.
func (p *rateLimits) busy(name string, now time.Time, asked time.Duration) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	d := p.state(name)
	after := grown(busyPause, d.refusals, maxPause)
	d.refusals++
	if asked > 0 {
		after = min(after, asked)
	}
	return d.wait(now, after)
}

// state returns the state of a key. p.mu is held.
func (p *rateLimits) state(name string) *limitState {
	if p.limited == nil {
		p.limited = map[string]*limitState{}
	}
	if p.limited[name] == nil {
		p.limited[name] = &limitState{}
	}
	return p.limited[name]
}

// grown is first, doubled for each refusal before, up to a limit, and a little longer so that not all cities retry at once.
func grown(first time.Duration, refusals int, limit time.Duration) time.Duration {
	pause := min(first<<min(refusals, 10), limit)
	return pause + rand.N(pause/4)
}

func (d *limitState) wait(now time.Time, after time.Duration) time.Duration {
	if until := now.Add(after); until.After(d.until) {
		d.until = until
	}
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
