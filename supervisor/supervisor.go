// Package supervisor runs the bots: one process per city and network, started, stopped and restarted by itself without touching any
// other; one mailbox for each, filled from RELAY; the listeners that serve all cities; and the ends of reports' lives.
//
//	Run ── goroutine per shard ── fills mailboxes
//	    ── process per account ── goroutine that receives, goroutine that empties the mailbox
//	    ── goroutine per Listener
//	    ── goroutine that follows changes of accounts, and one that keeps waiting orders alive
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

// lookAround is how often all bots are asked for their accounts even though no change was heard of: hints may get lost.
const lookAround = time.Minute

// lookAgain is how often bots are asked that have not answered yet.
const lookAgain = 2 * time.Second

// notConnected is the detail of a delivery to an account that is no longer there. It is the id of a shared text.
const notConnected = "delivery-not-connected"

type key struct{ city, bot string }

// Supervisor runs the bots' processes.
type Supervisor struct {
	env       env
	listeners map[string]*health
	changes   *changes

	mu        sync.Mutex
	processes map[key]*process
	boxes     map[key]*mailbox
	leaving   map[key]*process // told to stop, perhaps not yet over
	halted    map[key]Status   // revoked accounts, by the status that they show
	revisions map[key]string   // of halted accounts
}

// New makes a Supervisor.
func New(config Config) *Supervisor {
	if config.SendTime == 0 {
		config.SendTime = sendTime
	}
	if config.Grace == 0 {
		config.Grace = grace
	}
	s := &Supervisor{env: env{Config: config}, changes: newChanges(), listeners: map[string]*health{}, processes: map[key]*process{},
		boxes: map[key]*mailbox{}, leaving: map[key]*process{}, halted: map[key]Status{}, revisions: map[key]string{}}
	s.env.halt = s.halt
	for _, member := range config.Directory.members {
		if _, ok := member.Bot.(bots.Listener); ok {
			s.listeners[member.Name] = &health{}
		}
	}
	return s
}

// Run works until ctx ends, then stops everything and hands back to the streams what was not sent, for the next start.
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
	parts.Go(func() { s.follow(ctx, s.changes) })
	parts.Go(func() { s.keepAlive(ctx) })
	parts.Go(func() { s.forget(ctx) })
	for shard := range s.env.Bus.Shards() {
		parts.Go(func() { s.fill(ctx, shard) })
	}
	<-ctx.Done()
	parts.Wait()
	s.stopAll()
	return ctx.Err()
}

// Look makes this node's Supervisor ask all bots for their accounts again: settings have changed. It returns at once.
func (s *Supervisor) Look() { s.changes.all() }

// fill puts the orders of one shard into mailboxes.
func (s *Supervisor) fill(ctx context.Context, shard int) {
	var pauses backoff
	for {
		err := s.env.Bus.ConsumeOrders(ctx, shard, func(msg bus.Msg[bus.Order]) { s.dispatch(ctx, msg) })
		if ctx.Err() != nil {
			return
		}
		pause := pauses.next()
		s.env.Log.Error("cannot read orders; will try again", "shard", shard, "err", err, "pause", pause)
		if sleep(ctx, pause) != nil {
			return
		}
	}
}

func (s *Supervisor) dispatch(ctx context.Context, msg bus.Msg[bus.Order]) {
	k := key{msg.Value.Report.City, msg.Value.Bot}
	s.mu.Lock()
	box := s.boxes[k]
	if box != nil {
		box.put(msg)
	}
	halted, isHalted := s.halted[k]
	s.mu.Unlock()
	_, known := s.env.Directory.of(k.bot)
	switch {
	case box != nil:
	case !msg.Value.Expire.After(s.env.Now()):
		s.discard(ctx, msg, db.Expired, "")
	case isHalted:
		s.discard(ctx, msg, db.Failed, halted.Detail)
	case !known && s.env.Directory.has(k.bot), known && msg.Deliveries < 2:
		// Perhaps the bot knows its accounts a moment later, or this one is just being connected.
		if err := msg.Requeue(time.Second); err != nil && ctx.Err() == nil {
			s.env.Log.Warn("cannot hand back an order", "entry", msg.Value.Entry, "err", err)
		}
	default:
		s.discard(ctx, msg, db.Failed, notConnected)
	}
}

func (s *Supervisor) discard(ctx context.Context, msg bus.Msg[bus.Order], status db.Status, detail string) {
	if err := s.env.close(ctx, msg, status, detail); err != nil && ctx.Err() == nil {
		s.env.Log.Error("cannot close an order", "entry", msg.Value.Entry, "bot", msg.Value.Bot, "err", err)
	}
}

// keepAlive tells JetStream that the orders in the mailboxes are being looked after, and ends those whose time is over.
func (s *Supervisor) keepAlive(ctx context.Context) {
	for sleep(ctx, bus.AckWait/3) == nil {
		s.mu.Lock()
		boxes := make([]*mailbox, 0, len(s.boxes))
		for _, box := range s.boxes {
			boxes = append(boxes, box)
		}
		s.mu.Unlock()
		var old []bus.Msg[bus.Order]
		for _, box := range boxes {
			old = append(old, box.expired(s.env.Now())...)
			for _, msg := range box.all() {
				if err := msg.InProgress(); err != nil && ctx.Err() == nil {
					s.env.Log.Warn("cannot keep an order alive", "entry", msg.Value.Entry, "err", err)
				}
			}
		}
		for _, msg := range old {
			s.discard(ctx, msg, db.Expired, "")
		}
	}
}

// listen runs a Listener, again and again.
func (s *Supervisor) listen(ctx context.Context, name string, listener bots.Listener) {
	h, log := s.listeners[name], s.env.Log.With("bot", name)
	var pauses backoff
	for ctx.Err() == nil {
		h.set(Running, "", s.env.Now())
		began := time.Now()
		err := guardErr(ctx, s.env.Grace, func(ctx context.Context) error {
			return listener.Listen(ctx, func(ctx context.Context, city string, r report.Report) error {
				return s.env.take(ctx, city, name, r)
			})
		})
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			err = errors.New("listening ended by itself")
		}
		if time.Since(began) > calm {
			pauses.reset()
		}
		pause := pauses.next()
		h.set(Waiting, bots.AsError(err).Say, s.env.Now())
		h.restarted()
		logFailure(log, "listening failed; will start again", err, pause)
		if sleep(ctx, pause) != nil {
			return
		}
	}
}

// stopAll ends the processes, all at the same time, and hands back what is in the mailboxes.
func (s *Supervisor) stopAll() {
	s.mu.Lock()
	var last []*process
	for _, p := range s.processes {
		p.cancel()
		last = append(last, p)
	}
	for _, p := range s.leaving {
		last = append(last, p)
	}
	s.mu.Unlock()
	for _, p := range last {
		<-p.done
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, box := range s.boxes {
		for _, msg := range box.all() {
			if err := msg.Requeue(0); err != nil {
				s.env.Log.Warn("cannot hand back an order", "entry", msg.Value.Entry, "err", err)
			}
		}
	}
}
