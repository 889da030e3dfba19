package supervisor

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"
)

// grace is how long a bot's call may take to return after its context has ended.
const grace = 5 * time.Second

// errStuck is what guard returns for a call that does not return.
var errStuck = errors.New("the call does not return although its time is over")

// panicked is a panic of a bot as an error. The stack is for the log.
type panicked struct {
	value any
	stack []byte
}

func (p *panicked) Error() string { return fmt.Sprintf("panic: %v", p.value) }

// guard calls f in a goroutine of its own, turns a panic into an error, and gives up on it when it has not returned
// by grace after the end of ctx: Go cannot stop a goroutine, but nobody else needs to wait for it.
func guard[T any](ctx context.Context, grace time.Duration, f func(context.Context) (T, error)) (T, error) {
	type answer struct {
		value T
		err   error
	}
	answers := make(chan answer, 1)
	go func() {
		var a answer
		defer func() {
			if p := recover(); p != nil {
				a.err = &panicked{p, debug.Stack()}
			}
			answers <- a
		}()
		a.value, a.err = f(ctx)
	}()
	select {
	case a := <-answers:
		return a.value, a.err
	case <-ctx.Done():
	}
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case a := <-answers:
		return a.value, a.err
	case <-timer.C:
		var zero T
		return zero, errStuck
	}
}
