package supervisor

import (
	"context"
	"strings"
	"sync"
	"time"

	"linienfunk/bots"
	"linienfunk/bus"
	"linienfunk/db"
)

// changes collects the names of bots whose accounts have changed.
type changes struct {
	mu    sync.Mutex
	names map[string]bool
	more  chan struct{}
}

func newChanges() *changes { return &changes{names: map[string]bool{}, more: make(chan struct{}, 1)} }

// hint takes account.<bot>.<city>; a bot named _ stands for all.
func (c *changes) hint(subject string, _ []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.names[strings.Split(subject, ".")[1]] = true
	select {
	case c.more <- struct{}{}:
	default:
	}
}

// all marks all bots.
func (c *changes) all() { c.hint("account._._", nil) }

func (c *changes) take() map[string]bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	names := c.names
	c.names = map[string]bool{}
	return names
}

// AccountHint is the subject on which a change of a city's account in a network is made known; an empty bot means
// all of the city's accounts.
func AccountHint(bot, city string) string {
	if bot == "" {
		bot = "_"
	}
	return "account." + bot + "." + city
}

// follow refreshes the accounts of bots that changed, at once, and of all now and then.
func (s *Supervisor) follow(ctx context.Context, c *changes) {
	all, unknown := time.NewTicker(lookAround), time.NewTicker(lookAgain)
	defer all.Stop()
	defer unknown.Stop()
	for {
		var wanted func(name string) bool
		select {
		case <-ctx.Done():
			return
		case <-all.C:
			wanted = func(string) bool { return true }
		case <-unknown.C:
			wanted = func(name string) bool { _, known := s.env.Directory.of(name); return !known }
		case <-c.more:
			names := c.take()
			wanted = func(name string) bool { return names[name] || names["_"] }
		}
		s.refreshAll(ctx, wanted)
	}
}

// refreshAll refreshes the bots that are wanted, at the same time: one that hangs must not hold up the others.
func (s *Supervisor) refreshAll(ctx context.Context, wanted func(name string) bool) {
	var all sync.WaitGroup
	for _, member := range s.env.Directory.members {
		if wanted(member.Name) {
			all.Go(func() { s.refresh(ctx, member) })
		}
	}
	all.Wait()
}

// refresh makes the bot's processes those of its accounts.
func (s *Supervisor) refresh(ctx context.Context, member Member) {
	if err := s.env.Directory.Refresh(ctx, member.Name); err != nil {
		if ctx.Err() == nil {
			s.env.Log.Error("cannot list accounts; will try again", "bot", member.Name, "err", err)
		}
		return
	}
	accounts, _ := s.env.Directory.of(member.Name)
	s.stopUnwanted(member.Name, accounts)
	s.pardon(ctx, member.Name, accounts)
	left := s.startMissing(ctx, member, accounts)
	for _, msg := range left {
		s.discard(ctx, msg, db.Failed, notConnected)
	}
}

// stopUnwanted tells the processes to stop whose account is gone or has changed. It does not wait for them: one that is stuck
// must not hold up the others.
func (s *Supervisor) stopUnwanted(bot string, accounts map[string]bots.Account) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for k, p := range s.processes {
		if account, ok := accounts[k.city]; k.bot == bot && (!ok || account.Revision != p.account.Revision) {
			p.cancel()
			delete(s.processes, k)
			s.leaving[k] = p
			s.env.Log.Info("stopped", "city", k.city, "bot", k.bot)
		}
	}
}

// startMissing starts a process for each account that has none, and returns the orders of accounts that are gone.
func (s *Supervisor) startMissing(ctx context.Context, member Member, accounts map[string]bots.Account) []bus.Msg[bus.Order] {
	s.mu.Lock()
	defer s.mu.Unlock()
	for city, account := range accounts {
		k := key{city, member.Name}
		if _, halted := s.halted[k]; halted || s.processes[k] != nil {
			continue
		}
		if s.boxes[k] == nil {
			s.boxes[k] = newMailbox()
		}
		s.processes[k] = start(ctx, &s.env, member, account, s.boxes[k], s.over(k))
		s.env.Log.Info("started", "city", city, "bot", member.Name, "account", account.Label)
	}
	var left []bus.Msg[bus.Order]
	for k, box := range s.boxes {
		if k.bot == member.Name && s.processes[k] == nil {
			left = append(left, box.empty()...)
			delete(s.boxes, k)
		}
	}
	return left
}

// over returns a channel that is closed when no earlier process of the account is running any more.
func (s *Supervisor) over(k key) <-chan struct{} {
	if p, ok := s.leaving[k]; ok {
		return p.done
	}
	done := make(chan struct{})
	close(done)
	return done
}

// Status lists how a city's accounts do, in the order of the bots.
func (s *Supervisor) Status(city string) []Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []Status
	for _, member := range s.env.Directory.members {
		k := key{city, member.Name}
		if status, ok := s.halted[k]; ok {
			list = append(list, status)
			continue
		}
		p, ok := s.processes[k]
		if !ok {
			continue
		}
		status := p.status()
		if h, ok := s.listeners[member.Name]; ok {
			h.into(&status)
		}
		list = append(list, status)
	}
	return list
}
