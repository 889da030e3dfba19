package site

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"

	"linienfunk/internal/limits"
)

func TestAVisitorBehindAProxyKeepsTheirAddress(t *testing.T) {
	t.Parallel()
	proxies := []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32"), netip.MustParsePrefix("10.0.0.0/8")}
	for _, test := range []struct{ name, remote, forwarded, want string }{
		{"straight", "203.0.113.7:99", "", "203.0.113.7:99"},
		{"a stranger who pretends to be a proxy", "203.0.113.7:99", "198.51.100.1", "203.0.113.7:99"},
		{"through one proxy", "127.0.0.1:99", "203.0.113.7", "203.0.113.7:99"},
		{"through two", "127.0.0.1:99", "203.0.113.7, 10.1.2.3", "203.0.113.7:99"},
		{"with a lie before it", "127.0.0.1:99", "198.51.100.1, 203.0.113.7", "203.0.113.7:99"},
		{"over IPv6", "127.0.0.1:99", "2001:db8::7", "[2001:db8::7]:99"},
		{"with garbage", "127.0.0.1:99", "unknown", "127.0.0.1:99"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got string
			handler := behindProxies(proxies, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.RemoteAddr }))
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.RemoteAddr = test.remote
			if test.forwarded != "" {
				r.Header.Set("X-Forwarded-For", test.forwarded)
			}
			handler.ServeHTTP(httptest.NewRecorder(), r)
			if got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func FuzzTheKeyOfAVisitorIsShort(f *testing.F) {
	f.Add("127.0.0.1:1", "203.0.113.9, 10.0.0.1")
	f.Add("[::1]:1", "fe80::1%eth0")
	f.Add("", ",")
	proxies := []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::1/128")}
	f.Fuzz(func(t *testing.T, remote, forwarded string) {
		handler := behindProxies(proxies, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			if got := limits.Client(r.RemoteAddr); len(got) > len(remote)+len(forwarded)+8 {
				t.Errorf("%q, %q: %q", remote, forwarded, got)
			}
		}))
		handler.ServeHTTP(nil, &http.Request{RemoteAddr: remote, Header: http.Header{"X-Forwarded-For": {forwarded}}})
	})
}
