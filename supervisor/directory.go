package supervisor

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"linienfunk/bots"
)

// Member is a bot with its name.
type Member struct {
	Name string
	bots.Bot
}

// accountsTime is the deadline of one call of Accounts.
const accountsTime = 10 * time.Second

// Directory knows in memory which city has connected which network.
type Directory struct {
	members []Member

	mu       sync.RWMutex
	accounts map[string]map[string]bots.Account // by bot, by city
	listed   chan struct{}                      // closed once all bots have listed their accounts
	resting  map[string]bool                    // cities that do not run
	resuming map[string]*resumption             // by city
}

// resumption is a city that runs again, some of whose accounts are not listed yet.
type resumption struct {
	at   time.Time
	left map[string]bool // the bots that have not listed their accounts since
}

// NewDirectory returns a Directory of bots that knows no account until Refresh.
func NewDirectory(members []Member) *Directory {
	d := &Directory{members: members, accounts: map[string]map[string]bots.Account{}, listed: make(chan struct{}), resting: map[string]bool{}, resuming: map[string]*resumption{}}
	if len(members) == 0 {
		close(d.listed)
	}
	return d
}

// Members lists the bots.
func (d *Directory) Members() []Member { return d.members }

// Bot returns the bot of that name, or nil.
func (d *Directory) Bot(name string) bots.Bot {
	for _, member := range d.members {
		if member.Name == name {
			return member.Bot
		}
	}
	return nil
}

// Runs is called when a city may have been stopped or may run again, before its accounts are listed because of that.
func (d *Directory) Runs(city string, runs bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case !runs:
		d.resting[city] = true
		delete(d.resuming, city)
	case d.resting[city]:
		delete(d.resting, city)
		left := map[string]bool{}
		for _, member := range d.members {
			left[member.Name] = true
		}
		d.resuming[city] = &resumption{time.Now(), left}
	}
}

// Resuming reports whether a city runs again and Bots may not name all of its bots yet, for ten seconds at most.
func (d *Directory) Resuming(city string) bool {
	d.mu.RLock()
	defer d.mu.RUnlock()
	r := d.resuming[city]
	return r != nil && time.Since(r.at) < accountsTime
}

// begun returns the cities that have resumed before a bot is asked for its accounts.
func (d *Directory) begun() []*resumption {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return slices.Collect(maps.Values(d.resuming))
}

// listedSince notes that a bot has listed its accounts after cities had resumed.
func (d *Directory) listedSince(name string, begun []*resumption) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, r := range begun {
		delete(r.left, name)
	}
	maps.DeleteFunc(d.resuming, func(_ string, r *resumption) bool { return len(r.left) == 0 })
}

// Refresh reads the accounts of one bot. After an error, or a timeout of 10 seconds, the known accounts stay.
func (d *Directory) Refresh(ctx context.Context, name string) error {
	i := slices.IndexFunc(d.members, func(m Member) bool { return m.Name == name })
	if i < 0 {
		return fmt.Errorf("refresh accounts: no bot %q", name)
	}
	ctx, cancel := context.WithTimeout(ctx, accountsTime)
	defer cancel()
	begun := d.begun()
	list, err := runCall(ctx, 0, d.members[i].Accounts)
	if err != nil {
		return fmt.Errorf("refresh accounts of %s: %w", name, err)
	}
	defer d.listedSince(name, begun)
	known, again := d.of(name)
	if again && same(known, list) {
		return nil
	}
	accounts := make(map[string]bots.Account, len(list))
	for _, account := range list {
		accounts[account.City] = account
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	_, again = d.accounts[name]
	d.accounts[name] = accounts
	if !again && len(d.accounts) == len(d.members) {
		close(d.listed)
	}
	return nil
}

// same reports whether a bot has listed the accounts that are known, as it does nearly every minute.
func same(known map[string]bots.Account, list []bots.Account) bool {
	return len(known) == len(list) && !slices.ContainsFunc(list, func(a bots.Account) bool { return known[a.City] != a })
}

// WaitListed returns once all bots have listed their accounts, after 10 seconds, or when ctx ends. Until then Bots may name networks that a
// city never had.
func (d *Directory) WaitListed(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, accountsTime)
	defer cancel()
	select {
	case <-d.listed:
	case <-ctx.Done():
	}
}

// Bots lists the bots through which a city's reports are sent, in the order of the members. It includes bots that have not listed their
// accounts yet, because the city may have connected them, and leaves out those to which nothing is sent.
func (d *Directory) Bots(city string) []string {
	d.mu.RLock()
	defer d.mu.RUnlock()
	var names []string
	for _, member := range d.members {
		accounts, known := d.accounts[member.Name]
		if account, ok := accounts[city]; sends(member.Bot) && (ok && !account.NoReaders && !account.Paused || !known) {
			names = append(names, member.Name)
		}
	}
	return names
}

func sends(bot bots.Bot) bool {
	switch bot.(type) {
	case bots.Sender, bots.Broadcaster:
		return true
	}
	return false
}

// AccessEnds returns when the first of a bot's accounts loses its access, in all cities; false if none of them ever does, or is known to.
func (d *Directory) AccessEnds(name string) (first time.Time, ok bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	for _, account := range d.accounts[name] {
		if end := account.AccessEnds; !end.IsZero() && (!ok || end.Before(first)) {
			first, ok = end, true
		}
	}
	return first, ok
}

// has reports whether the program has a bot of that name.
func (d *Directory) has(name string) bool {
	return slices.ContainsFunc(d.members, func(m Member) bool { return m.Name == name })
}

// of returns a bot's accounts by city; the map must not be changed. known is false until the bot has listed them once.
func (d *Directory) of(name string) (accounts map[string]bots.Account, known bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	accounts, known = d.accounts[name]
	return accounts, known
}
