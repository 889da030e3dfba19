package mail

import (
	"context"
	"maps"
	"slices"
	"sync"

	"linienfunk/internal/wait"
)

// leases are the items that this node has leased and keeps renewing. After a database error an item is dropped from them, and its lease
// expires.
type leases struct {
	mu    sync.Mutex
	items map[uint64]item // with ID and Lease alone
}

func (l *leases) add(items []item) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.items == nil {
		l.items = map[uint64]item{}
	}
	for _, it := range items {
		l.items[it.ID] = item{ID: it.ID, Lease: it.Lease}
	}
}

func (l *leases) drop(items ...item) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, it := range items {
		if l.items[it.ID].Lease == it.Lease {
			delete(l.items, it.ID)
		}
	}
}

func (l *leases) all() []item {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Collect(maps.Values(l.items))
}

// renewLeases renews this node's leases until ctx ends.
func (m *Mailer) renewLeases(ctx context.Context) {
	wait.Every(ctx, m.timeouts.renew, func() {
		items, until := m.leases.all(), m.now().Add(leaseTime)
		if err := m.store.renew(ctx, items, until); err != nil {
			m.logQueueError(err)
			return
		}
		m.leasedUntil.Store(until.UnixMilli())
	})
}
