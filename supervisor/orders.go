package supervisor

import (
	"context"
	"sync"
	"time"

	"linienfunk/bus"
	"linienfunk/db"
	"linienfunk/report"
)

// order asks one bot of a city for one delivery: to send it, or to delete or edit what was sent.
type order struct {
	key
	entry  uint
	recall bool
	edit   bool
	expire time.Time // when it is too late to send, to delete, or to edit

	report *report.Report // what to send; nil if it must be read from the ledger
	since  time.Time      // when this process took the order
	tries  int            // how often an account was looked for
	pauses backoff        // between the tries of a recall
}

// trusted is how long a report in memory is sent without another look at the ledger, where it may have been withdrawn: a withdrawal is
// announced like a report, and only an announcement that got lost would be missed.
const trusted = 10 * time.Second

// dueInterval is how often the ledger is asked for what is due although no order is known to be lost.
const dueInterval = time.Minute

// followOrders dispatches orders, first those that the ledger has, until ctx ends.
func (s *Supervisor) followOrders(ctx context.Context) {
	var pauses backoff
	for ctx.Err() == nil {
		s.announced.hold()
		stop, err := s.env.Bus.SubscribeOrders(func(o bus.Order) {
			for _, bot := range o.Bots {
				s.announced.pass(newOrder(o, bot, s.env.Now()), s.dispatch)
			}
		}, func() {
			s.announced.hold()
			s.readAgain()
		})
		if err == nil {
			s.loadOrders(ctx)
			stop()
			return
		}
		pause := pauses.next()
		s.env.Log.Error("cannot receive orders; will retry", "err", err, "delay", pause)
		_ = sleep(ctx, pause)
	}
}

// announced holds announced orders back while older ones, whose announcements were lost, are read from the ledger.
type announced struct {
	mu      sync.Mutex
	holding bool
	holds   int // how often hold was called
	orders  []order
}

// hold holds orders back until the ledger is read again.
func (a *announced) hold() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.holding = true
	a.holds++
}

// begin returns what release wants after the ledger was read.
func (a *announced) begin() (holds int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.holds
}

// pass dispatches an order, or holds it back.
func (a *announced) pass(o order, dispatch func(order)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.holding {
		a.orders = append(a.orders, o)
		return
	}
	dispatch(o)
}

// release dispatches what was held back, unless there was another hold after begin: then the ledger must be read once more.
func (a *announced) release(holds int, dispatch func(order)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.holds != holds {
		return
	}
	for _, o := range a.orders {
		dispatch(o)
	}
	a.orders, a.holding = nil, false
}

// drop forgets what was held back: the ledger has it, too, and cannot be read for now.
func (a *announced) drop() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.orders = nil
}

// readAgain has the ledger asked for what is due, at once.
func (s *Supervisor) readAgain() {
	select {
	case s.reload <- struct{}{}:
	default:
	}
}

func newOrder(o bus.Order, bot string, now time.Time) order {
	made := order{key: key{o.Report.City, bot}, entry: o.Entry, recall: o.Recall, edit: o.Edit, expire: o.Expire, since: now}
	if !o.Known && !o.Recall && !o.Edit {
		made.report = &o.Report
	}
	return made
}

// loadOrders dispatches what the ledger says is due: at once, when orders may have been lost, and every minute, until ctx ends.
func (s *Supervisor) loadOrders(ctx context.Context) {
	var pauses backoff
	for {
		wait, holds := dueInterval, s.announced.begin()
		list, err := s.env.DB.Due(ctx)
		if err == nil {
			pauses.reset()
		} else if ctx.Err() == nil {
			wait = min(pauses.next(), ledgerPause)
			s.announced.hold()
			s.env.Log.Error("cannot read what is due; will retry", "err", err, "delay", wait)
		}
		for _, d := range list {
			s.dispatch(s.dueOrder(d))
		}
		if err == nil {
			s.announced.release(holds, s.dispatch)
		} else {
			s.announced.drop()
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-s.env.Bus.OrdersLost():
			s.announced.hold()
			timer.Stop()
		case <-s.reload:
			timer.Stop()
		case <-timer.C:
		}
	}
}

func (s *Supervisor) dueOrder(d db.Due) order {
	o := order{key: key{d.City, d.Bot}, entry: d.EntryID, since: s.env.Now()}
	if d.RecallUntil != nil {
		o.recall, o.expire = true, *d.RecallUntil
		return o
	}
	if d.EditUntil != nil {
		o.edit, o.expire = true, *d.EditUntil
		return o
	}
	fresh, ok := s.env.Freshness(d.City)
	if !ok { // a deleted city, or one whose settings this node does not have yet
		fresh = retentionWithoutCity
	}
	o.expire = d.At.Add(fresh)
	return o
}

// dispatch puts an order into the queue of its account. Orders of other nodes' cities are left to them.
func (s *Supervisor) dispatch(o order) {
	if !s.env.runs(o.city) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if q := s.queues[o.key]; q != nil {
		q.put(o)
		s.filled[o.key] = q
		return
	}
	revoked, isRevoked := s.revoked[o.key]
	_, known := s.env.Directory.of(o.bot)
	switch {
	case !o.expire.After(s.env.Now()):
		s.ending.add(o, db.Expired, "")
	case isRevoked:
		s.ending.add(o, db.Failed, revoked.Detail)
	case !known && s.env.Directory.has(o.bot), known && o.tries < 2:
		// The bot may not have listed its accounts yet, or this one is being connected.
		o.tries++
		s.unplaced[o.id()] = o
	default:
		s.ending.add(o, db.Failed, notConnected)
	}
}

// orderID tells orders apart.
type orderID struct {
	entry  uint
	bot    string
	recall bool
	edit   bool
}

func (o order) id() orderID { return orderID{o.entry, o.bot, o.recall, o.edit} }

// dispatchUnplaced looks again for the accounts of orders that had none.
func (s *Supervisor) dispatchUnplaced() {
	s.mu.Lock()
	orders := s.unplaced
	s.unplaced = map[orderID]order{}
	s.mu.Unlock()
	for _, o := range orders {
		s.dispatch(o)
	}
}

// tend closes what cannot be sent, and looks once a second for orders that have expired and for the accounts of those that had none.
func (s *Supervisor) tend(ctx context.Context) {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.ending.more:
		case <-ticker.C:
			s.dispatchUnplaced()
			s.expireOrders()
		}
		s.ending.write(ctx, &s.env)
	}
}

func (s *Supervisor) expireOrders() {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.env.Now()
	for k, q := range s.filled {
		for _, o := range q.expired(now) {
			s.ending.add(o, db.Expired, "")
		}
		if q.len() == 0 {
			delete(s.filled, k)
		}
	}
}
