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

// errStuck is the error of a call that does not return.
var errStuck = errors.New("the call does not return although its time is over")

// panicked is a panic of a bot as an error. The stack is for the log.
type panicked struct {
	value any
	stack []byte
}

func (p *panicked) Error() string { return fmt.Sprintf("panic: %v", p.value) }

// call is a call into a bot, under way in a goroutine of its own. Go cannot stop a goroutine, but nobody needs to wait for it.
type call[T any] struct {
	done  chan struct{} // closed when value and err are there
	value T
	err   error
}

// begin calls f. A panic becomes an error.
func begin[T any](ctx context.Context, f func(context.Context) (T, error)) *call[T] {
	c := &call[T]{done: make(chan struct{})}
	go func() {
		defer close(c.done)
		defer func() {
			if p := recover(); p != nil {
				c.err = &panicked{p, debug.Stack()}
			}
		}()
		c.value, c.err = f(ctx)
	}()
	return c
}

// wait returns what the call returned, or errStuck when it has not by grace after the end of ctx.
func (c *call[T]) wait(ctx context.Context, grace time.Duration) (T, error) {
	select {
	case <-c.done:
		return c.value, c.err
	case <-ctx.Done():
	}
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-c.done:
		return c.value, c.err
	case <-timer.C:
		var zero T
		return zero, errStuck
	}
}

// guard is begin and wait in one.
func guard[T any](ctx context.Context, grace time.Duration, f func(context.Context) (T, error)) (T, error) {
	return begin(ctx, f).wait(ctx, grace)
}

// guardErr is guard for calls that return nothing but an error.
func guardErr(ctx context.Context, grace time.Duration, f func(context.Context) error) error {
	_, err := guard(ctx, grace, func(ctx context.Context) (struct{}, error) { return struct{}{}, f(ctx) })
	return err
}
