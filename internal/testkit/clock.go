package testkit

import (
	"sync/atomic"
	"time"
)

// Clock is the clock of a test's world: the system's, put forward by what Advance was given. The zero Clock is ready for use.
type Clock struct{ ahead atomic.Int64 }

// Now returns the time of the clock.
func (c *Clock) Now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

// Advance puts the clock forward.
func (c *Clock) Advance(d time.Duration) { c.ahead.Add(int64(d)) }
