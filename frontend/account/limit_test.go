package account

import (
	"fmt"
	"net/http"
	"testing"
	"time"
)

func TestManyNetworksTogetherGuessSlowly(t *testing.T) {
	l, now := newLimits(), time.Now()
	tries := func(of int) (allowed int) {
		for i := range of {
			r := &http.Request{RemoteAddr: fmt.Sprintf("[2001:db8:%x::1]:1", i)}
			for range 5 {
				if l.login("ada@example.org", r, now) {
					allowed++
				}
			}
		}
		return allowed
	}
	if got := tries(9000); got != 310 {
		t.Errorf("%d tries at once", got)
	}
	day := 0
	for range 24 {
		now = now.Add(time.Hour)
		day += tries(9000)
	}
	if day > 24*(60+12) {
		t.Errorf("%d tries in a day", day)
	}
}

func TestWhoIsOneNetwork(t *testing.T) {
	for address, want := range map[string][2]string{
		"192.0.2.77:1":           {"192.0.2.77", "192.0.2.0/24"},
		"[::ffff:192.0.2.77]:1":  {"192.0.2.77", "192.0.2.0/24"},
		"[2001:db8:1:2:3::4]:1":  {"2001:db8:1:2::/64", "2001:db8:1::/48"},
		"[fe80::1%eth0]:1":       {"fe80::/64", "fe80::/48"},
		"no address":             {"no address", "no address"},
		"not an address either:": {"not an address either", "not an address either"},
	} {
		r := &http.Request{RemoteAddr: address}
		if got := [2]string{client(r), network(r)}; got != want {
			t.Errorf("%s: %q, want %q", address, got, want)
		}
	}
}

func TestALimiterForgets(t *testing.T) {
	l := newLimiter(2, time.Minute)
	now := time.Now()
	for i := range maxLimited + 10 {
		l.allow(time.Duration(i).String(), now)
	}
	if len(l.keys) > maxLimited {
		t.Errorf("%d keys", len(l.keys))
	}
}

func TestTooManyAttemptsOfOneClientAreRefused(t *testing.T) {
	l, now := newLimits(), time.Now()
	try := func(i int, remote string) bool {
		return l.login(fmt.Sprintf("rider-%d@example.org", i), &http.Request{RemoteAddr: remote}, now)
	}
	for i := range 30 {
		if !try(i, fmt.Sprintf("[2001:db8::%x]:1", i)) {
			t.Fatalf("attempt %d is refused", i)
		}
	}
	if try(30, "[2001:db8::77]:1") {
		t.Error("one more attempt from the same /64 is allowed")
	}
	if !try(30, "[2001:db8:0:1::1]:1") {
		t.Error("an attempt from another /64 is refused")
	}
}

func TestOneCustomerOfIPv6IsOneClient(t *testing.T) {
	for remote, want := range map[string]string{
		"198.51.100.1:5": "198.51.100.1", "[2001:db8::5]:5": "2001:db8::/64", "[::ffff:198.51.100.1]:5": "198.51.100.1",
		"[fe80::1%eth0]:5": "fe80::/64", "pipe": "pipe",
	} {
		if got := client(&http.Request{RemoteAddr: remote}); got != want {
			t.Errorf("%s: %s, want %s", remote, got, want)
		}
	}
}
