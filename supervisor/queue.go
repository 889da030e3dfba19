package supervisor

import (
	"context"
	"slices"
	"sync"
	"time"
)

// queue holds the orders of one account, in the order of the verdicts. The ledger has them too, so that a crash loses none. A queue outlives
// restarts of the account's worker.
type queue struct {
	mu    sync.Mutex
	items []order
	busy  bool // a worker carries out the first item
	more  chan struct{}

	// done are the entries whose orders were carried out in the last one to two minutes: an order that comes twice must not be carried
	// out twice. An order that comes later than that comes from the ledger.
	done, doneBefore map[orderID]bool
	turned           time.Time // when done became doneBefore

	parked map[orderID]bool // failed, and will be put back
}

func newQueue() *queue {
	return &queue{more: make(chan struct{}, 1), done: map[orderID]bool{}, parked: map[orderID]bool{}}
}

// put inserts an order, but never before the one that is being carried out. It ignores an order that is here already, waits for another try
// or was carried out. A recall takes the place of the order to send the same report, unless that is being carried out.
func (q *queue) put(o order) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if id := o.id(); q.done[id] || q.doneBefore[id] || q.parked[id] {
		return
	}
	at := len(q.items)
	for at > 0 && q.items[at-1].entry >= o.entry && !q.carriesOut(at-1) {
		if have := q.items[at-1]; have.entry == o.entry {
			if o.recall && !have.recall {
				q.items[at-1] = o
			}
			return
		}
		at--
	}
	if q.busy && q.items[0].entry == o.entry && (q.items[0].recall || !o.recall) {
		return
	}
	q.items = slices.Insert(q.items, at, o)
	q.wake()
}

// carriesOut reports whether a worker carries out the item.
func (q *queue) carriesOut(i int) bool { return i == 0 && q.busy }

// park puts an order back after a pause. It must have been removed.
func (q *queue) park(o order, pause time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.parked[o.id()] = true
	time.AfterFunc(pause, func() {
		q.mu.Lock()
		delete(q.parked, o.id())
		q.mu.Unlock()
		q.put(o)
	})
}

func (q *queue) wake() {
	select {
	case q.more <- struct{}{}:
	default:
	}
}

// next waits for the first order. It stays in the queue until remove or release.
func (q *queue) next(ctx context.Context) (order, error) {
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
			return order{}, ctx.Err()
		case <-q.more:
		}
	}
}

// remove removes the order that next returned, and remembers it if it has been carried out.
func (q *queue) remove(carriedOut bool, now time.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if carriedOut {
		q.remember(q.items[0].id(), now)
	}
	q.items[0] = order{}
	q.items, q.busy = q.items[1:], false
}

// doneTime is how long a queue remembers at least what was done.
const doneTime = time.Minute

func (q *queue) remember(id orderID, now time.Time) {
	if now.Sub(q.turned) > doneTime {
		q.done, q.doneBefore, q.turned = map[orderID]bool{}, q.done, now
	}
	q.done[id] = true
}

// release leaves the order that next returned for the next worker, which reads from the ledger how far it got.
func (q *queue) release() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.items[0].report, q.busy = nil, false
}

// expired removes and returns the expired orders, except the one that is being carried out.
func (q *queue) expired(now time.Time) []order {
	q.mu.Lock()
	defer q.mu.Unlock()
	var old []order
	rest := q.items[:0]
	for i, o := range q.items {
		if (i > 0 || !q.busy) && !o.expire.After(now) {
			old = append(old, o)
		} else {
			rest = append(rest, o)
		}
	}
	clear(q.items[len(rest):])
	q.items = rest
	return old
}

// empty removes and returns all orders, except the one that is being carried out.
func (q *queue) empty() []order { return q.expired(time.Unix(1<<40, 0)) }

func (q *queue) len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.items)
}
