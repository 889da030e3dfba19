package account

import (
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// rateLimits slow down who tries too often. They live in memory: a restart forgives.
type rateLimits struct {
	loginAddress *limiter // attempts on one account, from wherever
	loginNetwork *limiter // further attempts on one account, from one network
	loginSpare   *limiter // further attempts on one account, from all networks
	loginClient  *limiter // attempts of one client, on whatever account
	mailAddress  *limiter // mails that strangers can make us send to one address
	mailClient   *limiter // and how often one client can do so
}

func newLimits() rateLimits {
	return rateLimits{
		loginAddress: newLimiter(10, time.Minute),
		loginNetwork: newLimiter(3, 6*time.Hour),
		loginSpare:   newLimiter(300, 5*time.Minute),
		loginClient:  newLimiter(30, 10*time.Second),
		mailAddress:  newLimiter(3, 10*time.Minute),
		mailClient:   newLimiter(10, time.Minute),
	}
}

// login reports whether an attempt to log in may be made, and counts it. What everybody may try on an account can be used up by
// anybody, and kept so with one wrong password a minute. Its admin still gets in, from a network that has not tried on
// it lately: a few such attempts are let through beyond that. All networks together have 300 of them and then one
// in five minutes, so that keeping the admin out takes a hundred networks at once, and guessing from
// thousands is no faster than 1,728 passwords a day, none of which is a common one.
func (l rateLimits) login(address string, r *http.Request, now time.Time) bool {
	return l.loginClient.allow(client(r), now) && (l.loginAddress.allow(address, now) ||
		l.loginNetwork.allow(address+" "+network(r), now) && l.loginSpare.allow(address, now))
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
func client(r *http.Request) string { return masked(r, 32, 64) }

// network names a client with its neighbours, since one person can easily have all addresses of a /48.
func network(r *http.Request) string { return masked(r, 24, 48) }

// masked is the visitor's address with so many bits of it.
func masked(r *http.Request, bits4, bits6 int) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	address, err := netip.ParseAddr(host)
	if err != nil {
		return host
	}
	address = address.Unmap().WithZone("")
	bits := bits4
	if address.Is6() {
		bits = bits6
	}
	prefix, err := address.Prefix(bits)
	if err != nil {
		return host
	}
	if prefix.IsSingleIP() {
		return address.String()
	}
	return prefix.String()
}
