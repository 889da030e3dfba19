package supervisor

import (
	"context"
	"slices"
	"sync"
	"time"

	"linienfunk/db"
)

// leaseTime is how long a node that has died keeps its shards.
const leaseTime = 6 * time.Second

// shards are the shards whose cities this node runs. A zero shards has all of them.
type shards struct {
	mu     sync.Mutex
	leased bool // only those that are held
	held   map[int]bool
	judges bool      // this node judges the reports of all cities
	until  time.Time // of this process's monotonic clock

	changed chan struct{} // closed and replaced by set
}

// has reports whether this node runs the cities of a shard.
func (s *shards) has(shard int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.leased || s.held[shard] && time.Now().Before(s.until)
}

// judging reports whether it is this node's turn to judge reports, and until when unless changed is closed before.
func (s *shards) judging() (turn bool, until time.Time, changed <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.changed == nil {
		s.changed = make(chan struct{})
	}
	return !s.leased || s.judges && time.Now().Before(s.until), s.until, s.changed
}

// gains reports whether there is a shard among held that this node does not run now.
func (s *shards) gains(held []int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	expired := time.Now().After(s.until)
	return slices.ContainsFunc(held, func(shard int) bool { return expired || !s.held[shard] })
}

// set replaces what is held, and reports whether something is missing.
func (s *shards) set(held []int, judges bool, until time.Time) (lost bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.judges = judges
	if s.changed != nil {
		close(s.changed)
	}
	s.changed = make(chan struct{})
	now := make(map[int]bool, len(held))
	for _, shard := range held {
		now[shard] = true
	}
	for shard := range s.held {
		lost = lost || !now[shard]
	}
	s.held, s.until = now, until
	return lost
}

// live reports whether what is held may be used.
func (s *shards) live() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Now().Before(s.until)
}

// extend renews what is held, unless it has run out.
func (s *shards) extend(until time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if time.Now().Before(s.until) {
		s.until = until
	}
}

// runs reports whether this node runs the accounts of a city.
func (e *env) runs(city string) bool { return e.shards.has(e.Bus.Shard(city)) }

// JudgingTurn waits until it is this node's turn to judge reports, and calls f with a context that ends with the turn, or with ctx. One node at a
// time has its turn, as long as it renews its lease.
func (s *Supervisor) JudgingTurn(ctx context.Context, f func(context.Context)) {
	turn, until, changed := s.env.shards.judging()
	for !turn {
		select {
		case <-ctx.Done():
			return
		case <-changed:
		}
		turn, until, changed = s.env.shards.judging()
	}
	ours, end := context.WithCancel(ctx)
	defer end()
	var watching sync.WaitGroup
	defer watching.Wait()
	defer end()
	if s.env.Lease != nil {
		watching.Go(func() {
			defer end()
			for turn && ours.Err() == nil {
				timer := time.NewTimer(time.Until(until))
				select {
				case <-ours.Done():
				case <-changed:
				case <-timer.C:
				}
				timer.Stop()
				turn, until, changed = s.env.shards.judging()
			}
		})
	}
	f(ours)
}

// holdShards renews the lease of this node's shards, starts what runs in those that it gets, and stops what ran in those that it loses,
// until ctx ends. moved receives when shards may be free, or too many.
func (s *Supervisor) holdShards(ctx context.Context, moved <-chan struct{}) {
	pause := s.env.Lease.Time / 3
	for {
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-moved:
			timer.Stop()
		case <-timer.C:
		}
		gained, err := s.claim(ctx)
		if gained {
			s.gained(ctx)
		}
		if pause = s.env.Lease.Time / 3; err != nil {
			pause /= 4
		}
	}
}

// shardsSubject announces that a node has come, or that shards are free.
const shardsSubject = "shards"

// announceShards has the other nodes claim at once what they would claim soon.
func (s *Supervisor) announceShards() {
	if err := s.env.Bus.Notify(shardsSubject, nil); err != nil {
		s.env.Log.Warn("the other nodes learn later that shards have moved", "err", err)
	}
}

// share makes this node one of several. leave ends that.
func (s *Supervisor) share(ctx context.Context) (moved <-chan struct{}, leave func(), err error) {
	hints := make(chan struct{}, 1)
	stopHints, err := s.env.Bus.Subscribe(shardsSubject, func(string, []byte) {
		select {
		case hints <- struct{}{}:
		default:
		}
	})
	if err != nil {
		return nil, nil, err
	}
	stopAnswers, err := s.env.Bus.HandleRequests(statusSubject, statusSubject+"-"+s.env.Lease.Node.ID, s.answerStatus) // a group of its own: all nodes are asked
	if err != nil {
		stopHints()
		return nil, nil, err
	}
	_, _ = s.claim(ctx) // logs the error, and holdShards tries again
	s.announceShards()
	return hints, func() {
		stopHints()
		stopAnswers()
		s.leave(ctx)
	}, nil
}

// renew keeps what this node holds, by one short statement. On a busy machine a claim may take longer than the lease has left. A lease that has
// run out here is not renewed: while claims fail, nobody could take what this node does not use.
func (s *Supervisor) renew(ctx context.Context) error {
	if !s.env.shards.live() {
		return nil
	}
	lease := s.env.Lease
	ctx, cancel := context.WithTimeout(ctx, lease.Time/3)
	defer cancel()
	began := time.Now()
	renewed, err := s.env.DB.Renew(ctx, lease.Node.ID, lease.Time)
	if renewed {
		s.env.shards.extend(s.usable(began))
	}
	return err
}

// usable is until when a lease that was renewed at began may be used: a node stops using its shards before another one takes them.
func (s *Supervisor) usable(began time.Time) time.Time {
	return began.Add(s.env.Lease.Time - s.env.Lease.Time/6)
}

// claim renews the lease, and takes shards up to this node's share. It reports whether there is a new shard.
func (s *Supervisor) claim(ctx context.Context) (gained bool, err error) {
	if err := s.renew(ctx); err != nil {
		return false, s.claimFailed(ctx, err)
	}
	lease := s.env.Lease
	limited, cancel := context.WithTimeout(ctx, lease.Time/3)
	defer cancel()
	began := time.Now()
	held, share, err := s.env.DB.Claim(limited, lease.Node, s.env.Bus.Shards(), lease.Time)
	judges := false
	if err == nil && lease.Node.Has(db.CensorRole) {
		judges, err = s.env.DB.ClaimJudging(limited, lease.Node.ID)
	}
	if err != nil {
		return false, s.claimFailed(ctx, err)
	}
	keep, extra := held[:min(share, len(held))], held[min(share, len(held)):]
	if gained = s.env.shards.gains(keep); gained { // orders that were announced before are in the ledger only
		s.announced.hold()
	}
	if s.env.shards.set(keep, judges, s.usable(began)) {
		s.stopForeign()
	}
	if len(extra) > 0 {
		s.giveBack(ctx, extra)
	}
	return gained, nil
}

// claimFailed stops what this node must not run any more if its lease has run out, and returns err.
func (s *Supervisor) claimFailed(ctx context.Context, err error) error {
	if ctx.Err() == nil {
		s.env.Log.Error("cannot renew the lease of this node's shards; will retry", "err", err)
	}
	s.stopForeign()
	return err
}

// gained starts what runs in new shards.
func (s *Supervisor) gained(ctx context.Context) {
	if err := s.loadRevocations(ctx); err != nil && ctx.Err() == nil {
		s.env.Log.Error("cannot load revocations", "err", err)
	}
	s.refreshAll(ctx, func(string) bool { return true })
	s.readAgain()
}

// giveBack stops what runs in shards that belong to other nodes now, and releases them.
func (s *Supervisor) giveBack(ctx context.Context, extra []int) {
	s.mu.Lock()
	var last []*worker
	for k, w := range s.stopping {
		if slices.Contains(extra, s.env.Bus.Shard(k.city)) {
			last = append(last, w)
		}
	}
	s.mu.Unlock()
	for _, w := range last {
		<-w.ended
	}
	if err := s.env.DB.Release(ctx, s.env.Lease.Node.ID, extra); err != nil && ctx.Err() == nil {
		s.env.Log.Error("cannot release shards; will retry", "err", err)
	}
	s.announceShards()
}

// stopForeign stops the workers of cities that this node does not run any more.
func (s *Supervisor) stopForeign() {
	for _, member := range s.env.Directory.members {
		if accounts, known := s.env.Directory.of(member.Name); known {
			s.stopUnwanted(member.Name, accounts)
		}
	}
}

// leave gives all shards back when the program stops.
func (s *Supervisor) leave(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeTime)
	defer cancel()
	if err := s.env.DB.Leave(ctx, s.env.Lease.Node.ID); err != nil {
		s.env.Log.Warn("cannot give this node's shards back; they are free when its lease ends", "err", err)
	}
	s.announceShards()
}

// Lease is how a node shares the cities with others. One whose Node runs no accounts only says that it is there.
type Lease struct {
	Node db.Node       // without Until
	Time time.Duration // how long a node that has died keeps its shards; zero for 6 seconds
}
