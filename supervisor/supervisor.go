// Package supervisor runs the bots: a worker per city and network, which starts, stops and restarts without affecting any other; a queue of
// orders for each, filled from RELAY; the listeners; and the deletion of expired texts.
//
//	Run ── goroutine per shard    reads orders into queues
//	    ── worker per account     one goroutine receives, one sends the orders of the queue
//	    ── goroutine per Listener
//	    ── three more             follow changes of accounts, keep queued orders alive, delete expired texts
package supervisor

import (
	"context"
	"errors"
	"sync"
	"time"

	"linienfunk/bots"
	"linienfunk/bus"
	"linienfunk/db"
	"linienfunk/report"
)

// refreshInterval is how often all accounts are listed without an announced change: announcements may get lost.
const refreshInterval = time.Minute

// unlistedInterval is how often accounts are listed of bots that have not listed theirs yet.
const unlistedInterval = 2 * time.Second

// notConnected is the detail of a delivery to an account that is gone: the id of a shared text.
const notConnected = "delivery-not-connected"

type key struct{ city, bot string }

// Supervisor runs the bots.
type Supervisor struct {
	env       env
	listeners map[string]*health
	changes   *changes

	mu        sync.Mutex
	workers   map[key]*worker
	queues    map[key]*queue
	stopping  map[key]*worker // canceled, may still run
	revoked   map[key]Status  // status of revoked accounts
	revisions map[key]string  // of revoked accounts
}

// New returns a Supervisor.
func New(config Config) *Supervisor {
	if config.SendTime == 0 {
		config.SendTime = sendTime
	}
	if config.Grace == 0 {
		config.Grace = grace
	}
	s := &Supervisor{env: env{Config: config}, changes: newChanges(), listeners: map[string]*health{}, workers: map[key]*worker{},
		queues: map[key]*queue{}, stopping: map[key]*worker{}, revoked: map[key]Status{}, revisions: map[key]string{}}
	s.env.stopRevoked = s.stopRevoked
	for _, member := range config.Directory.members {
		if _, ok := member.Bot.(bots.Listener); ok {
			s.listeners[member.Name] = &health{}
		}
	}
	return s
}

// Run runs until ctx ends, then stops everything and requeues in the streams what was not sent.
func (s *Supervisor) Run(ctx context.Context) error {
	if err := s.loadRevocations(ctx); err != nil {
		return err
	}
	stop, err := s.env.Bus.Subscribe("account.*.*", s.changes.hint)
	if err != nil {
		return err
	}
	defer stop()
	s.refreshAll(ctx, func(string) bool { return true })
	var parts sync.WaitGroup
	for _, member := range s.env.Directory.members {
		if listener, ok := member.Bot.(bots.Listener); ok {
			parts.Go(func() { s.listen(ctx, member.Name, listener) })
		}
	}
	parts.Go(func() { s.followChanges(ctx, s.changes) })
	parts.Go(func() { s.keepAlive(ctx) })
	parts.Go(func() { s.prune(ctx) })
	for shard := range s.env.Bus.Shards() {
		parts.Go(func() { s.readOrders(ctx, shard) })
	}
	<-ctx.Done()
	parts.Wait()
	s.stopAll()
	return ctx.Err()
}

// RefreshAll lists all accounts of this node again, after settings have changed. It returns at once.
func (s *Supervisor) RefreshAll() { s.changes.all() }

// readOrders reads the orders of one shard into queues.
func (s *Supervisor) readOrders(ctx context.Context, shard int) {
	var pauses backoff
	for {
		err := s.env.Bus.ConsumeOrders(ctx, shard, func(msg bus.Msg[bus.Order]) { s.dispatch(ctx, msg) })
		if ctx.Err() != nil {
			return
		}
		pause := pauses.next()
		s.env.Log.Error("cannot read orders; will retry", "shard", shard, "err", err, "delay", pause)
		if sleep(ctx, pause) != nil {
			return
		}
	}
}

func (s *Supervisor) dispatch(ctx context.Context, msg bus.Msg[bus.Order]) {
	k := key{msg.Value.City, msg.Value.Bot}
	s.mu.Lock()
	q := s.queues[k]
	if q != nil {
		q.put(msg)
	}
	revoked, isRevoked := s.revoked[k]
	s.mu.Unlock()
	_, known := s.env.Directory.of(k.bot)
	switch {
	case q != nil:
	case !msg.Value.Expire.After(s.env.Now()):
		s.closeOrder(ctx, msg, db.Expired, "")
	case isRevoked:
		s.closeOrder(ctx, msg, db.Failed, revoked.Detail)
	case !known && s.env.Directory.has(k.bot), known && msg.Deliveries < 2:
		// The bot may not have listed its accounts yet, or this one is being connected.
		if err := msg.Requeue(time.Second); err != nil && ctx.Err() == nil {
			s.env.Log.Warn("cannot requeue an order", "entry", msg.Value.Entry, "err", err)
		}
	default:
		s.closeOrder(ctx, msg, db.Failed, notConnected)
	}
}

func (s *Supervisor) closeOrder(ctx context.Context, msg bus.Msg[bus.Order], status db.Status, detail string) {
	if err := s.env.closeOrder(ctx, msg, status, detail); err != nil && ctx.Err() == nil {
		s.env.Log.Error("cannot close an order", "entry", msg.Value.Entry, "bot", msg.Value.Bot, "err", err)
	}
}

// keepAlive extends the acknowledgement deadline of queued orders, and closes expired ones.
func (s *Supervisor) keepAlive(ctx context.Context) {
	for sleep(ctx, bus.AckWait/3) == nil {
		s.mu.Lock()
		queues := make([]*queue, 0, len(s.queues))
		for _, q := range s.queues {
			queues = append(queues, q)
		}
		s.mu.Unlock()
		var old []bus.Msg[bus.Order]
		for _, q := range queues {
			old = append(old, q.expired(s.env.Now())...)
			for _, msg := range q.all() {
				if err := msg.InProgress(); err != nil && ctx.Err() == nil {
					s.env.Log.Warn("cannot keep an order alive", "entry", msg.Value.Entry, "err", err)
				}
			}
		}
		for _, msg := range old {
			s.closeOrder(ctx, msg, db.Expired, "")
		}
	}
}

// listen runs a Listener and restarts it.
func (s *Supervisor) listen(ctx context.Context, name string, listener bots.Listener) {
	h, log := s.listeners[name], s.env.Log.With("bot", name)
	var pauses backoff
	for ctx.Err() == nil {
		h.set(Running, "", s.env.Now())
		began := time.Now()
		err := runCallErr(ctx, s.env.Grace, func(ctx context.Context) error {
			return listener.Listen(ctx, func(ctx context.Context, city string, r report.Report) error {
				return s.env.storeReport(ctx, city, name, r)
			})
		})
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			err = errors.New("listening ended by itself")
		}
		if time.Since(began) > resetAfter {
			pauses.reset()
		}
		pause := pauses.next()
		h.set(Waiting, bots.AsError(err).Say, s.env.Now())
		h.restarted()
		logFailure(log, "listening failed; will restart", err, pause)
		if sleep(ctx, pause) != nil {
			return
		}
	}
}

// stopAll stops all workers at the same time and requeues the orders in their streams.
func (s *Supervisor) stopAll() {
	s.mu.Lock()
	var last []*worker
	for _, w := range s.workers {
		w.cancel()
		last = append(last, w)
	}
	for _, w := range s.stopping {
		last = append(last, w)
	}
	s.mu.Unlock()
	for _, w := range last {
		<-w.done
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, q := range s.queues {
		for _, msg := range q.all() {
			if err := msg.Requeue(0); err != nil {
				s.env.Log.Warn("cannot requeue an order", "entry", msg.Value.Entry, "err", err)
			}
		}
	}
}
