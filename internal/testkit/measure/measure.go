// Package measure counts how much of a collection of inputs the program gets right. make recognition prints the counts as the table of
// docs/recognition.md.
package measure

import (
	"sync/atomic"
	"testing"
)

// Count is the outcome for one kind of input. It is safe for concurrent use.
type Count struct{ right, all atomic.Int64 }

// New makes a Count, which writes its row of the table into the test's output when the test ends.
func New(t testing.TB, kind string) *Count {
	c := &Count{}
	t.Cleanup(func() { t.Logf("| %s | %d of %d |", kind, c.right.Load(), c.all.Load()) })
	return c
}

// Add counts one input, and returns whether it was right.
func (c *Count) Add(right bool) bool {
	c.all.Add(1)
	if right {
		c.right.Add(1)
	}
	return right
}
