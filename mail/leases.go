package mail

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"
)

// hand holds the mails that this node has leased and goes on with. A mail that the database failed for is dropped from it: its lease
// runs out then.
type hand struct {
	mu   sync.Mutex
	rows map[uint64]item
}

func (h *hand) add(rows []item) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.rows == nil {
		h.rows = map[uint64]item{}
	}
	for _, row := range rows {
		h.rows[row.ID] = item{ID: row.ID, Lease: row.Lease}
	}
}

func (h *hand) drop(rows ...item) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, row := range rows {
		if h.rows[row.ID].Lease == row.Lease {
			delete(h.rows, row.ID)
		}
	}
}

func (h *hand) all() []item {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Collect(maps.Values(h.rows))
}

// renew renews the leases of the mails in hand until ctx ends.
func (m *Mailer) renew(ctx context.Context) {
	ticker := time.NewTicker(m.times.renew)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		rows, until := m.hand.all(), m.now().Add(leaseTime)
		if err := m.queue.renew(ctx, rows, until); err != nil {
			m.failed(err)
			continue
		}
		m.renewed.Store(until.UnixMilli())
	}
}
