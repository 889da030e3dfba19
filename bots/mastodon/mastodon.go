// Package mastodon connects cities with Mastodon: mentions of the city's account are reports, and reports are boosted
// or posted as copies.
//
// The account lives on an instance that the city's admin names; login is OAuth with an application that is registered
// there on the spot. Reading follows one path only, GET /api/v1/notifications from a stored position; the stream and
// a slow poll merely say when to look (recv.go). Everything that leaves goes through one http.RoundTripper
// (transport.go), which gives go-mastodon what it lacks: deadlines, idempotency keys, and no sleeping on 429.
package mastodon

import (
	"context"
	"embed"
	"fmt"
	"math/rand/v2"
	"net/url"
	"time"

	"linienfunk/bots"
	"linienfunk/bots/kit"
)

//go:embed *.html locale.*.toml
var files embed.FS

// Plugin is this network.
func Plugin() bots.Plugin {
	return bots.Plugin{
		New: New, Migrations: migrations(), Options: options(), Files: kit.Files(files),
		Limits: []string{
			"As many characters as the instance allows, usually 500.",
			"Private mentions by strangers come by a look every 15 seconds; servers without Mastodon's streams are only looked at.",
			"Pixelfed can only boost: it takes no posts without a picture.",
			"300 calls in 5 minutes and account, usually; the bot stays below.",
		},
	}
}

// bot implements bots.Receiver, bots.Sender, bots.Retracter and bots.Public.
type bot struct {
	core     bots.Core
	accounts kit.Accounts[Account, *Account]
	logins   kit.Logins[Login, *Login]
	pages    kit.Pages[Account, *Account]
	store    store
	dialects dialectCache
	pauses   pauses
	pace     pace
	plain    bool // instances on loopback may be reached by http: in demo and tests only
}

// pace is how long the bot waits for what. Tests shorten it.
type pace struct {
	call     time.Duration // for the whole answer to one call
	idle     time.Duration // for the next byte of a stream; Mastodon sends a heartbeat every 15 s
	poll     time.Duration // between looks without any sign from the stream
	watch    time.Duration // between looks at a mention that was spread
	self     time.Duration // between looks at the account itself
	pauseMin time.Duration // before a stream is opened again, growing ...
	pauseMax time.Duration // ... up to this
	gap      time.Duration // between calls in the long run: instances allow 300 in 5 minutes
	burst    int           // calls that need not keep the gap
}

// New makes the bot.
func New(core bots.Core) (bots.Bot, error) {
	base, err := url.Parse(core.BaseURL)
	if err != nil {
		return nil, fmt.Errorf("mastodon: base URL: %w", err)
	}
	b := &bot{
		core:     core,
		accounts: kit.Accounts[Account, *Account]{DB: core.DB, Box: core.Box, Table: core.Name + "_accounts", Column: "token"},
		logins:   kit.Logins[Login, *Login]{Core: core, Purpose: "mastodon state", Column: "verifier", Lifetime: loginTime},
		store:    store{db: core.DB, box: core.Box, bot: core.Name, now: core.Now},
		plain:    base.Scheme == "http",
		pace: pace{
			call: 30 * time.Second, idle: 2 * time.Minute, poll: 15 * time.Second, watch: time.Minute, self: 6 * time.Hour,
			pauseMin: time.Second, pauseMax: 5 * time.Minute, gap: 1500 * time.Millisecond, burst: 20,
		},
	}
	b.pages = b.newPages()
	return b, nil
}

// Accounts lists the accounts that are switched on, of active cities.
func (b *bot) Accounts(ctx context.Context) ([]bots.Account, error) {
	return b.accounts.Running(ctx, b.core.Cities)
}

// jitter spreads d by a half in both directions, so that a restarted instance is not met by all cities at once.
func jitter(d time.Duration) time.Duration { return d/2 + rand.N(d+1) }

var (
	_ bots.Receiver  = (*bot)(nil)
	_ bots.Sender    = (*bot)(nil)
	_ bots.Retracter = (*bot)(nil)
	_ bots.Public    = (*bot)(nil)
)
