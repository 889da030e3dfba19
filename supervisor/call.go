package supervisor

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"
)

// grace is how long a bot's call may take to return after the end of its context.
const grace = 5 * time.Second

// errStuck is returned for a call that does not return.
var errStuck = errors.New("call has not returned after its deadline")

// panicked is the error for a panic of a bot. The stack is for the log.
type panicked struct {
	value any
	stack []byte
}

func (p *panicked) Error() string { return fmt.Sprintf("panic: %v", p.value) }

// call is a call into a bot in a goroutine of its own. Go cannot stop a goroutine, but it can be abandoned.
type call[T any] struct {
	done  chan struct{} // closed once value and err are set
	value T
	err   error
}

// startCall starts f.
func startCall[T any](ctx context.Context, f func(context.Context) (T, error)) *call[T] {
	c := &call[T]{done: make(chan struct{})}
	go func() {
		defer close(c.done)
		c.value, c.err = guard(ctx, f)
	}()
	return c
}

// guard calls f. A panic becomes an error.
func guard[T any](ctx context.Context, f func(context.Context) (T, error)) (value T, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &panicked{p, debug.Stack()}
		}
	}()
	return f(ctx)
}

// wait returns the result of the call, or errStuck if there is none by grace after the end of ctx.
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

// runCall starts f and waits for it.
func runCall[T any](ctx context.Context, grace time.Duration, f func(context.Context) (T, error)) (T, error) {
	return startCall(ctx, f).wait(ctx, grace)
}

// runCallErr is runCall for functions that return only an error.
func runCallErr(ctx context.Context, grace time.Duration, f func(context.Context) error) error {
	_, err := runCall(ctx, grace, func(ctx context.Context) (struct{}, error) { return struct{}{}, f(ctx) })
	return err
}
