package web

import (
	"hash/maphash"
	"net"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	reportsPerMinute = 5      // of one client
	crowdPerMinute   = 60     // of all clients together that found no room in the table
	maxClients       = 10_000 // of whom we keep count, about 1 MB
)

// limits counts the reports of each client. It keeps no address: a client is a hash whose seed is forgotten with the
// process, and is itself forgotten when it has been quiet for a minute.
type limits struct {
	now  func() time.Time
	seed maphash.Seed
	max  int

	mu      sync.Mutex
	clients map[uint64]*rate.Limiter
	crowd   *rate.Limiter
}

func newLimits(now func() time.Time) *limits {
	return &limits{
		now: now, seed: maphash.MakeSeed(), max: maxClients, clients: map[uint64]*rate.Limiter{},
		crowd: perMinute(crowdPerMinute),
	}
}

func perMinute(n int) *rate.Limiter {
	return rate.NewLimiter(rate.Every(time.Minute/time.Duration(n)), n)
}

// allow says whether the client behind http.Request.RemoteAddr may send another report now.
func (l *limits) allow(remoteAddr string) bool {
	key := maphash.String(l.seed, network(remoteAddr))
	now := l.now()
	l.mu.Lock()
	defer l.mu.Unlock()
	client, ok := l.clients[key]
	if !ok {
		if len(l.clients) >= l.max {
			l.sweep(now)
		}
		if len(l.clients) >= l.max {
			return l.crowd.AllowN(now, 1)
		}
		client = perMinute(reportsPerMinute)
		l.clients[key] = client
	}
	return client.AllowN(now, 1)
}

// sweep forgets the clients that have all their reports of a minute left: they are as good as new ones.
func (l *limits) sweep(now time.Time) {
	for key, client := range l.clients {
		if client.TokensAt(now) >= reportsPerMinute {
			delete(l.clients, key)
		}
	}
}

// network is what one client has: an IPv4 address, or an IPv6 network of 64 bits, the smallest that providers hand
// out (RFC 6177).
func network(remoteAddr string) string {
	host, _, err := net.SplitHostPort(remoteAddr)
	if err != nil {
		host = remoteAddr
	}
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return host
	}
	addr = addr.Unmap().WithZone("")
	if addr.Is4() {
		return addr.String()
	}
	prefix, err := addr.Prefix(64)
	if err != nil {
		return host
	}
	return prefix.String()
}
