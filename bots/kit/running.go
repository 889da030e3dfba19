package kit

import (
	"context"
	"fmt"
	"sync"

	"linienfunk/bots"
)

// Running returns the accounts for Bot.Accounts: those of cities that have the network switched on, and are active or run from a chat of it.
func (t Accounts[A, P]) Running(ctx context.Context, cities bots.Cities) ([]bots.Account, error) {
	all, err := t.all(ctx)
	if err != nil {
		return nil, err
	}
	var chats map[string]bool // read if a city is paused
	running := make([]bots.Account, 0, len(all))
	for _, account := range all {
		city, ok, err := cities.City(ctx, account.City)
		if err != nil {
			return nil, fmt.Errorf("read city: %w", err)
		}
		if !ok || !city.Options.On(Enabled) {
			continue
		}
		if account.Paused = !city.Active; account.Paused && chats == nil {
			if chats, err = t.chats(ctx); err != nil {
				return nil, err
			}
		}
		if city.Active || chats[city.Name] {
			running = append(running, account)
		}
	}
	return running, nil
}

func (t Accounts[A, P]) chats(ctx context.Context) (map[string]bool, error) {
	if t.Chats == nil {
		return map[string]bool{}, nil
	}
	return t.Chats(ctx)
}

// listed remembers the accounts that were listed last, by city: they are listed every minute, and change rarely.
type listed struct {
	mu     sync.Mutex
	byCity map[string]bots.Account
}

// all returns all accounts by city. It reads only their revisions if none has changed: the label is another one only with a new revision, see
// Update and Renew.
func (t Accounts[A, P]) all(ctx context.Context) ([]bots.Account, error) {
	if t.listed == nil {
		return t.listAll(ctx)
	}
	t.listed.mu.Lock()
	defer t.listed.mu.Unlock()
	all, err := t.listKnown(ctx)
	if err != nil || all != nil {
		return all, err
	}
	if all, err = t.listAll(ctx); err != nil {
		return nil, err
	}
	t.listed.byCity = make(map[string]bots.Account, len(all))
	for _, account := range all {
		t.listed.byCity[account.City] = account
	}
	return all, nil
}

// listKnown returns all accounts by city, or nil if one is not remembered. t.listed.mu is held.
func (t Accounts[A, P]) listKnown(ctx context.Context) ([]bots.Account, error) {
	rows, err := t.DB.WithContext(ctx).Model(new(A)).Select("city", "revision").Order("city").Rows()
	if err != nil {
		return nil, wrap("list accounts", err)
	}
	defer rows.Close()
	all := make([]bots.Account, 0, len(t.listed.byCity))
	for rows.Next() {
		var base Base
		if err := rows.Scan(&base.City, &base.Revision); err != nil {
			return nil, wrap("list accounts", err)
		}
		account, known := t.listed.byCity[base.City]
		if !known || account.Revision != base.Revision {
			return nil, nil
		}
		all = append(all, account)
	}
	return all, wrap("list accounts", rows.Err())
}

// listAll returns all accounts by city, from their whole rows.
func (t Accounts[A, P]) listAll(ctx context.Context) ([]bots.Account, error) {
	rows, err := t.List(ctx)
	all := make([]bots.Account, len(rows))
	for i := range rows {
		row := P(&rows[i])
		all[i] = bots.Account{City: row.base().City, Revision: row.base().Revision, Label: row.Label()}
	}
	return all, err
}
