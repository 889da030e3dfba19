// Package limits limits the rate of events: a rate limiter for each key, in bounded memory, and the keys for clients
// of the network.
//
// A limiter is in memory and starts empty with the process. It keeps no key, which may be an address or a name: a key is a
// hash whose seed is forgotten with the process, and is itself forgotten when it has its whole burst again.
package limits

import (
	"hash/maphash"
	"slices"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// DefaultKeys is how many keys a limiter counts unless Rate.Keys says otherwise: about 1 MB.
const DefaultKeys = 10_000

// Rate is what a limiter allows each key.
type Rate struct {
	Burst int           // events at once
	Every time.Duration // time until one more is allowed, after a burst

	// Keys bounds the memory: the number of keys that are counted apart. 0 means DefaultKeys.
	Keys int

	// Overflow is how many events a minute are allowed to all further keys together while the table is full of keys that
	// are not idle. With 0, other keys are forgotten at random until the table is half empty, so that they get a new burst: choose
	// that where keys cost an attacker nothing and must not shut out others.
	Overflow int
}

// PerMinute is a Rate of n events a minute, all of them at once if need be.
func PerMinute(n int) Rate { return Rate{Burst: n, Every: time.Minute / time.Duration(n)} }

// Limiter limits the events of each key. It is safe for concurrent use.
type Limiter struct {
	rate Rate
	now  func() time.Time
	seed maphash.Seed

	mu       sync.Mutex
	keys     map[uint64]*counter
	overflow *rate.Limiter // nil without Rate.Overflow
	swept    time.Time     // when idle keys were last forgotten
}

// counter is the state of one key.
type counter struct {
	*rate.Limiter
	allowed []uint64 // hashes of the last events of AllowOnce, at most a burst of them
}

// New makes a limiter with the clock now. Burst and Every must be above 0.
func New(now func() time.Time, r Rate) *Limiter {
	if r.Keys == 0 {
		r.Keys = DefaultKeys
	}
	l := &Limiter{rate: r, now: now, seed: maphash.MakeSeed(), keys: map[uint64]*counter{}, swept: now()}
	if r.Overflow > 0 {
		l.overflow = rate.NewLimiter(rate.Every(time.Minute/time.Duration(r.Overflow)), r.Overflow)
	}
	return l
}

// Allow reports whether key may have an event now, and counts it if so.
func (l *Limiter) Allow(key string) bool {
	return l.with(key, func(c *counter, now time.Time) bool { return c.AllowN(now, 1) })
}

// AllowOnce is Allow for events that may be repeated, such as a mail that is delivered again: an event of the key that was
// allowed lately, of as many as a burst, is allowed again and does not count.
func (l *Limiter) AllowOnce(key, event string) bool {
	hash := maphash.String(l.seed, event)
	return l.with(key, func(c *counter, now time.Time) bool {
		if slices.Contains(c.allowed, hash) {
			return true
		}
		if !c.AllowN(now, 1) {
			return false
		}
		c.allowed = append(c.allowed, hash)
		c.allowed = c.allowed[max(len(c.allowed)-l.rate.Burst, 0):]
		return true
	})
}

// with calls allow with the key's counter; if the table is full, the overflow decides.
func (l *Limiter) with(key string, allow func(c *counter, now time.Time) bool) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	if c := l.counter(key, now); c != nil {
		return allow(c, now)
	}
	return l.overflow.AllowN(now, 1)
}

// Len is the number of keys that are counted.
func (l *Limiter) Len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.keys)
}

// counter returns the key's counter, or nil if the table is full.
func (l *Limiter) counter(key string, now time.Time) *counter {
	if now.Sub(l.swept) > time.Duration(l.rate.Burst)*l.rate.Every { // a key is idle after this time
		l.sweep(now)
	}
	hash := maphash.String(l.seed, key)
	if c, ok := l.keys[hash]; ok {
		return c
	}
	if len(l.keys) >= l.rate.Keys {
		l.sweep(now)
	}
	if len(l.keys) >= l.rate.Keys {
		if l.overflow != nil {
			return nil
		}
		l.shrink()
	}
	c := &counter{Limiter: rate.NewLimiter(rate.Every(l.rate.Every), l.rate.Burst)}
	l.keys[hash] = c
	return c
}

// sweep forgets idle keys: those with a whole burst are as good as new ones.
func (l *Limiter) sweep(now time.Time) {
	l.swept = now
	for hash, c := range l.keys {
		if c.TokensAt(now) >= float64(l.rate.Burst) {
			delete(l.keys, hash)
		}
	}
}

// shrink forgets keys at random.
func (l *Limiter) shrink() {
	for hash := range l.keys {
		if len(l.keys) <= l.rate.Keys/2 {
			return
		}
		delete(l.keys, hash)
	}
}
