// Package telegram connects cities with Telegram. Messages to a city's bot are reports. Chats that sent it /start get the
// city's reports, as do the groups and channels that the city's admins confirmed.
//
// Receiving: recv.go polls for updates or sets a webhook; messages.go decides what a message means. Replies to riders wait in a
// table (replies.go), so that receiving never waits for sending. Sending: send.go broadcasts a report in pages, within the
// rates of rate_limit.go. client.go calls the Bot API and keeps the token, which is part of its URLs, out of errors and logs.
// README.md lists the files in order: each uses those below it.
package telegram

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"linienfunk/bots"
	"linienfunk/bots/chat"
	"linienfunk/bots/kit"
	"linienfunk/bots/places"
	"linienfunk/internal/secret"
)

//go:embed *.html locale.*.toml
var files embed.FS

// Plugin describes this network.
func Plugin() bots.Plugin {
	return bots.Plugin{
		New: New, Migrations: migrations(), Files: kit.Files(files), Options: options(),
		Sealed: []secret.Column{
			{Table: "telegram_accounts", Name: "token", Row: []string{"city"}},
			{Table: "telegram_subscribers", Name: "chat", Row: []string{"city", "person"}, Between: "/"},
			{Table: "telegram_subscribers", Name: "title", Row: []string{"city", "person"}, Between: "/"},
			{Table: "telegram_subscribers", Name: "interest", Row: []string{"city", "person"}, Between: "/"},
			{Table: "telegram_answers", Name: "chat", Row: []string{"city", "person"}, Between: "/", CellTable: "telegram_subscribers"},
			{Table: "telegram_answers", Name: "text", Row: []string{"city", "person", "kind"}, Between: "/"},
			{Table: "telegram_queued_reports", Name: "text", Row: []string{"city", "report"}, Between: "/"},
		},
		Config: []bots.ConfigKey{
			{Name: "webhook", Default: "auto", Help: "on: Telegram calls a webhook (base_url must be https and reachable); off: the program polls; auto: a webhook if base_url is https and Telegram can reach it, otherwise polling"},
			{Name: "api", Default: "https://api.telegram.org", Help: "URL of the Bot API, for a server of your own"},
		},
		CheckConfig: checkConfig,
		Limits: []string{
			"4,096 characters (UTF-16 units).",
			"About 30 messages a second per bot, one a second per chat, 20 a minute per group; the bot stays below.",
			"Telegram has no idempotency keys: after a crash, subscribers whose message was in flight may get a report twice.",
			"A group at its limit, or in slow mode, gets its reports later, as long as they are fresh. Retracting a report cancels what waits; sent messages stay.",
			"When more people report the same, or it is over, messages in groups and channels are edited; those in private chats stay.",
			"Commands to run a city work in private chats only. An answer that cannot be sent for a day is dropped.",
			"Bots cannot list chats or topics: the list of places has the groups and channels that have added the bot since it was connected.",
			"Channels carry reports and are not read; pictures, voice messages and files get a reply and are not stored.",
		},
	}
}

// maxReply is the maximum length of a reply that a city writes, in characters; it fits into one message.
const maxReply = 1000

// options are two switches, and the city's own texts for the bot's replies; an empty one means the default text.
func options() []bots.Option {
	all := []bots.Option{
		{Name: kit.Enabled, Kind: bots.Switch, Default: true},
		{Name: "group_all", Kind: bots.Switch, Default: false},
	}
	for _, kind := range replyKinds {
		all = append(all, bots.Option{Name: kind, Kind: bots.Text, Default: "", Max: maxReply})
	}
	return all
}

// checkConfig returns the key whose value cannot work, and why.
func checkConfig(values map[string]string) (key string, err error) {
	api, err := url.Parse(values["api"])
	if err != nil || api.Host == "" || api.Scheme != "https" && api.Scheme != "http" || api.RawQuery != "" {
		return "api", errors.New("wants a URL such as https://api.telegram.org")
	}
	if mode := values["webhook"]; mode != "on" && mode != "off" && mode != "auto" {
		return "webhook", fmt.Errorf("wants on, off or auto, not %q", mode)
	}
	return "", nil
}

// New makes the bot. It fails if a configuration key has no valid value.
func New(core bots.Core) (bots.Bot, error) {
	if key, err := checkConfig(core.Config); err != nil {
		return nil, fmt.Errorf("bots.%s.%s: %w", core.Name, key, err)
	}
	api, mode := core.Config["api"], core.Config["webhook"]
	public := strings.HasPrefix(core.BaseURL, "https://")
	if mode == "on" && !public {
		core.Log.Warn("bots." + core.Name + ".webhook is on, but base_url is not https: polling instead")
	}
	b := &Bot{
		core: core, accounts: newAccounts(core), store: store{db: core.DB, box: core.Box, now: core.Now}, limits: realLimits(), commands: chat.None{}, places: places.None{},
		api: strings.TrimSuffix(api, "/"), webhooks: public && mode != "off", pollingFallback: mode == "auto",
		started: core.Now(), rateLimiters: map[string]*rateLimiter{}, admins: map[int64]groupAdmins{}, unreachable: map[string]bool{},
	}
	b.pages = b.newPages()
	return b, nil
}

// Accounts lists the bots of active cities that have Telegram switched on.
func (b *Bot) Accounts(ctx context.Context) ([]bots.Account, error) {
	return b.accounts.Running(ctx, b.core.Cities)
}

var (
	_ bots.Receiver    = (*Bot)(nil)
	_ bots.Listener    = (*Bot)(nil)
	_ bots.Broadcaster = (*Bot)(nil)
	_ bots.Public      = (*Bot)(nil)
	_ bots.Retracter   = (*Bot)(nil)
	_ bots.Editor      = (*Bot)(nil)
	_ bots.Pruner      = (*Bot)(nil)
)
