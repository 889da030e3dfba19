package supervisor

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"linienfunk/bots"
	"linienfunk/report"
)

// worker runs the account of one city in one network: one goroutine receives, one sends. Each restarts with backoff when it
// fails, and neither ever waits for another account.
type worker struct {
	member  Member
	account bots.Account
	queue   *queue
	env     *env
	log     *slog.Logger

	cancel context.CancelFunc
	done   chan struct{}

	recv, send health

	pending   *call[result] // the call of Send that has not returned; used by the sending goroutine only
	abandoned atomic.Int32
}

// startWorker runs a worker until its cancel. It begins once before is closed: the account's previous worker must have ended, or
// both might send.
func startWorker(ctx context.Context, e *env, member Member, account bots.Account, queue *queue, before <-chan struct{}) *worker {
	w := &worker{member: member, account: account, queue: queue, env: e,
		log: e.Log.With("city", account.City, "bot", member.Name), done: make(chan struct{})}
	w.recv.set(Starting, "", e.Now())
	w.send.set(Running, "", e.Now())
	ctx, w.cancel = context.WithCancel(ctx)
	go func() {
		defer close(w.done)
		<-before
		w.run(ctx)
	}()
	return w
}

func (w *worker) run(ctx context.Context) {
	both, cancel := context.WithCancel(ctx)
	defer cancel()
	revoked := make(chan error, 2)
	var loops sync.WaitGroup
	for _, loop := range []func(context.Context) error{w.receiveLoop, w.sendLoop} {
		loops.Go(func() {
			if err := loop(both); err != nil {
				revoked <- err
				cancel()
			}
		})
	}
	loops.Wait()
	select {
	case err := <-revoked:
		w.env.revoke(ctx, w, err)
	default:
	}
}

// receiveLoop runs Recv and restarts it. It returns an error only for a revoked account.
func (w *worker) receiveLoop(ctx context.Context) error {
	receiver, ok := w.member.Bot.(bots.Receiver)
	if !ok {
		w.recv.set(Running, "", w.env.Now())
		return nil
	}
	out := func(ctx context.Context, r report.Report) error {
		return w.env.storeReport(ctx, w.account.City, w.member.Name, r)
	}
	var pauses backoff
	for ctx.Err() == nil {
		w.recv.set(Running, "", w.env.Now())
		began := time.Now()
		err := runCallErr(ctx, w.env.Grace, func(ctx context.Context) error { return receiver.Recv(ctx, w.account, out) })
		if ctx.Err() != nil {
			if errors.Is(err, errStuck) {
				w.log.Error("receiving does not end after its cancellation; abandoned")
			}
			return nil
		}
		if err == nil {
			err = errors.New("receiving ended by itself")
		}
		if time.Since(began) > resetAfter {
			pauses.reset()
		}
		kind, pause := nextPause(err, &pauses)
		if kind == bots.KindRevoked && bots.AsError(err).RecvOnly {
			w.stopReceiving(ctx, err)
			return nil
		}
		if kind == bots.KindRevoked {
			return err
		}
		w.fail(&w.recv, "receiving failed; will restart", err, pause)
		w.recv.restarted()
		if sleep(ctx, pause) != nil {
			return nil
		}
	}
	return nil
}

// stopReceiving ends receiving for a RecvOnly error; sending continues. A restart of the program tries once more; the admins still
// get one notice, because it is keyed by the account's revision.
func (w *worker) stopReceiving(ctx context.Context, cause error) {
	w.log.Warn("network refuses to let the account receive; receiving stopped until its credentials change", "err", cause)
	w.recv.set(Revoked, bots.AsError(cause).Say, w.env.Now())
	if w.env.Revoked != nil {
		ctx, cancel := outlive(ctx)
		defer cancel()
		w.env.Revoked(ctx, w.account, w.status())
	}
}

// fail records that receiving or sending does not work for now.
func (w *worker) fail(h *health, what string, err error, pause time.Duration) {
	state := Waiting
	if errors.Is(err, errStuck) {
		state = Stuck
	}
	h.set(state, bots.AsError(err).Say, w.env.Now())
	logFailure(w.log, what, err, pause)
}

func logFailure(log *slog.Logger, what string, err error, pause time.Duration) {
	args := []any{"err", err, "delay", pause.Round(time.Millisecond)}
	var panicked *panicked
	if errors.As(err, &panicked) {
		args = append(args, "stack", string(panicked.stack))
	}
	log.Warn(what, args...)
}

// health is the state of one half of a worker, or of a listener.
type health struct {
	mu       sync.Mutex
	state    State
	detail   string
	since    time.Time
	restarts int
}

func (h *health) set(state State, detail string, now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.state != state {
		h.since = now
	}
	h.state, h.detail = state, detail
}

func (h *health) restarted() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.restarts++
}

// mergeInto merges h into the status: the worse state wins.
func (h *health) mergeInto(s *Status) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s.Restarts += h.restarts
	if severity(h.state) > severity(s.State) {
		s.State, s.Detail, s.Since = h.state, h.detail, h.since
	}
}

func severity(state State) int {
	switch state {
	case Running:
		return 1
	case Starting:
		return 2
	case Waiting:
		return 3
	case Stuck:
		return 4
	case Revoked:
		return 5
	}
	return 0
}

func (w *worker) status() Status {
	s := Status{Bot: w.member.Name, Label: w.account.Label, Queue: w.queue.len()}
	w.recv.mergeInto(&s)
	w.send.mergeInto(&s)
	return s
}
