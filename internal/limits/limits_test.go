package limits_test

import (
	"fmt"
	"testing"
	"time"

	"linienfunk/internal/limits"
)

// clock is a clock that stands still until it is moved.
type clock struct{ now time.Time }

func (c *clock) Now() time.Time { return c.now }

func newClock() *clock { return &clock{time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)} }

// count returns how many of n events are allowed.
func count(n int, allow func(i int) bool) int {
	allowed := 0
	for i := range n {
		if allow(i) {
			allowed++
		}
	}
	return allowed
}

func TestAKeyGetsItsBurstAndThenOneEventPerInterval(t *testing.T) {
	t.Parallel()
	c := newClock()
	l := limits.New(c.Now, limits.Rate{Burst: 3, Every: time.Minute})
	try := func(key string, want int) {
		t.Helper()
		if got := count(10, func(int) bool { return l.Allow(key) }); got != want {
			t.Errorf("%s: %d events allowed, want %d", key, got, want)
		}
	}
	try("a", 3)
	try("b", 3)
	c.now = c.now.Add(time.Minute)
	try("a", 1)
	c.now = c.now.Add(time.Hour)
	try("a", 3)
}

func TestPerMinuteAllowsThatManyEventsAMinute(t *testing.T) {
	t.Parallel()
	c := newClock()
	l := limits.New(c.Now, limits.PerMinute(5))
	for range 2 {
		if got := count(10, func(int) bool { return l.Allow("a") }); got != 5 {
			t.Errorf("%d events allowed", got)
		}
		c.now = c.now.Add(time.Minute)
	}
}

func TestARepeatedEventDoesNotCount(t *testing.T) {
	t.Parallel()
	c := newClock()
	l := limits.New(c.Now, limits.Rate{Burst: 2, Every: 15 * time.Second})
	try := func(event string, want bool) {
		t.Helper()
		if got := l.AllowOnce("a", event); got != want {
			t.Errorf("event %s: %v", event, got)
		}
	}
	try("1", true)
	try("2", true)
	try("3", false)
	try("1", true)
	c.now = c.now.Add(15 * time.Second)
	try("3", true)
	try("1", false) // only the last two keys are in the table
	try("2", true)
}

func TestAFullTableServesFurtherKeysTogether(t *testing.T) {
	t.Parallel()
	c := newClock()
	l := limits.New(c.Now, limits.Rate{Burst: 5, Every: 12 * time.Second, Keys: 10, Overflow: 60})
	fill := func(prefix string, n int) int {
		return count(n, func(i int) bool { return l.Allow(fmt.Sprint(prefix, i)) })
	}
	if got := fill("known ", 10); got != 10 {
		t.Errorf("%d of 10 keys served", got)
	}
	if got := fill("new ", 200); got != 60 {
		t.Errorf("%d of 200 further keys served, want 60", got)
	}
	if l.AllowOnce("another", "event") {
		t.Error("the overflow is not shared with AllowOnce")
	}
	if !l.Allow("known 1") || l.Len() != 10 {
		t.Errorf("a known key suffers from new ones; %d keys", l.Len())
	}
	c.now = c.now.Add(time.Hour)
	if !l.Allow("new") || l.Len() != 1 {
		t.Errorf("%d keys after an hour", l.Len())
	}
}

func TestAFullTableWithoutOverflowForgetsOtherKeys(t *testing.T) {
	t.Parallel()
	c := newClock()
	l := limits.New(c.Now, limits.Rate{Burst: 1, Every: time.Hour, Keys: 10})
	if got := count(200, func(i int) bool { return l.Allow(fmt.Sprint(i)) }); got != 200 {
		t.Errorf("%d of 200 keys served", got)
	}
	if l.Len() > 10 {
		t.Errorf("%d keys", l.Len())
	}
}

func TestIdleKeysAreForgottenBeforeTheTableIsFull(t *testing.T) {
	t.Parallel()
	c := newClock()
	l := limits.New(c.Now, limits.PerMinute(5))
	for i := range 100 {
		l.Allow(fmt.Sprint(i))
	}
	c.now = c.now.Add(61 * time.Second)
	l.Allow("a")
	if l.Len() != 1 {
		t.Errorf("%d keys after a minute", l.Len())
	}
}

func TestALimiterIsSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	c := newClock()
	l := limits.New(c.Now, limits.Rate{Burst: 50, Every: time.Hour})
	allowed := make(chan int)
	for range 4 {
		go func() { allowed <- count(20, func(int) bool { return l.Allow("a") }) }()
	}
	sum := 0
	for range 4 {
		sum += <-allowed
	}
	if sum != 50 {
		t.Errorf("%d events allowed, want 50", sum)
	}
}

func TestRemainingSaysWhatIsLeftOfABurstAndWhenItIsWhole(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	l := limits.New(func() time.Time { return now }, limits.Rate{Burst: 3, Every: time.Second})
	if n, full := l.Remaining("a"); n != 3 || full != 0 {
		t.Errorf("of a new key: %d, %s", n, full)
	}
	for range 4 {
		l.Allow("a")
	}
	if n, full := l.Remaining("a"); n != 0 || full != 3*time.Second {
		t.Errorf("after a burst: %d, %s", n, full)
	}
	now = now.Add(2 * time.Second)
	if n, full := l.Remaining("a"); n != 2 || full != time.Second {
		t.Errorf("two seconds later: %d, %s", n, full)
	}
}
