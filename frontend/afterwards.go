package frontend

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
func (f *Frontend) afterwards(ctx context.Context, what string, work func(ctx context.Context) error) error {
	select {
	case f.slots <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	f.under.Go(func() {
		defer func() { <-f.slots }()
		defer func() {
			if trouble := recover(); trouble != nil {
				f.Log.Error("work panicked", "work", what, "panic", trouble, "stack", string(debug.Stack()))
			}
		}()
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), afterwardsTime)
		defer cancel()
		if err := work(ctx); err != nil {
			f.Log.Error("work failed", "work", what, "err", err)
		}
	})
	return nil
}

// Wait returns when all work is done that went on after answers, within about half a minute. Call it after the server has
// stopped, and before the database is closed.
func (f *Frontend) Wait() { f.under.Wait() }
