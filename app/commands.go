package app

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"linienfunk/bots/chat"
	"linienfunk/bots/ending"
	"linienfunk/bots/places"
	"linienfunk/commands"
	"linienfunk/supervisor"
)

// commandTables is the prefix of the tables of package commands.
const commandTables = "command_"

// openCommands makes the commands. Their networks come with the bots.
func (p *Program) openCommands(context.Context) error {
	tables, err := p.db.Prefixed(commandTables)
	if err != nil {
		return err
	}
	p.commands, err = commands.New(commands.Deps{
		DB: p.db, Tables: tables, Settings: p.settings, History: p.storage, Box: p.box, Log: p.log.With("part", "commands"), Now: p.now, Limits: p.limits, Observer: p.observer,
		Publish: p.publish, HideID: p.hideID, Mail: p.mail, Transit: p.networks, Imports: p.imports, BaseURL: p.config.BaseURL, Domain: p.config.Mail.Domain,
		Status:       func(city string) []supervisor.Status { return p.supervisor.Status(city) },
		Changed:      func(city string) { p.notifyNodes(supervisor.AccountHint("", city)) },
		Registration: p.config.Registration, Operators: p.config.Operators(), Instance: p.instanceStatus, CheckMail: p.checkMail, InstanceChanged: p.instanceChanged,
		Networks: map[string]chat.Network{}, MailNetworks: map[string]bool{}, Senders: []string{commands.Origin},
		Announcers: map[string]ending.Announcer{}, Leavers: map[string]ending.Leaver{}, Rosters: map[string]ending.Roster{}, Movers: map[string]ending.Mover{}, PrivateHosts: p.config.Outgoing.AllowPrivate,
		Places:    map[string]places.Network{},
		Title:     func(lang, bot string) string { return p.frontend.Bots.Title(lang, bot) },
		Translate: func(lang, bot, id string) string { return p.frontend.Bots.Translate(lang, bot, id) },
	})
	p.settings.SenderBlocked, p.settings.ServerBlocked = p.commands.SenderBlocked, p.commands.ServerBlocked
	p.notices.wakeup = make(chan struct{}, 1)
	return err
}

// notices are the cities of which reports were held, and nobody was told yet.
type notices struct {
	mu     sync.Mutex
	cities map[string]bool
	wakeup chan struct{}
}

func (n *notices) add(city string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.cities == nil {
		n.cities = map[string]bool{}
	}
	n.cities[city] = true
	select {
	case n.wakeup <- struct{}{}:
	default:
	}
}

func (n *notices) take() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	cities := slices.Sorted(maps.Keys(n.cities))
	n.cities = nil
	return cities
}

// noticePause is between two notices about what is held, so that a flood becomes one message. noticeEvery is how often all cities are looked at: this node, or the one that judged before,
// may have ended before it told.
const (
	noticePause = 10 * time.Second
	noticeEvery = time.Minute
)

// runNotices tells those who run a city what is held.
func (p *Program) runNotices(ctx context.Context) error {
	all := time.NewTicker(noticeEvery)
	defer all.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-all.C:
			p.commands.NoticeHeld(ctx, p.commands.HeldCities(ctx))
			continue
		case <-p.notices.wakeup:
		}
		p.commands.NoticeHeld(ctx, p.notices.take())
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(noticePause):
		}
	}
}
