// Package external connects cities with a network that runs elsewhere: a program in any language, which hands in reports and gets those of other
// networks over NATS. docs/report-protocol.md is all that its author has to read.
//
// The program is not trusted. The city is that of its credentials; what it sends is read strictly (handed_in.go), and every message is
// answered (receive.go). Deliveries have no queue of their own: Send waits for the program's answer, and the ledger remembers (send.go).
package external

import (
	"context"
	"embed"
	"strings"

	"github.com/go-gormigrate/gormigrate/v2"
	"gorm.io/gorm"

	"linienfunk/bots"
	"linienfunk/bots/kit"
	"linienfunk/bus/programs"
	"linienfunk/internal/limits"
	"linienfunk/internal/secret"
)

//go:embed *.html locale.*.toml
var files embed.FS

// Plugin describes the network.
func Plugin() bots.Plugin {
	return bots.Plugin{
		New: New, Migrations: migrations(), Files: kit.Files(files),
		Sealed:  []secret.Column{{Table: "external_accounts", Name: "hash", Row: []string{"city"}}},
		Options: []bots.Option{{Name: kit.Enabled, Kind: bots.Switch, Default: true}},
		Limits: []string{
			"One program for each city; several instances of it may run.",
			"The operator sets nats.listen, or bots.external.address with nats.url.",
			"600 reports at once, then 10 a second; 32 KB a message.",
			"An edited message changes nothing.",
			"A program may get a report more than once, always under the same id.",
		},
		Config: []bots.ConfigKey{{Name: "address", Help: "where cities' programs connect, such as tls://nats.example.org:4222; required with nats.url, " +
			"whose servers need the users that linienfunk nats permissions prints; else empty for the port nats.listen at the host of base_url"}},
		CheckConfig: checkConfig,
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
	programs programs.Service

	reports, floods, kicks, logins *limits.Limiter
	seen                           seen
	timing                         timing
}

var (
	_ bots.Listener    = (*bot)(nil)
	_ bots.Sender      = (*bot)(nil)
	_ bots.Retracter   = (*bot)(nil)
	_ bots.Editor      = (*bot)(nil)
	_ programs.Network = (*bot)(nil)
)

// New makes the bot.
func New(core bots.Core) (bots.Bot, error) {
	b := &bot{
		core:     core,
		accounts: kit.Accounts[Account, *Account]{DB: core.DB, Box: core.Box, Table: core.Name + "_accounts", Column: "hash"},
		reports:  core.Limits.New("external.reports", reportRate),
		floods:   core.Limits.New("external.floods", floodRate),
		kicks:    core.Limits.New("external.kicks", kickRate),
		logins:   core.Limits.New("external.logins", loginRate),
		timing:   defaultTiming(),
	}
	b.pages = b.newPages()
	return b, nil
}

// UsePrograms implements programs.Network.
func (b *bot) UsePrograms(s programs.Service) error {
	b.programs = s
	return nil
}

// Accounts lists the accounts of active cities in which the network is enabled. There are none while programs cannot connect.
func (b *bot) Accounts(ctx context.Context) ([]bots.Account, error) {
	if !b.ready() {
		return nil, nil
	}
	accounts, err := b.accounts.Running(ctx, b.core.Cities)
	for i := range accounts {
		accounts[i].SendOnly = true // what comes, Listen gets
	}
	return accounts, err
}

// ready reports whether the operator lets programs connect.
func (b *bot) ready() bool { return b.programs.On() && b.address() != "" }

// user is the name of a city's program for NATS.
func user(city, name string) string { return city + "." + name }

// splitUser is the inverse of user.
func splitUser(user string) (city, name string, ok bool) {
	city, name, ok = strings.Cut(user, ".")
	return city, name, ok && city != "" && name != ""
}
