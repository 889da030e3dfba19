// Package limits limits the rate of events: a rate limiter for each key, in bounded memory, and the keys for clients
// of the network.
//
// A limiter is in memory and starts empty with the process. It keeps no key, which may be an address or a name: a key is a
// keyed hash, and is itself forgotten when it has its whole burst again.
//
// Nodes that share a Group count together. Each has its own limiter, decides alone and at once, and announces what it has allowed; the others
// subtract that from theirs. An announcement is two hashes on core NATS, where it may get lost: then a limit is a bit weaker, as it is for
// the milliseconds until an announcement arrives. What two nodes have allowed too much in that time is a debt of the key on both. One counter for
// all, in the database or in a key-value bucket, would be exact, but each mail, form and page would wait for it, and none could be
// accepted while it is away. A share of the limit for each node would refuse people whose requests all come to one node.
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
	hash func(text string) uint64

	// Of a limiter that counts together with those of other nodes.
	name     string                  // part of what is hashed
	daily    bool                    // so is the day, in UTC
	announce func(key, event uint64) // nil alone; key is 0 for the overflow, event for one that is not repeated

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

// New makes a limiter of no Group with the clock now. Burst and Every must be above 0.
func New(now func() time.Time, r Rate) *Limiter {
	seed := maphash.MakeSeed()
	return newLimiter(now, r, func(text string) uint64 { return maphash.String(seed, text) })
}

func newLimiter(now func() time.Time, r Rate, hash func(string) uint64) *Limiter {
	if r.Keys == 0 {
		r.Keys = DefaultKeys
	}
	l := &Limiter{rate: r, now: now, hash: hash, keys: map[uint64]*counter{}, swept: now()}
	if r.Overflow > 0 {
		l.overflow = rate.NewLimiter(rate.Every(time.Minute/time.Duration(r.Overflow)), r.Overflow)
	}
	return l
}

// Allow reports whether key may have an event now, and counts it if so.
func (l *Limiter) Allow(key string) bool { return l.allow(key, 0) }

// AllowOnce is Allow for events that may be repeated, such as a mail that is delivered again: an event of the key that was
// allowed lately, of as many as a burst, is allowed again and does not count.
func (l *Limiter) AllowOnce(key, event string) bool {
	now := l.now()
	return l.allow(key, l.digest("event "+event, now))
}

func (l *Limiter) allow(key string, event uint64) bool {
	now := l.now()
	hash := l.digest(key, now)
	allowed, counts, overflow := l.take(hash, event, now)
	if counts && l.announce != nil {
		if overflow {
			hash, event = 0, 0
		}
		l.announce(hash, event)
	}
	return allowed
}

func (l *Limiter) digest(text string, now time.Time) uint64 {
	if l.announce == nil {
		return l.hash(text)
	}
	if l.daily {
		text = now.UTC().Format(time.DateOnly) + " " + text
	}
	return l.hash(l.name + " " + text)
}

// take decides about an event of a key, and whether it counts; if the table is full, the overflow decides.
func (l *Limiter) take(key, event uint64, now time.Time) (allowed, counts, overflow bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := l.counter(key, now)
	if c == nil {
		allowed = l.overflow.AllowN(now, 1)
		return allowed, allowed, true
	}
	if c.has(event) {
		return true, false, false
	}
	if !c.AllowN(now, 1) {
		return false, false, false
	}
	c.remember(event, l.rate.Burst)
	return true, true, false
}

// counted counts an event that another node has allowed, whether this one would have or not.
func (l *Limiter) counted(key, event uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	var c *counter
	if key != 0 {
		c = l.counter(key, now)
	}
	switch {
	case c != nil && !c.has(event):
		c.ReserveN(now, 1)
		c.remember(event, l.rate.Burst)
	case c == nil && l.overflow != nil:
		l.overflow.ReserveN(now, 1)
	}
}

func (c *counter) has(event uint64) bool { return event != 0 && slices.Contains(c.allowed, event) }

func (c *counter) remember(event uint64, most int) {
	if event != 0 {
		c.allowed = append(c.allowed, event)
		c.allowed = c.allowed[max(len(c.allowed)-most, 0):]
	}
}

// Remaining is how many events a key may have now, and the time until it has its whole burst again.
func (l *Limiter) Remaining(key string) (events int, full time.Duration) {
	now := l.now()
	hash := l.digest(key, now)
	l.mu.Lock()
	defer l.mu.Unlock()
	tokens := float64(l.rate.Burst)
	if c, ok := l.keys[hash]; ok {
		tokens = c.TokensAt(now)
	}
	return max(int(tokens), 0), time.Duration((float64(l.rate.Burst) - tokens) * float64(l.rate.Every))
}

// Len is the number of keys that are counted.
func (l *Limiter) Len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.keys)
}

// counter returns the counter of a key's hash, or nil if the table is full.
func (l *Limiter) counter(hash uint64, now time.Time) *counter {
	if now.Sub(l.swept) > time.Duration(l.rate.Burst)*l.rate.Every { // a key is idle after this time
		l.sweep(now)
	}
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
