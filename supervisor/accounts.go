package supervisor

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"linienfunk/bots"
	"linienfunk/bus"
	"linienfunk/db"
)

// changes collects the bots whose accounts have changed.
type changes struct {
	mu    sync.Mutex
	names map[string]bool
	more  chan struct{}
}

func newChanges() *changes { return &changes{names: map[string]bool{}, more: make(chan struct{}, 1)} }

// hint handles a message on account.<bot>.<city>; the bot "_" stands for all.
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

func (c *changes) drain() map[string]bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	names := c.names
	c.names = map[string]bool{}
	return names
}

// AccountHint returns the subject that announces a change of a city's account in a network; an empty bot means all of the city's
// accounts.
func AccountHint(bot, city string) string {
	if bot == "" {
		bot = "_"
	}
	return "account." + bot + "." + city
}

// followChanges refreshes changed accounts at once, those of bots that never listed theirs every two seconds, and all every minute.
func (s *Supervisor) followChanges(ctx context.Context, c *changes) {
	all, unknown := time.NewTicker(refreshInterval), time.NewTicker(unlistedInterval)
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
			names := c.drain()
			wanted = func(name string) bool { return names[name] || names["_"] }
		}
		s.refreshAll(ctx, wanted)
	}
}

// refreshAll refreshes the wanted bots concurrently, so that one that hangs does not delay the others.
func (s *Supervisor) refreshAll(ctx context.Context, wanted func(name string) bool) {
	var all sync.WaitGroup
	for _, member := range s.env.Directory.members {
		if wanted(member.Name) {
			all.Go(func() { s.refresh(ctx, member) })
		}
	}
	all.Wait()
}

// refresh starts and stops workers so that they match the bot's accounts.
func (s *Supervisor) refresh(ctx context.Context, member Member) {
	if err := s.env.Directory.Refresh(ctx, member.Name); err != nil {
		if ctx.Err() == nil {
			s.env.Log.Error("cannot list accounts; will retry", "bot", member.Name, "err", err)
		}
		return
	}
	accounts, _ := s.env.Directory.of(member.Name)
	s.stopUnwanted(member.Name, accounts)
	s.clearRevocations(ctx, member.Name, accounts)
	for _, o := range s.startMissing(ctx, member, accounts) {
		s.ending.add(o, db.Failed, notConnected)
	}
	s.dispatchUnplaced()
}

// stopUnwanted stops the workers whose account is gone, has a new revision, or begins or ends a pause. It does not wait for them, so that a stuck one does not
// delay the others.
func (s *Supervisor) stopUnwanted(bot string, accounts map[string]bots.Account) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for k, w := range s.workers {
		if account, ok := accounts[k.city]; k.bot == bot && (!ok || account.Revision != w.account.Revision || account.Paused != w.account.Paused || !s.env.runs(k.city)) {
			w.stop()
			delete(s.workers, k)
			s.stopping[k] = w
			s.env.Log.Info("stopped", "city", k.city, "bot", k.bot)
		}
	}
}

// startMissing starts a worker for each account that has none, and returns the queued orders of accounts that are gone.
func (s *Supervisor) startMissing(ctx context.Context, member Member, accounts map[string]bots.Account) []order {
	s.mu.Lock()
	defer s.mu.Unlock()
	for city, account := range accounts {
		k := key{city, member.Name}
		if _, revoked := s.revoked[k]; revoked || s.workers[k] != nil || !s.env.runs(city) {
			continue
		}
		if s.queues[k] == nil {
			s.queues[k] = newQueue()
		}
		s.workers[k] = startWorker(ctx, &s.env, member, account, s.queues[k], s.previousEnd(k))
		s.env.Log.Info("started", "city", city, "bot", member.Name, "account", account.Label)
	}
	var left []order
	for k, q := range s.queues {
		if k.bot == member.Name && s.workers[k] == nil {
			if s.env.runs(k.city) {
				left = append(left, q.empty()...)
			}
			delete(s.queues, k)
		}
	}
	return left
}

// previousEnd returns a channel that is closed once no earlier worker of the account runs.
func (s *Supervisor) previousEnd(k key) <-chan struct{} {
	if w, ok := s.stopping[k]; ok {
		return w.ended
	}
	done := make(chan struct{})
	close(done)
	return done
}

// statusTime is how long a page waits for the node that runs a city.
const statusTime = 500 * time.Millisecond

// Status returns the state of a city's accounts, in the order of the bots. Another node is asked if that runs them; without an answer
// there is none.
func (s *Supervisor) Status(city string) []Status {
	if s.env.runs(city) {
		return s.localStatus(city)
	}
	ctx, cancel := context.WithTimeout(context.Background(), statusTime)
	defer cancel()
	var list []Status
	if err := s.env.Bus.Request(ctx, statusSubject, city, &list); err != nil {
		s.env.Log.Warn("no node says how a city's accounts are", "city", city, "err", err)
	}
	return list
}

const statusSubject = "status"

// answerStatus answers other nodes about the cities that this one runs.
func (s *Supervisor) answerStatus(request bus.Request) {
	var city string
	if json.Unmarshal(request.Data, &city) != nil || !s.env.runs(city) {
		return
	}
	if data, err := json.Marshal(s.localStatus(city)); err == nil {
		_ = request.Respond(data) // fails with the connection, and then the request does, too
	}
}

// CountAccounts counts the accounts that this node runs, by network and state. It has all networks of the program that have accounts at all, and
// all states.
func (s *Supervisor) CountAccounts() map[string]map[State]int {
	counts := map[string]map[State]int{}
	for _, member := range s.env.Directory.members {
		counts[member.Name] = map[State]int{Starting: 0, Running: 0, Waiting: 0, Stuck: 0, Revoked: 0}
	}
	s.mu.Lock()
	for k := range s.revoked {
		if s.env.runs(k.city) {
			counts[k.bot][Revoked]++
		}
	}
	workers := slices.Collect(maps.Values(s.workers))
	s.mu.Unlock()
	for _, w := range workers {
		counts[w.member.Name][w.status().State]++
	}
	return counts
}

func (s *Supervisor) localStatus(city string) []Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []Status
	for _, member := range s.env.Directory.members {
		k := key{city, member.Name}
		if status, ok := s.revoked[k]; ok {
			list = append(list, status)
			continue
		}
		w, ok := s.workers[k]
		if !ok {
			continue
		}
		status := w.status()
		if h, ok := s.listeners[member.Name]; ok {
			h.mergeInto(&status)
		}
		list = append(list, status)
	}
	return list
}
