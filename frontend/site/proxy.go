package site

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// behindProxies restores the visitor's address in RemoteAddr for requests that come through the operator's proxies: it is the
// last address in X-Forwarded-For that is not a proxy's. A visitor can only forge entries before it. Without this all visitors
// would share one rate limit.
func behindProxies(proxies []netip.Prefix, next http.Handler) http.Handler {
	if len(proxies) == 0 {
		return next
	}
	ours := func(text string) bool {
		ip, err := netip.ParseAddr(text)
		if err != nil {
			return false
		}
		for _, proxy := range proxies {
			if proxy.Contains(ip.Unmap()) {
				return true
			}
		}
		return false
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, port, err := net.SplitHostPort(r.RemoteAddr)
		if err != nil || !ours(host) {
			next.ServeHTTP(w, r)
			return
		}
		hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
		for i := len(hops) - 1; i >= 0; i-- {
			hop := strings.TrimSpace(hops[i])
			if ours(hop) {
				continue
			}
			if ip, err := netip.ParseAddr(hop); err == nil {
				r.RemoteAddr = net.JoinHostPort(ip.Unmap().String(), port)
			}
			break
		}
		next.ServeHTTP(w, r)
	})
}
