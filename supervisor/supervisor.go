// Package supervisor runs the bots: a worker per city and network, which starts, stops and restarts without affecting any other; a queue of
// orders for each, filled from the ledger and from what the censor announces; the listeners; and the deletion of expired texts.
//
//	Run ── worker per account     one goroutine receives, one sends the orders of the queue
//	    ── goroutine per Listener
//	    ── four more              put orders into queues, close those that cannot be sent, follow changes of accounts, delete expired texts
package supervisor

import (
	"cmp"
	"context"
	"errors"
	"sync"
	"time"

	"linienfunk/bots"
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
	announced announced
	reload    chan struct{} // receives when the ledger must be asked for what is due
	ending    *ending

	mu        sync.Mutex
	workers   map[key]*worker
	queues    map[key]*queue
	filled    map[key]*queue    // those that may have orders
	unplaced  map[orderID]order // whose account is not known yet
	stopping  map[key]*worker   // canceled, may still run
	revoked   map[key]Status    // status of revoked accounts
	revisions map[key]string    // of revoked accounts
}

// New returns a Supervisor.
func New(config Config) *Supervisor {
	if config.SendTime == 0 {
		config.SendTime = sendTime
	}
	if config.Grace == 0 {
		config.Grace = grace
	}
	s := &Supervisor{env: env{Config: config}, changes: newChanges(), reload: make(chan struct{}, 1), ending: newEnding(), listeners: map[string]*health{}, workers: map[key]*worker{},
		queues: map[key]*queue{}, filled: map[key]*queue{}, unplaced: map[orderID]order{}, stopping: map[key]*worker{}, revoked: map[key]Status{}, revisions: map[key]string{}}
	s.env.stopRevoked = s.stopRevoked
	if lease := config.Lease; lease != nil {
		s.env.shards.leased = true
		lease.Time = cmp.Or(lease.Time, leaseTime)
	}
	for _, member := range config.Directory.members {
		if _, ok := member.Bot.(bots.Listener); ok && (config.Listens == nil || config.Listens(member.Bot)) {
			s.listeners[member.Name] = &health{}
		}
	}
	return s
}

// Run runs until ctx ends, then stops everything. What was not sent is due in the ledger.
func (s *Supervisor) Run(ctx context.Context) error {
	if s.runsAccounts() {
		if err := s.loadRevocations(ctx); err != nil {
			return err
		}
	}
	stop, err := s.env.Bus.Subscribe("account.*.*", s.changes.hint)
	if err != nil {
		return err
	}
	defer stop()
	var moved <-chan struct{}
	if s.env.Lease != nil {
		var leave func()
		if moved, leave, err = s.share(ctx); err != nil {
			return err
		}
		defer leave()
	}
	s.refreshAll(ctx, func(string) bool { return true })
	var parts sync.WaitGroup
	if s.env.Lease != nil {
		parts.Go(func() { s.holdShards(ctx, moved) })
	}
	for _, member := range s.env.Directory.members {
		if s.listeners[member.Name] != nil {
			parts.Go(func() { s.listen(ctx, member.Name, member.Bot.(bots.Listener)) })
		}
	}
	parts.Go(func() { s.followChanges(ctx, s.changes) })
	if s.runsAccounts() {
		parts.Go(func() { s.followOrders(ctx) })
		parts.Go(func() { s.tend(ctx) })
		parts.Go(func() { s.prune(ctx) })
	}
	<-ctx.Done()
	parts.Wait()
	s.stopAll()
	return ctx.Err()
}

// runsAccounts reports whether this node may have shards. One that has none listens, and knows the accounts.
func (s *Supervisor) runsAccounts() bool {
	return s.env.Lease == nil || s.env.Lease.Node.RunsAccounts()
}

// RefreshAll lists all accounts of this node again, after settings have changed. It returns at once.
func (s *Supervisor) RefreshAll() { s.changes.all() }

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

// stopAll stops all workers at the same time.
func (s *Supervisor) stopAll() {
	s.mu.Lock()
	var last []*worker
	for _, w := range s.workers {
		w.stop()
		last = append(last, w)
	}
	for _, w := range s.stopping {
		last = append(last, w)
	}
	s.mu.Unlock()
	for _, w := range last {
		<-w.ended
	}
	s.env.revoking.Wait()
}
