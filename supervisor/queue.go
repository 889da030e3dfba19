package supervisor

import (
	"context"
	"slices"
	"sync"
	"time"

	"linienfunk/bus"
)

// queue holds the orders of one account in the order of the stream. The stream keeps them until they are acknowledged, so that a crash loses
// none. A queue outlives restarts of the account's worker.
type queue struct {
	mu    sync.Mutex
	items []bus.Msg[bus.Order]
	busy  bool // a worker is sending the first item
	more  chan struct{}
}

func newQueue() *queue { return &queue{more: make(chan struct{}, 1)} }

// put inserts an order by its sequence number, but never before the one that is being sent. It replaces an order that was delivered
// again.
func (q *queue) put(msg bus.Msg[bus.Order]) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if i := slices.IndexFunc(q.items, func(have bus.Msg[bus.Order]) bool { return have.Seq == msg.Seq }); i >= 0 {
		q.items[i] = msg
		return
	}
	at := len(q.items)
	for at > 0 && q.items[at-1].Seq > msg.Seq && !(at == 1 && q.busy) {
		at--
	}
	q.items = slices.Insert(q.items, at, msg)
	select {
	case q.more <- struct{}{}:
	default:
	}
}

// next waits for the first order. It stays in the queue, where it is kept alive, until done or release.
func (q *queue) next(ctx context.Context) (bus.Msg[bus.Order], error) {
	for {
		q.mu.Lock()
		if len(q.items) > 0 {
			q.busy = true
			defer q.mu.Unlock()
			return q.items[0], nil
		}
		q.mu.Unlock()
		select {
		case <-ctx.Done():
			return bus.Msg[bus.Order]{}, ctx.Err()
		case <-q.more:
		}
	}
}

// done removes the order that next returned.
func (q *queue) done() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.items, q.busy = slices.Delete(q.items, 0, 1), false
}

// release leaves the order that next returned for the next worker.
func (q *queue) release() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.busy = false
}

// latest returns the newest handle of a message, which may have been delivered again since next.
func (q *queue) latest(msg bus.Msg[bus.Order]) bus.Msg[bus.Order] {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, have := range q.items {
		if have.Seq == msg.Seq {
			return have
		}
	}
	return msg
}

// expired removes and returns the expired orders, except the one that is being sent.
func (q *queue) expired(now time.Time) []bus.Msg[bus.Order] {
	q.mu.Lock()
	defer q.mu.Unlock()
	var old []bus.Msg[bus.Order]
	rest := q.items[:0]
	for i, msg := range q.items {
		if (i > 0 || !q.busy) && !msg.Value.Expire.After(now) {
			old = append(old, msg)
		} else {
			rest = append(rest, msg)
		}
	}
	clear(q.items[len(rest):])
	q.items = rest
	return old
}

// empty removes and returns all orders, except the one that is being sent.
func (q *queue) empty() []bus.Msg[bus.Order] {
	return q.expired(time.Unix(1<<40, 0))
}

// all returns a copy of the list of orders.
func (q *queue) all() []bus.Msg[bus.Order] {
	q.mu.Lock()
	defer q.mu.Unlock()
	return slices.Clone(q.items)
}

func (q *queue) len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.items)
}
