package frontend

import (
	"fmt"
	"net/http"
	"testing"
	"time"
)

func TestWhoGuessesDoesNotLockTheAdminOut(t *testing.T) {
	s := newSite(t, nil)
	s.admin("ada@example.org", "berlin")
	guesser, ada := s.visitor(), s.visitor()
	guesser.from, ada.from = "198.51.100.7", "203.0.113.9"
	try := func(v *visitor, password string) answer {
		t.Helper()
		return v.post("/login", "address", "ada@example.org", "password", password)
	}
	for range 13 { // all that everybody may, and all that one network may besides
		try(guesser, "not the password").want(422)
	}
	for range 5 {
		s.advance(time.Minute)
		try(guesser, "not the password").want(422)
		try(guesser, goodPassword).want(http.StatusTooManyRequests, "a bit often")
	}
	guesser.from = "198.51.100.8" // of the same network
	try(guesser, goodPassword).want(http.StatusTooManyRequests)
	try(ada, "mistyped password").want(422)
	try(ada, goodPassword).at("/city/berlin").want(200)
}

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
