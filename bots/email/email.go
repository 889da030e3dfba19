// Package email is the network of mail. Riders report to <city>@<domain>, an address that exists as soon as the city does, or to a mailbox that the
// city has connected. Subscribers, who have confirmed their address, get each report as a mail.
//
// Package mail/inbound receives mail, and mail/text reads it. receive.go implements their interfaces: what an address means, and what is done
// with a mail; report.go makes a report of it. Package mail sends: send.go makes a mail for each subscriber of subscribers.go, submission.go chooses
// the city's own mailbox (mailbox.go) or the program as sender, bounce.go removes dead subscribers, moving.go has subscribers go along to another instance and come from one, leaving.go and postmaster.go handle mails that are no reports. subscription_pages.go is public, with the
// tokens of link_tokens.go; commands.go, notices.go and act_pages.go are for those who run a city; settings_pages.go and
// places.go, the folders of a mailbox, are for the city's admins.
package email

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/idna"

	"linienfunk/bots"
	"linienfunk/bots/chat"
	"linienfunk/bots/kit"
	"linienfunk/bots/places"
	"linienfunk/internal/limits"
	"linienfunk/mail"
	"linienfunk/mail/inbound"
	"linienfunk/mail/text"
)

// Bot is a Listener, a Receiver, a Broadcaster, a Retracter, a Pruner, Public, a mail.Network, a chat.Network and a places.Network.
type Bot struct {
	core   bots.Core
	mail   mail.Service
	domain string // of the cities' addresses, in ASCII and lower case
	store  store  // of subscribers

	lmtp      *inbound.LMTP // nil without
	relays    inbound.Relays
	operator  string               // who gets the mail for postmaster; empty for nobody
	greylist  *inbound.Greylisting // nil without
	fetcher   *inbound.Fetcher
	mailboxes kit.Accounts[Mailbox, *Mailbox]
	outages   outages         // of mailboxes
	limits    *inbound.Limits // of reports by mail
	clients   *limits.Limiter // of subscriptions
	commands  chat.Commands   // of the cities
	places    places.Lists    // of the folders of mailboxes
	proven    func(ctx context.Context, m *inbound.Mail) bool

	unproven, unprovenCity *limits.Limiter
	newcomers              *limits.Limiter // of networks that use a city's spare mails, which others cannot use up
}

// New makes the bot.
func New(core bots.Core) (bots.Bot, error) {
	c, _, err := readConfig(core.Config)
	if err != nil {
		return nil, err // it names the key
	}
	extras, _ := limits.ParseExtras(core.Limits, "email.extras", core.Config["network_limits"]) // readConfig has checked it
	unproven, unprovenCity := newUnproven(core.Limits)
	rates := inbound.NewLimits(core.Limits, c.authorLimit, c.networkLimit, extras)
	return &Bot{
		core: core, store: store{db: core.DB, box: core.Box, now: core.Now},
		mailboxes: newMailboxes(core), lmtp: c.lmtp, relays: c.relays, operator: c.operator, greylist: newGreylist(core), limits: rates,
		fetcher:  &inbound.Fetcher{Timing: inbound.DefaultTiming, Limits: rates, Now: core.Now, Log: core.Log},
		clients:  core.Limits.New("email.subscriptions", limits.Rate{Burst: 5, Every: time.Minute, Overflow: 60}),
		commands: chat.None{}, places: places.None{}, proven: isProven, unproven: unproven, unprovenCity: unprovenCity,
		newcomers: core.Limits.New("email.newcomers", limits.Rate{Burst: 1, Every: time.Hour, Overflow: 1}),
	}, nil
}

// config has the values of the operator's keys.
type config struct {
	lmtp     *inbound.LMTP
	relays   inbound.Relays
	operator string

	authorLimit, networkLimit int // mails a minute
}

// readConfig reads the operator's keys. With an error it returns the key whose value cannot work.
func readConfig(values map[string]string) (c config, key string, err error) {
	if c.lmtp, err = inbound.ParseLMTP(values["lmtp"]); err != nil {
		return c, "lmtp", err
	}
	if c.relays, err = inbound.ParseRelays(values["relays"]); err != nil {
		return c, "relays", err
	}
	if c.operator, err = newOperator(values["postmaster"]); err != nil {
		return c, "postmaster", err
	}
	if greylist := values["greylist"]; greylist != "on" && greylist != "off" && greylist != "" {
		return c, "greylist", fmt.Errorf("greylist: wants on or off, not %q", greylist)
	}
	for key, limit := range map[string]*int{"author_limit": &c.authorLimit, "network_limit": &c.networkLimit} {
		if *limit, err = limits.ParsePerMinute(values[key]); err != nil {
			return c, key, fmt.Errorf("%s: %w", key, err)
		}
	}
	if _, err := limits.ParseExtras(limits.NewGroup(time.Now), "", values["network_limits"]); err != nil {
		return c, "network_limits", fmt.Errorf("network_limits: %w", err)
	}
	return c, "", nil
}

// newGreylist returns nil unless the operator has switched greylisting on.
func newGreylist(core bots.Core) *inbound.Greylisting {
	if core.Config["greylist"] != "on" {
		return nil
	}
	digest := func(triplet string) string { return core.Box.Digest("email greylist", triplet) }
	return &inbound.Greylisting{DB: core.DB, Digest: digest, Now: core.Now, Log: core.Log}
}

// UseMail implements mail.Network.
func (b *Bot) UseMail(service mail.Service) error {
	domain, err := idna.Lookup.ToASCII(service.Domain)
	if err != nil || domain == "" {
		return fmt.Errorf("mail domain %q is not a domain", service.Domain)
	}
	b.mail, b.domain = service, strings.ToLower(domain)
	if b.operator != "" && b.ours(text.Domain(b.operator)) {
		return fmt.Errorf("bots.%s.postmaster: an address of %s would get its own mail again and again", b.core.Name, service.Domain)
	}
	b.fetcher.Dial = service.Dial
	return nil
}

// Accounts lists the cities that have not switched mail off, and are active or run by mail.
func (b *Bot) Accounts(ctx context.Context) ([]bots.Account, error) {
	cities, err := b.core.Cities.All(ctx)
	if err != nil {
		return nil, fmt.Errorf("list cities: %w", err)
	}
	mailboxes, err := b.mailboxes.List(ctx)
	if err != nil {
		return nil, err
	}
	read, err := b.store.citiesWithReaders(ctx)
	if err != nil {
		return nil, err
	}
	run, err := b.commands.Cities(ctx)
	if err != nil {
		return nil, err
	}
	accounts := make([]bots.Account, 0, len(cities))
	for _, city := range cities {
		if !city.Active && !run[city.Name] || !city.Options.On(kit.Enabled) {
			continue
		}
		// Title and language are looked up for each mail: a change of them needs no restart.
		account := bots.Account{City: city.Name, Revision: "1", Label: b.address(city.Name), SendOnly: true, NoReaders: !read[city.Name], Paused: !city.Active}
		if i := slices.IndexFunc(mailboxes, func(m Mailbox) bool { return m.City == city.Name }); i >= 0 {
			account.Revision, account.Label, account.SendOnly = mailboxes[i].Revision, mailboxes[i].Address, false
		}
		accounts = append(accounts, account)
	}
	return accounts, nil
}

// address is the city's own address.
func (b *Bot) address(city string) string { return city + "@" + b.mail.Domain }

// findMailbox returns the city's mailbox, and false if it has none.
func (b *Bot) findMailbox(ctx context.Context, city string) (Mailbox, bool, error) {
	m, _, err := b.mailboxes.Load(ctx, city)
	if errors.Is(err, kit.ErrNoAccount) {
		return Mailbox{}, false, nil
	}
	return m, err == nil, err
}

// ours reports whether a domain is the cities'.
func (b *Bot) ours(domain string) bool {
	domain = strings.TrimSuffix(domain, ".")
	if strings.EqualFold(domain, b.domain) || strings.EqualFold(domain, b.mail.Domain) {
		return true
	}
	ascii, err := text.ASCIIDomain(domain)
	return err == nil && ascii == b.domain
}

// open returns the city if mail can reach it: it exists, is active, and mail is not switched off.
func (b *Bot) open(ctx context.Context, name string) (bots.City, bool, error) {
	city, ok, err := b.core.Cities.City(ctx, name)
	if err != nil {
		return city, false, fmt.Errorf("look up city: %w", err)
	}
	return city, ok && city.Active && city.Options.On("enabled"), nil
}

var (
	_ bots.Listener    = (*Bot)(nil)
	_ bots.Receiver    = (*Bot)(nil)
	_ bots.Broadcaster = (*Bot)(nil)
	_ bots.Retracter   = (*Bot)(nil)
	_ bots.Public      = (*Bot)(nil)
	_ mail.Network     = (*Bot)(nil)
)
