package email

import (
	"hash/maphash"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	reportsAtOnce    = 10 // of one author to one city
	reportsPerMinute = 4  // after them
	networkAtOnce    = 60 // of one network to all cities: a provider has many customers
	networkPerMinute = 30 // after them
	asksAtOnce       = 5  // for subscriptions, of one client
	asksPerMinute    = 1  // after them
	crowdPerMinute   = 60 // of all together who found no room in the table
	maxCounted       = 10_000
)

// limits counts what each one does. It keeps no address: who it was is a hash whose seed is forgotten with the
// process, and is itself forgotten when there is nothing to hold against them any more.
type limits struct {
	now       func() time.Time
	seed      maphash.Seed
	burst     int
	perMinute int
	max       int

	mu    sync.Mutex
	ones  map[uint64]*one
	crowd *rate.Limiter
}

type one struct {
	*rate.Limiter
	done []uint64 // the last ones that were allowed
}

func newLimits(now func() time.Time, burst, perMinute int) *limits {
	return &limits{
		now: now, seed: maphash.MakeSeed(), burst: burst, perMinute: perMinute, max: maxCounted,
		ones: map[uint64]*one{}, crowd: rate.NewLimiter(rate.Every(time.Minute/crowdPerMinute), crowdPerMinute),
	}
}

// allow says whether who may do what now. What was allowed lately is allowed again and does not count; an empty what
// always counts.
func (l *limits) allow(who, what string) bool {
	key, act := maphash.String(l.seed, who), maphash.String(l.seed, what)
	now := l.now()
	l.mu.Lock()
	defer l.mu.Unlock()
	known, ok := l.ones[key]
	if !ok {
		if len(l.ones) >= l.max {
			l.sweep(now)
		}
		if len(l.ones) >= l.max {
			return l.crowd.AllowN(now, 1)
		}
		known = &one{Limiter: rate.NewLimiter(rate.Every(time.Minute/time.Duration(l.perMinute)), l.burst)}
		l.ones[key] = known
	}
	if what != "" && slices.Contains(known.done, act) {
		return true
	}
	if !known.AllowN(now, 1) {
		return false
	}
	known.done = append(known.done, act)
	known.done = known.done[max(len(known.done)-l.burst, 0):]
	return true
}

// sweep forgets those who have all of their burst left: they are as good as new ones.
func (l *limits) sweep(now time.Time) {
	for key, known := range l.ones {
		if known.TokensAt(now) >= float64(l.burst) {
			delete(l.ones, key)
		}
	}
}

// client is what one client has of http.Request.RemoteAddr: its address, or its network if that is IPv6.
func client(remoteAddr string) string {
	host, _, err := net.SplitHostPort(remoteAddr)
	if err != nil {
		host = remoteAddr
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return host
	}
	return group(ip).String()
}
