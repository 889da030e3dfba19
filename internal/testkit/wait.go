package testkit

import (
	"testing"
	"time"
)

// Eventually polls f until it returns true. what completes the sentence "it does not come true that …".
//
// There is no timeout but that of the test binary (go test -timeout): on a busy machine any other would be too short. Shortly before it
// the test fails, so that the output names what did not come true.
func Eventually(t testing.TB, what string, f func() bool) {
	t.Helper()
	end := Timeout(t)
	for !f() {
		select {
		case <-end:
			t.Fatalf("it does not come true that %s", what)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// Next receives a value. Like Eventually, it waits until shortly before the timeout of the test binary.
func Next[T any](t testing.TB, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-Timeout(t):
		t.Fatal("nothing was sent on the channel")
		panic("unreachable")
	}
}

// Peek waits for a value and leaves it in the channel, which needs a buffer.
func Peek[T any](t testing.TB, c chan T) T {
	t.Helper()
	v := Next(t, c)
	c <- v
	return v
}

// Timeout returns a channel that is sent to shortly before the test binary's timeout. Without a timeout, and for benchmarks, nothing
// is ever sent.
func Timeout(t testing.TB) <-chan time.Time {
	binary, ok := t.(interface{ Deadline() (time.Time, bool) })
	if !ok {
		return nil
	}
	deadline, ok := binary.Deadline()
	if !ok {
		return nil
	}
	left := time.Until(deadline)
	return time.After(left - min(left/10, 15*time.Second)) // the rest is for clean-ups
}
