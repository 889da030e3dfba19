package mastodon

import (
	"context"
	"sync"
)

// gateSize is how many accounts on one instance may start, or open their streams, at a time: after a restart of the program, or of the instance,
// thousands would. It is also about how many connections are kept for later calls.
const gateSize = 16

// gates has two gates for each instance, so that one that does not answer delays no accounts elsewhere. The gate of "" is for the database.
type gates struct {
	mu    sync.Mutex
	slots map[string]chan struct{}
}

// enter waits for a free place. The caller must leave it.
func (g *gates) enter(ctx context.Context, name string) (leave func(), err error) {
	g.mu.Lock()
	if g.slots == nil {
		g.slots = map[string]chan struct{}{}
	}
	slots := g.slots[name]
	if slots == nil {
		slots = make(chan struct{}, gateSize)
		g.slots[name] = slots
	}
	g.mu.Unlock()
	select {
	case slots <- struct{}{}:
		return func() { <-slots }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
