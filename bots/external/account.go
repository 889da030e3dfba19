package external

import (
	"context"
	"sync"
	"time"

	"linienfunk/bots/kit"
	"linienfunk/bus/programs"
)

// Account is a row of external_accounts: the program of a city.
type Account struct {
	kit.Base
	Name      string     `gorm:"size:32;not null"`
	Hash      []byte     `gorm:"not null"` // of the password, bcrypt; sealed
	SeenAt    *time.Time // when the program handed something in, or took something
	CreatedAt time.Time
}

// Sealed holds the hash of the password.
func (a *Account) Sealed() *[]byte { return &a.Hash }

// Identity is the program's name.
func (a *Account) Identity() map[string]any { return map[string]any{"name": a.Name} }

// Inherit keeps when the same program was seen.
func (a *Account) Inherit(old Account) {
	a.CreatedAt = old.CreatedAt
	if a.Name == old.Name {
		a.SeenAt = old.SeenAt
	}
}

// Label names the program on pages.
func (a *Account) Label() string { return a.Name }

// Link is empty: a program has no page.
func (a *Account) Link() string { return "" }

// Users implements programs.Network.
func (b *bot) Users(ctx context.Context) ([]programs.User, error) {
	rows, err := b.accounts.List(ctx)
	if err != nil {
		return nil, err
	}
	var users []programs.User
	for _, row := range rows {
		_, hash, err := b.accounts.Load(ctx, row.City)
		if err != nil {
			return nil, err
		}
		users = append(users, programs.User{Name: user(row.City, row.Name), Hash: hash})
	}
	return users, nil
}

// seenEvery is how exactly it is stored when a program was there.
const seenEvery = time.Minute

// seen knows when it was last stored that a program was there.
type seen struct {
	mu sync.Mutex
	at map[string]time.Time // by user
}

// sawProgram notes that a city's program is there.
func (b *bot) sawProgram(ctx context.Context, row Account) {
	now := b.core.Now()
	if !b.seen.due(user(row.City, row.Name), now) {
		return
	}
	if err := b.accounts.Update(ctx, row, map[string]any{"seen_at": now}); err != nil {
		b.core.Log.Warn("cannot store when a program was there", "city", row.City, "err", err)
	}
}

func (s *seen) due(user string, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if last, ok := s.at[user]; ok && now.Sub(last) < seenEvery && !now.Before(last) {
		return false
	}
	if s.at == nil {
		s.at = map[string]time.Time{}
	}
	s.at[user] = now
	return true
}
