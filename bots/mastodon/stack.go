package mastodon

import (
	"fmt"
	"runtime/debug"
	"time"
)

// Calls of an instance need a deep stack, and a goroutine keeps the one that it once needed. Those that wait for most of the time, several for each
// account, stay small if others make the calls.

// A stack is grown by copying it several times, which takes a poll longer than anything else: a few goroutines wait for the next call.
const (
	keptStacks = 4
	keptTime   = 10 * time.Second
)

// deepStacks are goroutines that make calls for others.
type deepStacks struct {
	calls   chan *deepCall
	waiting chan struct{} // holds a token for each goroutine that waits
}

func newDeepStacks() deepStacks {
	return deepStacks{make(chan *deepCall), make(chan struct{}, keptStacks)}
}

// deepCall is a call of f. done is closed after it; err and caught are its result, or the panic that ended it.
type deepCall struct {
	f      func() error
	done   chan struct{}
	err    error
	caught any
}

// run calls f on another goroutine and waits for it.
func (d deepStacks) run(f func() error) error {
	c := &deepCall{f: f, done: make(chan struct{})}
	select {
	case d.calls <- c:
	default: // none waits
		go d.serve(c)
	}
	<-c.done
	if c.caught != nil {
		panic(c.caught) // for the supervisor, as if f had been called directly
	}
	return c.err
}

// serve makes a call, and those that come soon after it, unless enough goroutines wait for them.
func (d deepStacks) serve(c *deepCall) {
	for {
		c.do()
		select {
		case d.waiting <- struct{}{}:
		default:
			return
		}
		late := time.NewTimer(keptTime)
		select {
		case c = <-d.calls:
			late.Stop()
			<-d.waiting
		case <-late.C:
			<-d.waiting
			return
		}
	}
}

func (c *deepCall) do() {
	defer close(c.done)
	defer func() {
		if p := recover(); p != nil {
			c.caught = fmt.Sprintf("%v\n%s", p, debug.Stack())
		}
	}()
	c.err = c.f()
}
