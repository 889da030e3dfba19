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

// process runs one account of one city in one network: a goroutine that receives and one that sends. Each is restarted by
// itself, with backoff, when it fails; neither ever waits for another account.
type process struct {
	member  Member
	account bots.Account
	box     *mailbox
	env     *env
	log     *slog.Logger

	cancel context.CancelFunc
	done   chan struct{}

	recv, send health

	open      *call[sent] // sending, and not returned yet; only the sending goroutine touches it
	abandoned atomic.Int32
}

// start runs the process until its cancel. It begins when before is closed: the account's last process must be over,
// lest two of them send.
func start(ctx context.Context, e *env, member Member, account bots.Account, box *mailbox, before <-chan struct{}) *process {
	p := &process{member: member, account: account, box: box, env: e,
		log: e.Log.With("city", account.City, "bot", member.Name), done: make(chan struct{})}
	p.recv.set(Starting, "", e.Now())
	p.send.set(Running, "", e.Now())
	ctx, p.cancel = context.WithCancel(ctx)
	go func() {
		defer close(p.done)
		<-before
		p.run(ctx)
	}()
	return p
}

func (p *process) run(ctx context.Context) {
	both, cancel := context.WithCancel(ctx)
	defer cancel()
	revoked := make(chan error, 2)
	var loops sync.WaitGroup
	for _, loop := range []func(context.Context) error{p.receive, p.sendAll} {
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
		p.env.revoke(ctx, p, err)
	default:
	}
}

// receive runs Recv, again and again. It returns an error only for an account that is revoked.
func (p *process) receive(ctx context.Context) error {
	receiver, ok := p.member.Bot.(bots.Receiver)
	if !ok {
		p.recv.set(Running, "", p.env.Now())
		return nil
	}
	out := func(ctx context.Context, r report.Report) error {
		return p.env.take(ctx, p.account.City, p.member.Name, r)
	}
	var pauses backoff
	for ctx.Err() == nil {
		p.recv.set(Running, "", p.env.Now())
		began := time.Now()
		err := guardErr(ctx, p.env.Grace, func(ctx context.Context) error { return receiver.Recv(ctx, p.account, out) })
		if ctx.Err() != nil {
			if errors.Is(err, errStuck) {
				p.log.Error("receiving does not end; left behind")
			}
			return nil
		}
		if err == nil {
			err = errors.New("receiving ended by itself")
		}
		if time.Since(began) > calm {
			pauses.reset()
		}
		kind, pause := nextPause(err, &pauses)
		if kind == bots.KindRevoked && bots.AsError(err).RecvOnly {
			p.deaf(ctx, err)
			return nil
		}
		if kind == bots.KindRevoked {
			return err
		}
		p.fail(&p.recv, "receiving failed; will start again", err, pause)
		p.recv.restarted()
		if sleep(ctx, pause) != nil {
			return nil
		}
	}
	return nil
}

// deaf says that the account receives no more; its sending goes on. A restart of the program tries once more: the admins' notice
// names the revision, and is sent once.
func (p *process) deaf(ctx context.Context, cause error) {
	p.log.Warn("the network lets the account receive no more; stopped until its credentials change", "err", cause)
	p.recv.set(Halted, bots.AsError(cause).Say, p.env.Now())
	if p.env.Revoked != nil {
		ctx, cancel := linger(ctx)
		defer cancel()
		p.env.Revoked(ctx, p.account, p.status())
	}
}

// fail writes down that receiving or sending does not work for now.
func (p *process) fail(h *health, what string, err error, pause time.Duration) {
	state := Waiting
	if errors.Is(err, errStuck) {
		state = Stuck
	}
	h.set(state, bots.AsError(err).Say, p.env.Now())
	logFailure(p.log, what, err, pause)
}

func logFailure(log *slog.Logger, what string, err error, pause time.Duration) {
	args := []any{"err", err, "pause", pause.Round(time.Millisecond)}
	var panicked *panicked
	if errors.As(err, &panicked) {
		args = append(args, "stack", string(panicked.stack))
	}
	log.Warn(what, args...)
}

// health is the state of one half of a process.
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

// into merges h into the status: the worse state wins.
func (h *health) into(s *Status) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s.Restarts += h.restarts
	if rank(h.state) > rank(s.State) {
		s.State, s.Detail, s.Since = h.state, h.detail, h.since
	}
}

func rank(state State) int {
	switch state {
	case Running:
		return 1
	case Starting:
		return 2
	case Waiting:
		return 3
	case Stuck:
		return 4
	case Halted:
		return 5
	}
	return 0
}

func (p *process) status() Status {
	s := Status{Bot: p.member.Name, Label: p.account.Label, Queue: p.box.len()}
	p.recv.into(&s)
	p.send.into(&s)
	return s
}
