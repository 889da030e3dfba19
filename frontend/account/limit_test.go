package account

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"linienfunk/internal/limits"
)

func TestManyNetworksTogetherGuessSlowly(t *testing.T) {
	t.Parallel()
	now := time.Now()
	l := newRateLimits(limits.NewGroup(func() time.Time { return now }))
	tries := func(of int) (allowed int) {
		for i := range of {
			r := &http.Request{RemoteAddr: fmt.Sprintf("[2001:db8:%x::1]:1", i)}
			for range 5 {
				if l.login("ada@example.org", r) {
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
	for range 4 {
		now = now.Add(6 * time.Hour)
		day += tries(2000)
	}
	if day > 24*12+4*10 {
		t.Errorf("%d tries in a day", day)
	}
}

func TestTooManyAttemptsOfOneClientAreRefused(t *testing.T) {
	t.Parallel()
	l := newRateLimits(limits.NewGroup(time.Now))
	try := func(i int, remote string) bool {
		return l.login(fmt.Sprintf("rider-%d@example.org", i), &http.Request{RemoteAddr: remote})
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

func TestAStrangerDoesNotKeepAnOwnerFromALinkForANewPassword(t *testing.T) {
	t.Parallel()
	l := newRateLimits(limits.NewGroup(time.Now))
	const owner = "ada@example.org"
	home := &http.Request{RemoteAddr: "203.0.113.7:1"}
	for i := range 30 {
		stranger := &http.Request{RemoteAddr: fmt.Sprintf("198.51.%d.1:1", i%5)}
		l.register.allow(owner, stranger)
		l.forgot.allow(owner, stranger)
	}
	if !l.forgot.allow(owner, home) {
		t.Error("the owner gets no link")
	}
	allowed := 0
	for i := range 9000 {
		if l.register.allow("jan@example.org", &http.Request{RemoteAddr: fmt.Sprintf("[2001:db8:%x::1]:1", i)}) {
			allowed++
		}
	}
	if allowed != 23 {
		t.Errorf("thousands of networks caused %d mails to one address", allowed)
	}
}
