package kit

import (
	"context"
	"errors"
	"sync"

	"linienfunk/bots"
)

// Intake lets HTTP handlers (forms, webhooks) hand in reports while a Listener runs. The zero value is ready.
type Intake struct {
	mu   sync.Mutex
	open *Lease // nil while Serve does not run
}

// Lease gives a handler the use of the listener's out. The handler calls Release when it is done.
type Lease struct {
	// Ctx ends when the program stops. Call Out with this context or a child of it, not with the request's: a report that
	// was sent is stored even if the sender does not wait for the answer.
	Ctx context.Context
	Out bots.CityOut

	busy sync.WaitGroup
}

var errServing = errors.New("listening already")

// Serve opens the intake until ctx ends, and returns when the last lease is released. A Listener's Listen may consist of it.
func (in *Intake) Serve(ctx context.Context, out bots.CityOut) error {
	lease := &Lease{Ctx: ctx, Out: out}
	if !in.swap(nil, lease) {
		return errServing
	}
	<-ctx.Done()
	in.swap(lease, nil)
	lease.busy.Wait()
	return nil
}

// swap replaces the open lease if it is the expected one.
func (in *Intake) swap(from, to *Lease) bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.open != from {
		return false
	}
	in.open = to
	return true
}

// Acquire returns nil while the intake is closed; the handler then answers 503.
func (in *Intake) Acquire() *Lease {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.open == nil || in.open.Ctx.Err() != nil {
		return nil
	}
	in.open.busy.Add(1)
	return in.open
}

// Release ends the use of the lease.
func (l *Lease) Release() { l.busy.Done() }
