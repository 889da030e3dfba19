package newnetwork

import (
	"context"

	"linienfunk/bots/kit"
)

// Account is a row of newnetwork_accounts: Core.DB puts the network's name before the name of each table.
type Account struct {
	kit.Base
	Server string `gorm:"not null;uniqueIndex:idx_newnetwork_accounts_account"`
	Name   string `gorm:"size:64;not null;uniqueIndex:idx_newnetwork_accounts_account"`
	Token  []byte `gorm:"not null"` // sealed
	Cursor int64  `gorm:"not null"` // id of the last message that was handed in
}

// Sealed holds the token.
func (a *Account) Sealed() *[]byte { return &a.Token }

// Identity is the account on its server.
func (a *Account) Identity() map[string]any {
	return map[string]any{"server": a.Server, "name": a.Name}
}

// Inherit keeps the cursor if the same account is connected again.
func (a *Account) Inherit(old Account) {
	if old.Server == a.Server && old.Name == a.Name {
		a.Cursor = old.Cursor
	}
}

// Label names the account on pages.
func (a *Account) Label() string { return "@" + a.Name }

// Link is the account's page.
func (a *Account) Link() string { return a.Server + "/@" + a.Name }

// account returns the row of a city and a client for it.
func (b *bot) account(ctx context.Context, city string) (Account, client, error) {
	row, token, err := b.accounts.Load(ctx, city)
	return row, client{b.core.HTTP, row.Server, token}, err
}
