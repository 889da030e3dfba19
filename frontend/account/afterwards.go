package account

import (
	"context"
	"runtime/debug"
	"time"
)

// Work that comes after the answer: how much at a time, and how long each may take.
const (
	afterwardsSlots = 8
	afterwardsTime  = 30 * time.Second
)

// afterwards does work that the answer must not wait for, since the time that it takes would tell a stranger something.
// Nobody but the log learns of its errors. It returns ctx's error if too much is under way until the visitor leaves.
func (p *Pages) afterwards(ctx context.Context, what string, work func(ctx context.Context) error) error {
	select {
	case p.slots <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	p.under.Go(func() {
		defer func() { <-p.slots }()
		defer func() {
			if trouble := recover(); trouble != nil {
				p.Log.Error("work panicked", "work", what, "panic", trouble, "stack", string(debug.Stack()))
			}
		}()
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), afterwardsTime)
		defer cancel()
		if err := work(ctx); err != nil {
			p.Log.Error("work failed", "work", what, "err", err)
		}
	})
	return nil
}

// Wait returns when all work is done that went on after answers, within about half a minute. Call it after the server has
// stopped, and before the database is closed.
func (p *Pages) Wait() { p.under.Wait() }
