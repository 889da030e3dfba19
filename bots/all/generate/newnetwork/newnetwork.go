// Package newnetwork connects cities with Newnetwork: messages of riders to a city's account are reports, and reports from other networks
// are posted by that account.
package newnetwork

import (
	"context"
	"embed"

	"github.com/go-gormigrate/gormigrate/v2"
	"gorm.io/gorm"

	"linienfunk/bots"
	"linienfunk/bots/kit"
	"linienfunk/internal/secret"
)

//go:embed *.html locale.*.toml
var files embed.FS

// Plugin describes the network.
func Plugin() bots.Plugin {
	return bots.Plugin{
		New: New, Migrations: migrations(), Files: kit.Files(files),
		Sealed:  []secret.Column{{Table: "newnetwork_accounts", Name: "token", Row: []string{"city"}}},
		Options: []bots.Option{{Name: kit.Enabled, Kind: bots.Switch, Default: true}},
		Limits: []string{
			"500 characters a message.",
		},
	}
}

// migrations create the tables. Never change one that was released: add another, with its own copy of the types as they are then.
func migrations() []*gormigrate.Migration {
	return []*gormigrate.Migration{{
		ID:      "1-accounts",
		Migrate: func(tx *gorm.DB) error { return tx.AutoMigrate(&Account{}) },
	}}
}

type bot struct {
	core     bots.Core
	accounts kit.Accounts[Account, *Account]
	pages    kit.Pages[Account, *Account]
}

var (
	_ bots.Receiver  = (*bot)(nil)
	_ bots.Sender    = (*bot)(nil)
	_ bots.Retracter = (*bot)(nil)
	_ bots.Public    = (*bot)(nil)
)

// New makes the bot.
func New(core bots.Core) (bots.Bot, error) {
	b := &bot{
		core:     core,
		accounts: kit.Accounts[Account, *Account]{DB: core.DB, Box: core.Box, Table: core.Name + "_accounts", Column: "token"},
	}
	b.pages = kit.Pages[Account, *Account]{Core: core, Accounts: b.accounts, Connect: b.connect, Check: b.check}
	return b, nil
}

// Accounts lists the accounts of active cities in which the network is enabled.
func (b *bot) Accounts(ctx context.Context) ([]bots.Account, error) {
	return b.accounts.Running(ctx, b.core.Cities)
}
