// Package telegram connects cities with Telegram: whoever writes to the city's bot reports, and whoever sent it /start
// gets the reports, as do the groups and channels that the city's admins confirmed.
//
// In: recv.go polls with an offset of our own or sets a webhook (hook.go); handle.go says what an update means, words.go
// what a text does. Answers to riders wait in a table and leave by answer.go, so that receiving never waits for
// sending. Out: send.go brings a report to the subscribers, pace.go keeps Telegram's limits. client.go makes the
// calls, without ever showing the token, which is part of their addresses.
package telegram

import (
	"context"
	"embed"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"time"

	"linienfunk/bots"
)

//go:embed *.html locale.*.toml
var files embed.FS

// Plugin is this network.
func Plugin() bots.Plugin {
	return bots.Plugin{
		New: New, Migrations: migrations(), Files: files, Options: options(),
		Config: []bots.ConfigKey{
			{Name: "webhook", Default: "auto", Help: "on: Telegram calls us (base_url must be https and reachable); off: we ask Telegram; auto: it calls us if base_url is https and it gets through"},
			{Name: "api", Default: "https://api.telegram.org", Help: "address of the Bot API, for a server of your own"},
		},
		Limits: []string{
			"4,096 characters (UTF-16 units).",
			"About 30 messages a second and bot, one a second and chat, 20 a minute and group; the bot stays below.",
			"Telegram knows no idempotency keys: after a crash, whoever was just being served may get a report twice.",
			"Channels carry reports and are not read; pictures, voice and files are answered and not kept.",
		},
	}
}

// maxAnswer is the length of a text that a city writes for an answer, in characters; it fits into one message.
const maxAnswer = 1000

// options are two switches, and the city's own words for the bot's answers; an empty one means ours.
func options() []bots.Option {
	all := []bots.Option{
		{Name: "enabled", Kind: bots.Switch, Default: true},
		{Name: "group_all", Kind: bots.Switch, Default: false},
	}
	for _, kind := range answers {
		all = append(all, bots.Option{Name: kind, Kind: bots.Text, Default: "", Max: maxAnswer})
	}
	return all
}

// Bot implements bots.Receiver, bots.Listener, bots.Broadcaster and bots.Public.
type Bot struct {
	core   bots.Core
	store  store
	limits limits
	api    string      // without a slash at the end
	hooks  bool        // Telegram calls us
	mayAsk bool        // if it does not get through, we ask it instead
	intake bots.Intake // of what Listen got

	started time.Time

	mu    sync.Mutex
	paces map[string]*pace // by city
	// unreached are cities whose webhook Telegram did not reach, since the program has started.
	unreached map[string]bool
}

var (
	_ bots.Receiver    = (*Bot)(nil)
	_ bots.Listener    = (*Bot)(nil)
	_ bots.Broadcaster = (*Bot)(nil)
	_ bots.Public      = (*Bot)(nil)
)

// limits is what the bot keeps to. Tests change it.
type limits struct {
	gap    time.Duration // between two messages of one bot
	chat   time.Duration // between two messages to one chat
	group  int           // messages to one group ...
	window time.Duration // ... within this time
	quiet  time.Duration // after a start, since nobody knows what was sent just before

	call     time.Duration // for one call
	poll     time.Duration // how long Telegram may hold a call back when there is no update
	linger   time.Duration // what calls under way may take when a page of a broadcast has to end
	inFlight int           // messages of a broadcast that may wait for Telegram's answer, at most
	page     int           // subscribers in one call of SendPage
	look     time.Duration // between looks for answers to send that nobody told us of, and at the webhook
}

// realLimits keeps a little below what Telegram allows: "about 30 messages a second", one a second to one chat, 20 a
// minute to one group (https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this). What leaves here
// evenly arrives there a little less so. poll stays below the 30 seconds that Core.HTTP waits for the head of an answer.
func realLimits() limits {
	return limits{
		gap: time.Second / 29, chat: 1100 * time.Millisecond, group: 19, window: time.Minute, quiet: 1100 * time.Millisecond,
		call: 15 * time.Second, poll: 25 * time.Second, linger: 3 * time.Second, inFlight: 8, page: 500, look: 30 * time.Second,
	}
}

// New makes the bot.
func New(core bots.Core) (bots.Bot, error) {
	api, err := url.Parse(core.Config["api"])
	if err != nil || api.Host == "" || api.Scheme != "https" && api.Scheme != "http" || api.RawQuery != "" {
		return nil, fmt.Errorf("bots.%s.api is no address", core.Name)
	}
	how := core.Config["webhook"]
	if how != "on" && how != "off" && how != "auto" {
		return nil, fmt.Errorf("bots.%s.webhook must be on, off or auto", core.Name)
	}
	public := strings.HasPrefix(core.BaseURL, "https://")
	if how == "on" && !public {
		core.Log.Warn("bots." + core.Name + ".webhook is on, but base_url is not https: asking Telegram instead")
	}
	return &Bot{
		core: core, store: store{db: core.DB, box: core.Box, now: core.Now}, limits: realLimits(),
		api: strings.TrimSuffix(api.String(), "/"), hooks: public && how != "off", mayAsk: how == "auto",
		started: core.Now(), paces: map[string]*pace{}, unreached: map[string]bool{},
	}, nil
}

// Accounts lists the bots that are switched on, of active cities.
func (b *Bot) Accounts(ctx context.Context) ([]bots.Account, error) {
	rows, err := b.store.accounts(ctx)
	if err != nil {
		return nil, err
	}
	var accounts []bots.Account
	for _, row := range rows {
		_, open, err := b.open(ctx, row.City)
		if err != nil {
			return nil, err
		}
		if open {
			accounts = append(accounts, bots.Account{City: row.City, Revision: row.Revision, Label: row.Label()})
		}
	}
	return accounts, nil
}

// open returns the city, and whether it is active and has its bot switched on.
func (b *Bot) open(ctx context.Context, name string) (bots.City, bool, error) {
	city, ok, err := b.core.Cities.City(ctx, name)
	if err != nil {
		return city, false, fmt.Errorf("look up city: %w", err)
	}
	return city, ok && city.Active && city.Options.On("enabled"), nil
}

// pace is that of a city's bot, shared by broadcasts and answers.
func (b *Bot) pace(city string) *pace {
	b.mu.Lock()
	defer b.mu.Unlock()
	p := b.paces[city]
	if p == nil {
		p = newPace(b.core.Now, b.limits)
		p.until = b.started.Add(b.limits.quiet)
		b.paces[city] = p
	}
	return p
}
