package frontend

import (
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// limits slow down who tries too often. They live in memory: a restart forgives.
type limits struct {
	loginAddress *limiter // attempts on one account, from wherever
	loginClient  *limiter // attempts of one client, on whatever account
	mailAddress  *limiter // mails that strangers can make us send to one address
	mailClient   *limiter // and how often one client can do so
}

func newLimits() limits {
	return limits{
		loginAddress: newLimiter(10, time.Minute),
		loginClient:  newLimiter(30, 10*time.Second),
		mailAddress:  newLimiter(3, 10*time.Minute),
		mailClient:   newLimiter(10, time.Minute),
	}
}

// maxLimited bounds a limiter's memory, to about a megabyte.
const maxLimited = 10_000

// limiter lets each key do something burst times at once and then once per pause.
type limiter struct {
	burst int
	pause time.Duration

	mu   sync.Mutex
	keys map[string]*rate.Limiter
}

func newLimiter(burst int, pause time.Duration) *limiter {
	return &limiter{burst: burst, pause: pause, keys: map[string]*rate.Limiter{}}
}

// allow reports whether key may do it now, and counts it.
func (l *limiter) allow(key string, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	one, ok := l.keys[key]
	if !ok {
		if len(l.keys) >= maxLimited {
			l.shrink(now)
		}
		one = rate.NewLimiter(rate.Every(l.pause), l.burst)
		l.keys[key] = one
	}
	return one.AllowN(now, 1)
}

// shrink forgets the keys that have nothing counted any more, and if there are none, some others.
func (l *limiter) shrink(now time.Time) {
	for key, one := range l.keys {
		if one.TokensAt(now) >= float64(l.burst) {
			delete(l.keys, key)
		}
	}
	for key := range l.keys {
		if len(l.keys) < maxLimited/2 {
			return
		}
		delete(l.keys, key)
	}
}

// client names who asks: an IPv4 address, or the /64 that one IPv6 customer has. See behindProxies for visitors who come
// through a proxy.
func client(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	address, err := netip.ParseAddr(host)
	if err != nil {
		return host
	}
	address = address.Unmap().WithZone("")
	if address.Is6() {
		if prefix, err := address.Prefix(64); err == nil {
			return prefix.String()
		}
	}
	return address.String()
}
