package supervisor

import (
	"maps"
	"slices"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// queue holds the orders of one account. The ledger has them too, so that a crash loses none. A queue outlives restarts of the account's
// worker.
type queue struct {
	mu    sync.Mutex
	items []order // in the order of the verdicts, after the one that is being carried out

	worker  *worker // sends the orders; nil while there is none
	sending bool    // its sendLoop runs
	holder  *worker // carries out the first item; nil if nobody does

	// done are the entries whose orders were carried out in the last one to two minutes: an order that comes twice must not be carried
	// out twice. An order that comes later than that comes from the ledger.
	done, doneBefore map[orderID]bool
	turned           time.Time // when done became doneBefore

	parked map[orderID]order // failed, or too early, and will be put back

	edits *rate.Limiter // nil before the first edit
}

func newQueue() *queue { return &queue{} }

// One account edits editBurst posts at once, and then one every editEvery: networks limit calls (Mastodon 300 in five minutes, for everything), and
// reports come first. What many people confirm within seconds is one edit.
const (
	editEvery = 5 * time.Second
	editBurst = 10
)

// editPause returns how long the next edit has to wait; zero if it may be made now.
func (q *queue) editPause(now time.Time) time.Duration {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.edits == nil {
		q.edits = rate.NewLimiter(rate.Every(editEvery), editBurst)
	}
	if q.edits.AllowN(now, 1) {
		return 0
	}
	return editEvery
}

// put inserts an order, but never before the one that is being carried out. It ignores an order that is here already, waits for another try
// or was carried out. A recall takes the place of the orders to send the same report and to edit its post, unless one is being carried out; also
// of those that come later, when the ledger was read before they were.
func (q *queue) put(o order) {
	q.mu.Lock()
	defer q.mu.Unlock()
	id := o.id()
	recall := orderID{entry: id.entry, bot: id.bot, recall: true}
	if !q.knows(id) && !q.knows(recall) {
		q.insert(o)
	}
}

// knows reports whether an order was carried out or waits for another try; q.mu must be held.
func (q *queue) knows(id orderID) bool { return q.done[id] || q.doneBefore[id] || q.isParked(id) }

func (q *queue) insert(o order) {
	at := len(q.items)
	for at > 0 && q.items[at-1].entry >= o.entry && !q.carriesOut(at-1) {
		if have := q.items[at-1]; have.entry == o.entry {
			switch {
			case have.recall, have.edit == o.edit && !o.recall:
				return
			case o.recall && have.edit:
				q.items = slices.Delete(q.items, at-1, at)
				at--
				continue
			case o.recall:
				q.items[at-1] = o
				return
			case o.edit: // after the order to send
				q.items = slices.Insert(q.items, at, o)
				return
			}
		}
		at--
	}
	if q.holder != nil && q.items[0].entry == o.entry && (q.items[0].recall || !o.recall && !o.edit) {
		return
	}
	q.items = slices.Insert(q.items, at, o)
	q.wake()
}

// carriesOut reports whether a worker carries out the item.
func (q *queue) carriesOut(i int) bool { return i == 0 && q.holder != nil }

// park puts an order back after a pause. It must have been removed.
func (q *queue) park(o order, pause time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.parked == nil {
		q.parked = map[orderID]order{}
	}
	q.parked[o.id()] = o
	time.AfterFunc(pause, func() {
		q.mu.Lock()
		parked := q.isParked(o.id())
		delete(q.parked, o.id())
		q.mu.Unlock()
		if parked {
			q.put(o)
		}
	})
}

func (q *queue) isParked(id orderID) bool { _, ok := q.parked[id]; return ok }

// attach makes w send the orders.
func (q *queue) attach(w *worker) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if w.ctx.Err() == nil {
		q.worker, q.sending = w, false
		q.wake()
	}
}

// detach ends that: w may still carry out one order, but gets no other.
func (q *queue) detach(w *worker) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.worker == w {
		q.worker = nil
	}
}

// wake starts sending; q.mu must be held.
func (q *queue) wake() {
	if q.worker == nil || q.sending || len(q.items) == 0 {
		return
	}
	q.sending = true
	q.worker.running.Add(1)
	go q.worker.sendLoop()
}

// next returns the first order, or the last one if the city wants the newest first. It stays in the queue until remove or release. Posts are edited
// after all else is done, since nobody waits for that. next returns false if w has nothing to send; then another call of sendLoop starts with the
// next order.
func (q *queue) next(w *worker) (order, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.worker != w {
		return order{}, false
	}
	if len(q.items) == 0 || w.ctx.Err() != nil {
		q.sending = false
		return order{}, false
	}
	at := q.choose(w.env.newestFirst(w.account.City))
	chosen := q.items[at]
	copy(q.items[1:at+1], q.items[:at])
	q.items[0] = chosen
	q.holder = w
	return q.items[0], true
}

// choose returns the index of the order that is next; q.mu must be held.
func (q *queue) choose(newestFirst bool) int {
	if newestFirst {
		for i := len(q.items) - 1; i >= 0; i-- {
			if !q.items[i].edit {
				return i
			}
		}
		return len(q.items) - 1
	}
	for i, o := range q.items {
		if !o.edit {
			return i
		}
	}
	return 0
}

// remove removes the order that w got from next, and remembers it if it has been carried out. It does nothing if w was abandoned meanwhile.
func (q *queue) remove(w *worker, carriedOut bool, now time.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.holder != w {
		return
	}
	if carriedOut && !q.items[0].edit { // a post can be edited again
		q.remember(q.items[0].id(), now)
	}
	q.items[0] = order{}
	q.items, q.holder = q.items[1:], nil
}

// doneTime is how long a queue remembers at least what was done.
const doneTime = time.Minute

func (q *queue) remember(id orderID, now time.Time) {
	if q.done == nil || now.Sub(q.turned) > doneTime {
		q.done, q.doneBefore, q.turned = map[orderID]bool{}, q.done, now
	}
	q.done[id] = true
}

// release leaves the order that w got from next for the next worker, which reads from the ledger how far it got.
func (q *queue) release(w *worker) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.holder == w {
		o := q.items[0]
		o.report, q.holder = nil, nil
		q.items = q.items[1:]
		q.insert(o)
	}
}

// expired removes and returns the expired orders, except the one that is being carried out.
func (q *queue) expired(now time.Time) []order {
	q.mu.Lock()
	defer q.mu.Unlock()
	var old []order
	rest := q.items[:0]
	for i, o := range q.items {
		if !q.carriesOut(i) && !o.expire.After(now) {
			old = append(old, o)
		} else {
			rest = append(rest, o)
		}
	}
	clear(q.items[len(rest):])
	q.items = rest
	return old
}

// empty removes and returns all orders, also those that are parked, except the one that is being carried out.
func (q *queue) empty() []order {
	left := q.expired(time.Unix(1<<40, 0))
	q.mu.Lock()
	defer q.mu.Unlock()
	left = slices.AppendSeq(left, maps.Values(q.parked))
	q.parked = nil
	return left
}

func (q *queue) len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.items)
}
