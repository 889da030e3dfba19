// Package mastodon connects cities with Mastodon: mentions of the city's account are reports, and reports are boosted
// or posted as copies.
//
// The city's admin names the instance of the account; the bot registers an application there and logs in by OAuth. Mentions
// are read in one way only, by GET /api/v1/notifications from a stored position; the stream and a slow poll merely
// trigger that (recv.go). All calls go through one http.RoundTripper (transport.go), which adds what go-mastodon lacks:
// deadlines, idempotency keys, and an error instead of a sleep at a 429.
package mastodon

import (
	"context"
	"embed"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"gorm.io/gorm"

	"linienfunk/bots"
	"linienfunk/bots/chat"
	"linienfunk/bots/kit"
	"linienfunk/internal/secret"
)

//go:embed *.html locale.*.toml
var files embed.FS

// Plugin is this network.
func Plugin() bots.Plugin {
	return bots.Plugin{
		New: New, Migrations: migrations(), Options: options(), Files: kit.Files(files),
		Sealed: []secret.Column{
			{Table: "mastodon_accounts", Name: "token", Row: []string{"city"}},
			{Table: "mastodon_apps", Name: "secret", Row: []string{"instance"}},
			{Table: "mastodon_logins", Name: "verifier", Row: []string{"state"}},
			{Table: "mastodon_directs", Name: "content", Row: []string{"city", "key"}, Between: " "},
		},
		Limits: []string{
			"As many characters as the instance allows, usually 500.",
			"Private mentions by accounts that the city's account does not follow arrive by polling, within three minutes and for an hour after a mention within 15 seconds; servers without Mastodon's streams are only polled, every 15 seconds.",
			"Commands to run a city are direct messages to its account alone; so are the answers, in several posts if one is too short. GoToSocial knows no idempotency keys: after a crash an answer may come twice.",
			"Pixelfed can only boost: it accepts no posts without an image.",
			"Instances usually allow an account 300 calls in 5 minutes; the bot stays below that.",
		},
	}
}

// bot implements bots.Receiver, bots.Sender, bots.Retracter, bots.Public, chat.Network, places.Network and importing.Network.
type bot struct {
	kit.Bot[Account, Login, *Account, *Login]
	store      store
	recent     postedLately
	profiles   profileCache
	rateLimits rateLimits
	gates      gates
	stacks     deepStacks
	timing     timing
	commands   chat.Commands // of the cities
	runs       runs
	plain      bool // instances on loopback may be reached by http: in demo and tests only
}

// Accounts leaves out those on instances that the operator has blocked.
func (b *bot) Accounts(ctx context.Context) ([]bots.Account, error) {
	all, err := b.Bot.Accounts(ctx)
	return slices.DeleteFunc(all, func(a bots.Account) bool {
		return b.Core.Cities.ServerBlocked(a.Label[strings.LastIndexByte(a.Label, '@')+1:])
	}), err
}

// New makes the bot.
func New(core bots.Core) (bots.Bot, error) {
	base, err := url.Parse(core.BaseURL)
	if err != nil {
		return nil, fmt.Errorf("mastodon: base URL: %w", err)
	}
	b := &bot{
		Bot:      kit.NewBot[Account, Login](core, kit.Sealing{Account: "token", Login: "verifier", Purpose: "mastodon state"}, loginTime),
		store:    store{db: core.DB, box: core.Box, bot: core.Name, now: core.Now},
		plain:    base.Scheme == "http",
		timing:   defaultTiming(),
		stacks:   newDeepStacks(),
		commands: chat.None{},
	}
	b.Rows.OnConnect = func(tx *gorm.DB, row Account, old *Account) error {
		if old != nil && old.Instance == row.Instance && old.AccountID == row.AccountID {
			return nil
		}
		return deleteState(tx, row.City)
	}
	b.Rows.OnDisconnect = deleteState
	b.Pages = b.newPages()
	return b, nil
}

// deleteState deletes what belongs to a city's account and not to another one.
func deleteState(tx *gorm.DB, city string) error {
	if err := tx.Where("city = ?", city).Delete(&SeenMention{}).Error; err != nil {
		return err
	}
	return deleteDirects(tx, city)
}
