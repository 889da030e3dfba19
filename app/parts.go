package app

import (
	"context"
	"crypto/rand"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"linienfunk/bots"
	"linienfunk/bus"
	"linienfunk/censor"
	"linienfunk/db"
	"linienfunk/frontend"
	"linienfunk/internal/config"
	"linienfunk/internal/limits"
	"linienfunk/mail"
	"linienfunk/supervisor"
)

func (p *Program) openBus(ctx context.Context) (err error) {
	c := p.config.NATS
	p.bus, err = bus.Open(ctx, bus.Config{URL: c.URL, Prefix: c.Prefix, Shards: c.Shards, Replicas: c.Replicas,
		Access: bus.Access{Credentials: c.Credentials, CAFile: c.CAFile, TLSCert: c.TLSCert, TLSKey: c.TLSKey},
		Listen: bus.Listen{Address: c.Listen, TLSCert: c.ListenCert, TLSKey: c.ListenKey},
		Dir:    filepath.Join(p.config.Data, "nats"), Log: p.log.With("part", "bus")})
	if err != nil {
		return err
	}
	p.onClose(func() error { p.bus.Close(); return nil })
	return p.shareLimits()
}

// limitsSubject is followed by the name of a limiter.
const limitsSubject = "limits."

// shareLimits makes the limits hold for all nodes together.
func (p *Program) shareLimits() error {
	p.limits = limits.NewGroup(p.now)
	if p.config.NATS.URL == "" {
		return nil
	}
	p.limits.Share(func(text string) uint64 {
		sum, _ := strconv.ParseUint(p.box.Digest("limits", text)[:16], 16, 64) // hexadecimal digits
		return sum
	}, func(limiter string, event []byte) {
		_ = p.bus.Notify(limitsSubject+limiter, event) // the limit is a bit weaker while NATS is away
	})
	stop, err := p.bus.Subscribe(limitsSubject+">", func(subject string, event []byte) {
		p.limits.Counted(strings.TrimPrefix(subject, limitsSubject), event)
	})
	if err == nil {
		p.onClose(func() error { stop(); return nil })
	}
	return err
}

func (p *Program) openFrontend(context.Context) (err error) {
	proxies, err := p.config.ProxyPrefixes()
	if err != nil {
		return err
	}
	p.frontend, err = frontend.New(frontend.Deps{
		DB: p.db, Settings: p.settings, History: p.storage, Networks: p.networks, Imports: p.imports, Readers: p.readers, Mail: p.mail, Box: p.box, Limits: p.limits, BaseURL: p.config.BaseURL, Domain: p.config.Mail.Domain,
		Log: p.log.With("part", "frontend"), Now: p.now, Proxies: proxies, Operators: p.config.Operators(), Legal: p.legal, Unregistered: len(p.config.MissingLegal()) > 0,
		Commands: p.commands, PingBroker: p.bus.Ping, Observer: p.observer, API: p.api,
		Status:  func(city string) []supervisor.Status { return p.supervisor.Status(city) },
		Changed: func(city string) { p.notifyNodes(supervisor.AccountHint("", city)) },
	})
	if err != nil {
		return err
	}
	p.imports.Apply = p.commands.RefreshNetwork
	for _, subject := range []string{"account.>", "bot.>"} { // see AccountHint and events
		stop, err := p.bus.Subscribe(subject, func(subject string, _ []byte) { p.dropPages(subject) })
		if err != nil {
			return err
		}
		p.onClose(func() error { stop(); return nil })
	}
	return nil
}

// dropPages makes this node render the public pages of the city anew that a subject ends with.
func (p *Program) dropPages(subject string) {
	p.frontend.Site.Memory.Drop(subject[strings.LastIndexByte(subject, '.')+1:])
}

func (p *Program) openWorkers(context.Context) error {
	p.supervisor = supervisor.New(supervisor.Config{
		Bus: p.bus, DB: p.db, Directory: p.directory, Log: p.log, Now: p.now, Revoked: p.frontend.Cities.AccountRevoked,
		HideID: p.hideID, Lease: p.lease(), Listens: p.listens, Observer: p.observer,
		Cities: func() []string {
			var names []string
			all, _ := p.settings.All(context.Background()) // reads memory
			for _, snapshot := range all {
				names = append(names, snapshot.City)
			}
			return names
		},
		Retention: func(city string) (time.Duration, bool) {
			snapshot, ok, _ := p.settings.Get(context.Background(), city) // reads memory
			return snapshot.Retention(), ok
		},
		Freshness: func(city string) (time.Duration, bool) {
			snapshot, ok, _ := p.settings.Get(context.Background(), city) // reads memory
			return snapshot.Freshness(), ok
		},
		NewestFirst: func(city string) bool {
			snapshot, _, _ := p.settings.Get(context.Background(), city) // reads memory
			return snapshot.NewestFirst
		},
		Panics: func(city string) bool {
			snapshot, _, _ := p.settings.Get(context.Background(), city) // reads memory
			return snapshot.Panic
		},
	})
	p.settings.OnChange(func(city string) {
		snapshot, ok, _ := p.settings.Get(context.Background(), city) // reads memory
		p.directory.Runs(city, !ok || snapshot.Runs())
		p.supervisor.RefreshAll()
	})
	p.censor = &censor.Worker{Bus: p.bus, DB: p.db, Rules: p.rules, Bots: p.directory.Bots, Turn: p.supervisor.JudgingTurn,
		Held: p.notices.add, Judged: p.judged, Log: p.log.With("part", "censor"), Now: p.now, Observer: p.observer}
	p.addSources()
	return nil
}

// lease is how this node shares the cities with others; nil with the embedded broker, which has no others.
func (p *Program) lease() *supervisor.Lease {
	if p.config.NATS.URL == "" {
		return nil
	}
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return &supervisor.Lease{Node: db.Node{ID: rand.Text(), Host: host, Version: version(), Roles: p.config.RoleNames(), Started: p.now()}}
}

// listens reports whether this node receives what comes for all cities of a network: mail where mail is, and everything else where the pages
// are, since it comes by HTTP.
func (p *Program) listens(bot bots.Bot) bool {
	if _, ok := bot.(mail.Network); ok {
		return p.config.Has(config.RoleMail)
	}
	return p.config.Has(config.RoleFrontend)
}

// notifyNodes tells all nodes that something about subject has changed.
func (p *Program) notifyNodes(subject string) {
	p.dropPages(subject) // whoever has made the change sees it at once
	if err := p.bus.Notify(subject, nil); err != nil {
		p.log.Warn("cannot notify the other nodes", "subject", subject, "err", err)
	}
}
