// Package email is the network of mail. Riders write to <city>@<domain>, which exists the moment the city does;
// reports go to the mailboxes of subscribers, who each confirmed that they want them.
//
// In: recv.go serves SMTP for all cities (conn.go keeps connections in bounds, session.go says who gets mail, deliver.go
// stores it), lmtp.go LMTP; imap.go and imap_recv.go read the mailboxes of mailbox.go that cities have connected
// (imap_stumble.go gives up what cannot be read). loop.go drops what machines wrote; mime.go, parse.go, html.go and cut.go
// make a report's text out of a message, attribution.go and closing.go cut names off it; when.go finds its time; auth.go,
// dkim.go and border.go whether its author is forged. limits.go keeps one author or network from flooding a city,
// greylist.go puts strangers off, bounce.go hears of mailboxes that are gone.
//
// Out: send.go writes to the subscribers in db.go through the queue of package mail, by way of the city's own mailbox with submission.go.
// subscribe.go has the pages for them, webui.go those for the city's admins.
package email

import (
	"context"
	"embed"
	"fmt"
	"strings"
	"time"

	"golang.org/x/net/idna"

	"linienfunk/bots"
	"linienfunk/internal/limits"
	"linienfunk/mail"
	"linienfunk/mail/inbound"
)

//go:embed *.html locale.*.toml
var files embed.FS

// Plugin is the bot.
func Plugin() bots.Plugin {
	return bots.Plugin{
		New: New, Migrations: migrations(), Files: files, Demo: demo,
		Options: []bots.Option{
			{Name: "enabled", Kind: bots.Switch, Default: true},
			{Name: "hold_spam", Kind: bots.Switch, Default: true},
		},
		Config: []bots.ConfigKey{
			{Name: "lmtp", Help: "where a mail server before the program hands over mail by LMTP: host:port or unix:/path; empty for SMTP only"},
			{Name: "relays", Help: "addresses and networks of mail servers before the program that hand over by SMTP; this machine always is one"},
			{Name: "greylist", Default: "off", Help: "on: who writes for the first time has to come again after a minute, which many robots do not; warnings come later"},
		},
		Limits: []string{
			"Ten reports of one author at once and city, then four a minute; 10 MB and 50 recipients a mail.",
			"Attachments are not read.",
			"The author of a mail can be forged where the domain publishes neither SPF, DKIM nor DMARC.",
			"A mailbox that is read by IMAP is looked at as it is: nothing is marked, moved or deleted.",
			"Taking a report back cancels the mails that still wait; a mail that has left stays.",
		},
	}
}

// Bot is a Listener, a Receiver, a Broadcaster, a Retracter, Public and a mail.Network.
type Bot struct {
	core   bots.Core
	mail   mail.Service
	domain string // as it is compared: ASCII, lower case
	store  store

	lmtp     *inbound.LMTP // nil without
	relays   inbound.Relays
	greylist *inbound.Greylisting // nil without
	fetcher  *inbound.Fetcher
	limits   *inbound.Limits // of reports by mail
	clients  *limits.Limiter // of subscriptions
}

var (
	_ bots.Listener    = (*Bot)(nil)
	_ bots.Receiver    = (*Bot)(nil)
	_ bots.Broadcaster = (*Bot)(nil)
	_ bots.Retracter   = (*Bot)(nil)
	_ bots.Public      = (*Bot)(nil)
	_ mail.Network     = (*Bot)(nil)
)

// New makes the bot.
func New(core bots.Core) (bots.Bot, error) {
	lmtp, err := inbound.ParseLMTP(core.Config["lmtp"])
	if err != nil {
		return nil, err
	}
	relays, err := inbound.ParseRelays(core.Config["relays"])
	if err != nil {
		return nil, err
	}
	greylist, err := newGreylist(core)
	if err != nil {
		return nil, err
	}
	rates := inbound.NewLimits(core.Now)
	return &Bot{
		core: core, store: store{db: core.DB, box: core.Box, now: core.Now},
		lmtp: lmtp, relays: relays, greylist: greylist, limits: rates,
		fetcher: &inbound.Fetcher{Timing: inbound.DefaultTiming, Limits: rates, Now: core.Now, Log: core.Log},
		clients: limits.New(core.Now, limits.Rate{Burst: 5, Every: time.Minute, Overflow: 60}),
	}, nil
}

// newGreylist returns nil unless the operator has switched greylisting on.
func newGreylist(core bots.Core) (*inbound.Greylisting, error) {
	switch value := core.Config["greylist"]; value {
	case "on":
		digest := func(triplet string) string { return core.Box.Digest("email greylist", triplet) }
		return &inbound.Greylisting{DB: core.DB, Digest: digest, Now: core.Now, Log: core.Log}, nil
	case "off", "":
		return nil, nil
	default:
		return nil, fmt.Errorf("greylist: %q is neither on nor off", value)
	}
}

// UseMail implements mail.Network.
func (b *Bot) UseMail(service mail.Service) error {
	domain, err := idna.Lookup.ToASCII(service.Domain)
	if err != nil || domain == "" {
		return fmt.Errorf("mail domain %q is no domain", service.Domain)
	}
	b.mail, b.domain = service, strings.ToLower(domain)
	b.fetcher.Dial = service.Dial
	return nil
}

// Accounts lists all active cities, but those whose admins switched mail off.
func (b *Bot) Accounts(ctx context.Context) ([]bots.Account, error) {
	cities, err := b.core.Cities.All(ctx)
	if err != nil {
		return nil, fmt.Errorf("list cities: %w", err)
	}
	mailboxes, err := b.store.mailboxes(ctx)
	if err != nil {
		return nil, err
	}
	var accounts []bots.Account
	for _, city := range cities {
		if city.Active && city.Options.On("enabled") {
			// Title and language are looked up for each mail: no change of them needs a restart.
			account := bots.Account{City: city.Name, Revision: "1", Label: b.address(city.Name)}
			if m, ok := mailboxes[city.Name]; ok {
				account.Revision, account.Label = m.Revision, m.Address
			}
			accounts = append(accounts, account)
		}
	}
	return accounts, nil
}

// address is where riders of the city write to.
func (b *Bot) address(city string) string { return city + "@" + b.mail.Domain }
