package supervisor

import (
	"context"
	"slices"
	"sync"
	"time"

	"linienfunk/bus"
)

// mailbox holds the orders of one account in the order of the stream. They stay in their stream, too, until they are done:
// what is lost here with the process is delivered again. The mailbox outlives restarts of the account's process.
type mailbox struct {
	mu    sync.Mutex
	items []bus.Msg[bus.Order]
	busy  bool // the first item is being sent
	more  chan struct{}
}

func newMailbox() *mailbox { return &mailbox{more: make(chan struct{}, 1)} }

// put adds an order at its place, though never before the one that is being sent, or renews one that is here already and was
// delivered again.
func (m *mailbox) put(msg bus.Msg[bus.Order]) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if i := slices.IndexFunc(m.items, func(have bus.Msg[bus.Order]) bool { return have.Seq == msg.Seq }); i >= 0 {
		m.items[i] = msg
		return
	}
	at := len(m.items)
	for at > 0 && m.items[at-1].Seq > msg.Seq && !(at == 1 && m.busy) {
		at--
	}
	m.items = slices.Insert(m.items, at, msg)
	select {
	case m.more <- struct{}{}:
	default:
	}
}

// take waits for the first order and keeps it in the mailbox, so that it is kept alive, until drop.
func (m *mailbox) take(ctx context.Context) (bus.Msg[bus.Order], error) {
	for {
		m.mu.Lock()
		if len(m.items) > 0 {
			m.busy = true
			defer m.mu.Unlock()
			return m.items[0], nil
		}
		m.mu.Unlock()
		select {
		case <-ctx.Done():
			return bus.Msg[bus.Order]{}, ctx.Err()
		case <-m.more:
		}
	}
}

// drop removes the order that take gave.
func (m *mailbox) drop() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.items, m.busy = slices.Delete(m.items, 0, 1), false
}

// release gives the order that take gave back to the next take.
func (m *mailbox) release() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.busy = false
}

// latest returns the newest handle of a message, which may have been delivered again since take.
func (m *mailbox) latest(msg bus.Msg[bus.Order]) bus.Msg[bus.Order] {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, have := range m.items {
		if have.Seq == msg.Seq {
			return have
		}
	}
	return msg
}

// expired removes and returns the orders whose time is over, but not the one that is being sent.
func (m *mailbox) expired(now time.Time) []bus.Msg[bus.Order] {
	m.mu.Lock()
	defer m.mu.Unlock()
	var old []bus.Msg[bus.Order]
	rest := m.items[:0]
	for i, msg := range m.items {
		if (i > 0 || !m.busy) && !msg.Value.Expire.After(now) {
			old = append(old, msg)
		} else {
			rest = append(rest, msg)
		}
	}
	clear(m.items[len(rest):])
	m.items = rest
	return old
}

// empty removes and returns all orders, but not the one that is being sent.
func (m *mailbox) empty() []bus.Msg[bus.Order] {
	return m.expired(time.Unix(1<<40, 0))
}

// all returns a copy of all orders.
func (m *mailbox) all() []bus.Msg[bus.Order] {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.items)
}

func (m *mailbox) len() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.items)
}
