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

// worker runs the account of one city in one network. A goroutine receives, unless there is nothing to receive; another one sends, while
// orders wait. Both go on with backoff when they fail, and neither ever waits for another account.
type worker struct {
	member  Member
	account bots.Account
	queue   *queue
	env     *env
	log     *slog.Logger

	program context.Context // ends with the program
	ctx     context.Context // ends with stop, too
	cancel  context.CancelFunc
	running sync.WaitGroup // receiving and sending
	once    sync.Once      // for stop
	ended   chan struct{}  // closed after stop once neither runs any more, or is abandoned
	revoke  sync.Once

	recv, send health

	pending   *call[result] // the call of Send that has not returned; used by the sending goroutine only
	abandoned atomic.Int32
}

// startWorker runs a worker until its stop. It begins once before is closed: the account's previous worker must have ended, or both might
// send.
func startWorker(ctx context.Context, e *env, member Member, account bots.Account, queue *queue, before <-chan struct{}) *worker {
	w := &worker{program: ctx, member: member, account: account, queue: queue, env: e,
		log: e.Log.With("city", account.City, "bot", member.Name), ended: make(chan struct{})}
	w.send.set(Running, "", e.Now())
	w.ctx, w.cancel = context.WithCancel(ctx)
	receiver, receives := member.Bot.(bots.Receiver)
	if receives = receives && !account.SendOnly; receives {
		w.recv.set(Starting, "", e.Now())
		w.running.Add(1)
	} else {
		w.recv.set(Running, "", e.Now())
	}
	begin := func() {
		if sends(member.Bot) && !account.Paused {
			queue.attach(w)
		}
		if receives {
			go func() {
				defer w.running.Done()
				w.receiveLoop(w.ctx, receiver)
			}()
		}
	}
	select {
	case <-before:
		begin()
	default:
		go func() {
			<-before
			begin()
		}()
	}
	return w
}

// stop ends receiving and sending. It returns at once; ended is closed when both have ended, or have been told to for too long.
func (w *worker) stop() {
	w.once.Do(func() {
		w.cancel()
		w.queue.detach(w)
		both := make(chan struct{})
		go func() {
			w.running.Wait()
			close(both)
		}()
		go func() {
			defer close(w.ended)
			timer := time.NewTimer(stopGrace(w.env.Grace))
			defer timer.Stop()
			select {
			case <-both:
			case <-timer.C:
				w.log.Error("receiving or sending does not end after its cancellation; abandoned")
			}
		}()
	})
}

// stopGrace is how long a worker may take to end: a call has its own grace, and its outcome is still written.
func stopGrace(grace time.Duration) time.Duration { return grace + 2*writeTime }

// endRevoked ends the worker of an account whose access the network has revoked.
func (w *worker) endRevoked(cause error) {
	w.revoke.Do(func() {
		w.env.revoking.Go(func() {
			w.stop()
			<-w.ended
			w.env.revoke(w.program, w, cause)
		})
	})
}

// receiveLoop runs Recv and restarts it, until ctx ends or the account is revoked.
func (w *worker) receiveLoop(ctx context.Context, receiver bots.Receiver) {
	out := func(ctx context.Context, r report.Report) error {
		return w.env.storeReport(ctx, w.account.City, w.member.Name, r)
	}
	var pauses backoff
	for ctx.Err() == nil {
		w.recv.set(Running, "", w.env.Now())
		began := time.Now()
		_, err := guard(ctx, func(ctx context.Context) (struct{}, error) { return struct{}{}, receiver.Recv(ctx, w.account, out) })
		if ctx.Err() != nil {
			return
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
			return
		}
		if kind == bots.KindRevoked {
			w.endRevoked(err)
			return
		}
		w.fail(&w.recv, "receiving failed; will restart", err, pause)
		w.recv.restarted()
		if sleep(ctx, pause) != nil {
			return
		}
	}
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
