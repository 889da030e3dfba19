package supervisor

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"linienfunk/bots"
)

// Member is a bot under its name.
type Member struct {
	Name string
	bots.Bot
}

// accountsTime is how long a bot may take to list its accounts.
const accountsTime = 10 * time.Second

// Directory knows which city has connected which network. It asks the bots when something changed, and answers from
// memory.
type Directory struct {
	members []Member

	mu       sync.RWMutex
	accounts map[string]map[string]bots.Account // by bot, by city
}

// NewDirectory makes a Directory of bots. It knows no account until Refresh.
func NewDirectory(members []Member) *Directory {
	return &Directory{members: members, accounts: map[string]map[string]bots.Account{}}
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

// Refresh asks one bot for its accounts. After an error, or when there is no answer in 10 seconds, the Directory stays as it
// was.
func (d *Directory) Refresh(ctx context.Context, name string) error {
	i := slices.IndexFunc(d.members, func(m Member) bool { return m.Name == name })
	if i < 0 {
		return fmt.Errorf("refresh accounts: no bot %q", name)
	}
	ctx, cancel := context.WithTimeout(ctx, accountsTime)
	defer cancel()
	list, err := guard(ctx, 0, d.members[i].Accounts)
	if err != nil {
		return fmt.Errorf("refresh accounts of %s: %w", name, err)
	}
	accounts := make(map[string]bots.Account, len(list))
	for _, account := range list {
		accounts[account.City] = account
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.accounts[name] = accounts
	return nil
}

// Bots lists the bots that a city has connected and that carry reports, in the order of the members. One that has not
// answered yet is among them: it may be connected.
func (d *Directory) Bots(city string) []string {
	d.mu.RLock()
	defer d.mu.RUnlock()
	var names []string
	for _, member := range d.members {
		accounts, known := d.accounts[member.Name]
		if _, ok := accounts[city]; carries(member.Bot) && (ok || !known) {
			names = append(names, member.Name)
		}
	}
	return names
}

func carries(bot bots.Bot) bool {
	switch bot.(type) {
	case bots.Sender, bots.Broadcaster:
		return true
	}
	return false
}

// has says whether there is a bot of that name in the program.
func (d *Directory) has(name string) bool {
	return slices.ContainsFunc(d.members, func(m Member) bool { return m.Name == name })
}

// of returns a bot's accounts by city; the map must not be changed. known is false as long as the bot never answered.
func (d *Directory) of(name string) (accounts map[string]bots.Account, known bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	accounts, known = d.accounts[name]
	return accounts, known
}
