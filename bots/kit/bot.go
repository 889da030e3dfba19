package kit

import (
	"context"
	"sync"
	"time"

	"linienfunk/bots"
)

// Bot is what a network embeds whose cities connect accounts by a login in the browser: A is the row of an account, L that of a login.
type Bot[A, L any, P Row[A], Q LoginRow[L]] struct {
	Core   bots.Core
	Rows   Accounts[A, P]
	Logins Logins[L, Q]
	Pages  Pages[A, P] // made by the network, since they call its methods
}

// Sealing says how a network seals its secrets. All of it is bound into what is sealed: renaming any makes that unreadable.
type Sealing struct {
	Account, Login string // the sealed columns of accounts and logins
	Purpose        string // of the digests of logins, see Logins.Purpose
}

// NewBot makes a Bot without its Pages. Logins may take as long as lifetime.
func NewBot[A, L any, P Row[A], Q LoginRow[L]](core bots.Core, s Sealing, lifetime time.Duration) Bot[A, L, P, Q] {
	return Bot[A, L, P, Q]{
		Core:   core,
		Rows:   Accounts[A, P]{DB: core.DB, Box: core.Box, Table: core.Name + "_accounts", Column: s.Account, kept: &sync.Map{}, listed: &listed{}},
		Logins: Logins[L, Q]{Core: core, Purpose: s.Purpose, Column: s.Login, Lifetime: lifetime},
	}
}

// Accounts lists the accounts that are switched on, of active cities.
func (b *Bot[A, L, P, Q]) Accounts(ctx context.Context) ([]bots.Account, error) {
	return b.Rows.Running(ctx, b.Core.Cities)
}

// Leave implements ending.Leaver.
func (b *Bot[A, L, P, Q]) Leave(ctx context.Context, city string) error {
	return b.Pages.Leave(ctx, city)
}
