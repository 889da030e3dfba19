package account

import (
	"context"
	"runtime/debug"
	"time"
)

// Limits of work after the answer: how much at the same time, and how long each may take.
const (
	backgroundSlots = 8
	backgroundTime  = 30 * time.Second
)

// background runs work in a goroutine, so that the time to answer reveals nothing about it. Errors are only logged. It waits
// for a free slot, and returns ctx's error if there is none until ctx ends.
func (p *Pages) background(ctx context.Context, what string, work func(ctx context.Context) error) error {
	select {
	case p.slots <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	p.running.Go(func() {
		defer func() { <-p.slots }()
		defer func() {
			if trouble := recover(); trouble != nil {
				p.Log.Error("work panicked", "work", what, "panic", trouble, "stack", string(debug.Stack()))
			}
		}()
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), backgroundTime)
		defer cancel()
		if err := work(ctx); err != nil {
			p.Log.Error("work failed", "work", what, "err", err)
		}
	})
	return nil
}

// Wait waits for all work started by background, about half a minute at most. Call it after the server has stopped and before
// the database is closed.
func (p *Pages) Wait() { p.running.Wait() }
