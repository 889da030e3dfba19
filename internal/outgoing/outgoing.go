// Package outgoing makes the HTTP client and the dialer for hosts that users name. Both have timeouts and refuse
// addresses outside the public internet (server-side request forgery).
package outgoing

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"
)

// ErrPrivate is the cause when a host's address is not on the public internet.
var ErrPrivate = errors.New("the address is not on the public internet")

// reserved are the non-public ranges that netip does not know: shared address space of providers (RFC 6598), this
// network (RFC 791), IETF assignments (RFC 6890), benchmarks (RFC 2544), reserved (RFC 1112), and
// IPv4 embedded in IPv6 (RFC 6052, RFC 3056, RFC 4291, RFC 4380), which can stand for any of the others.
var reserved = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("64:ff9b::/96"), netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("2002::/16"),
	netip.MustParsePrefix("::/96"), netip.MustParsePrefix("2001::/32"), netip.MustParsePrefix("fec0::/10"),
}

// Client returns a client for streams as well as for short calls: connecting, the TLS handshake and the response header are limited
// to 10, 10 and 30 seconds; the caller's context limits the rest. It follows at most 5 redirects and ignores proxies
// from the environment, which could reach private addresses. Requests without a User-Agent
// get userAgent: many networks block Go's.
func Client(allowPrivate bool, userAgent string) *http.Client {
	return &http.Client{
		Transport: WithUserAgent(userAgent, &http.Transport{
			DialContext:            Dialer(allowPrivate).DialContext,
			ForceAttemptHTTP2:      true,
			TLSHandshakeTimeout:    10 * time.Second,
			ResponseHeaderTimeout:  30 * time.Second,
			MaxIdleConns:           400,
			MaxIdleConnsPerHost:    16, // many cities may have their accounts on one host
			IdleConnTimeout:        90 * time.Second,
			MaxResponseHeaderBytes: 64 << 10,
			ReadBufferSize:         2 << 10, // thousands of connections hold streams on which little comes
			WriteBufferSize:        1 << 10,
			// With HTTP/2 many streams share a connection: one that is dead must not be used for the next call.
			HTTP2: &http.HTTP2Config{SendPingTimeout: 30 * time.Second, PingTimeout: 15 * time.Second},
		}),
		CheckRedirect: func(_ *http.Request, via []*http.Request) error {
			if len(via) >= 5 {
				return errors.New("more than 5 redirects")
			}
			return nil
		},
	}
}

// WithUserAgent adds the header User-Agent to requests that have none.
func WithUserAgent(agent string, next http.RoundTripper) http.RoundTripper { return named{agent, next} }

type named struct {
	agent string
	next  http.RoundTripper
}

func (t named) RoundTrip(r *http.Request) (*http.Response, error) {
	if _, ok := r.Header["User-Agent"]; !ok {
		r = r.WithContext(r.Context()) // a copy whose header may be replaced, not changed
		header := make(http.Header, len(r.Header)+1)
		maps.Copy(header, r.Header)
		header["User-Agent"] = []string{t.agent}
		r.Header = header
	}
	return t.next.RoundTrip(r)
}

// CloseIdleConnections is called by http.Client.CloseIdleConnections.
func (t named) CloseIdleConnections() {
	if pool, ok := t.next.(interface{ CloseIdleConnections() }); ok {
		pool.CloseIdleConnections()
	}
}

// Dialer returns a dialer for protocols other than HTTP. Connecting is limited to 10 seconds; TCP keep-alive detects a dead peer
// after a few minutes.
func Dialer(allowPrivate bool) *net.Dialer {
	dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
	if !allowPrivate {
		dialer.Control = refusePrivate
	}
	return dialer
}

// refusePrivate is called with the resolved address right before the connection, so that a second look-up cannot return
// another one.
func refusePrivate(_, address string, _ syscall.RawConn) error {
	target, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("connect to %s: %w", address, err)
	}
	if !isPublic(target.Addr().Unmap().WithZone("")) {
		return ErrPrivate
	}
	return nil
}

func isPublic(ip netip.Addr) bool {
	if !ip.IsGlobalUnicast() || ip.IsPrivate() {
		return false
	}
	for _, prefix := range reserved {
		if prefix.Contains(ip) {
			return false
		}
	}
	return true
}
