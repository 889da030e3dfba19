package app

import (
	"context"
	"crypto/tls"
	"fmt"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"linienfunk/bots"
	"linienfunk/bots/all"
	"linienfunk/bus"
	"linienfunk/censor"
	"linienfunk/frontend"
	"linienfunk/internal/config"
	"linienfunk/internal/outgoing"
	"linienfunk/mail"
	"linienfunk/settings"
	"linienfunk/supervisor"
	"linienfunk/templates"
)

func (p *Program) openBus(ctx context.Context) (err error) {
	p.bus, err = bus.Open(ctx, bus.Config{URL: p.config.NATS.URL, Prefix: p.config.NATS.Prefix, Shards: p.config.NATS.Shards,
		Dir: filepath.Join(p.config.Data, "nats"), Log: p.log.With("part", "bus")})
	if err == nil {
		p.onClose(func() error { p.bus.Close(); return nil })
	}
	return err
}

// openSettings makes the node and the storage of settings. They know no city until loadSettings.
func (p *Program) openSettings(context.Context) error {
	compiler, err := p.compiler()
	if err != nil {
		return err
	}
	schema := settings.Schema{Compile: compiler.Compile, Options: map[string][]bots.Option{}}
	for _, plugin := range all.Plugins() {
		schema.Options[plugin.Name] = plugin.Options
	}
	log := p.log.With("part", "settings")
	p.settings = settings.NewNode(p.bus, schema, log, p.now)
	p.storage = settings.NewStorage(p.db, p.bus, schema, log, p.now)
	return nil
}

// loadSettings runs the storage and the node, and waits until all cities are known: before that no report may be judged, and no
// mail for a city be turned away.
func (p *Program) loadSettings(ctx context.Context) error {
	if err := p.storage.ImportLegacy(ctx); err != nil {
		return err
	}
	running, stop := context.WithCancel(context.Background())
	var parts sync.WaitGroup
	parts.Go(func() { _ = p.storage.Run(running) }) // they end with running alone
	parts.Go(func() { _ = p.settings.Run(running) })
	p.onClose(func() error { stop(); parts.Wait(); return nil })
	ctx, cancel := context.WithTimeout(ctx, settingsTime)
	defer cancel()
	if err := p.settings.Loaded(ctx); err != nil {
		return fmt.Errorf("load settings: %w", err)
	}
	return nil
}

// settingsTime is how long a start may take to load all cities.
const settingsTime = 2 * time.Minute

// compiler compiles cities' lists together with the list of slurs, which the operator may make longer.
func (p *Program) compiler() (*censor.Compiler, error) {
	slurs := censor.DefaultSlurs()
	if path := p.config.Censor.Slurs; path != "" {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("censor.slurs: %w", err)
		}
		slurs = append(slurs, strings.Split(string(text), "\n")...)
	}
	compiler, err := censor.NewCompiler(slurs)
	if err != nil {
		return nil, fmt.Errorf("censor.slurs: %w", err)
	}
	return compiler, nil
}

func (p *Program) hint(subject string) {
	if err := p.bus.Notify(subject, nil); err != nil {
		p.log.Warn("cannot tell the other nodes", "subject", subject, "err", err)
	}
}

func (p *Program) openMail(context.Context) error {
	tables, err := p.db.Prefixed("mail_")
	if err != nil {
		return err
	}
	c, private := mailConfig(p.config), p.config.Outgoing.AllowPrivate
	c.Dial = outgoing.Dialer(private).DialContext
	switch p.config.Mail.DeliveryMode() {
	case config.Direct:
		c.Resolver, c.HTTP = net.DefaultResolver, outgoing.Client(private, p.userAgent())
	case config.Outbox:
		p.log.Warn("outgoing mail goes into files; mail.smarthost or mail.delivery = \"direct\" would send it", "directory", c.Outbox)
	}
	p.mail, err = mail.New(tables, p.box, c, p.log.With("part", "mail"), p.now)
	return err
}

// mailConfig is what the configuration says about outgoing mail, without the means of direct delivery.
func mailConfig(all config.Config) mail.Config {
	set := all.Mail
	c := mail.Config{Domain: set.Domain, Hostname: set.Hostname, CAFile: set.CAFile, DKIMKey: set.DKIMKey}
	if c.DKIMKey != "" {
		c.DKIMSelector = set.DKIMSelector
	}
	switch set.DeliveryMode() {
	case config.Smarthost:
		c.Smarthost, c.User, c.Password = set.Smarthost, set.User, set.Password
	case config.Direct:
		c.Direct = true
	default:
		c.Outbox = filepath.Join(all.Data, "outbox")
	}
	return c
}

func (p *Program) openFrontend(context.Context) (err error) {
	proxies, err := p.config.ProxyPrefixes()
	if err != nil {
		return err
	}
	p.frontend, err = frontend.New(frontend.Deps{
		DB: p.db, Settings: p.settings, History: p.storage, Mail: p.mail, Box: p.box, BaseURL: p.config.BaseURL, Domain: p.config.Mail.Domain,
		Log: p.log.With("part", "frontend"), Now: p.now, Proxies: proxies,
		Withdraw: p.bus.PublishReport, PingBroker: p.bus.Ping,
		Status:  func(city string) []supervisor.Status { return p.supervisor.Status(city) },
		Changed: func(city string) { p.hint(supervisor.AccountHint("", city)) },
	})
	return err
}

// openBots migrates, makes and mounts the bots.
func (p *Program) openBots(context.Context) error {
	var inbound *tls.Config // of the SMTP server
	if p.config.Mail.TLSCert != "" {
		certificate, err := tls.LoadX509KeyPair(p.config.Mail.TLSCert, p.config.Mail.TLSKey)
		if err != nil {
			return fmt.Errorf("mail.tls_cert: %w", err)
		}
		inbound = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	}
	client := outgoing.Client(p.config.Outgoing.AllowPrivate, p.userAgent())
	var members []supervisor.Member
	for _, plugin := range all.Plugins() {
		bot, err := p.openBot(plugin, client)
		if err != nil {
			return fmt.Errorf("bot %s: %w", plugin.Name, err)
		}
		if network, ok := bot.(mail.Network); ok {
			if err := p.connectMail(plugin.Name, network, inbound); err != nil {
				return fmt.Errorf("bot %s: %w", plugin.Name, err)
			}
		}
		members = append(members, supervisor.Member{Name: plugin.Name, Bot: bot})
	}
	p.directory = supervisor.NewDirectory(members)
	return nil
}

// connectMail gives a mail network the queue and the inbound SMTP server, and makes it the one to be called about its messages.
func (p *Program) connectMail(name string, network mail.Network, inbound *tls.Config) error {
	service := p.mail.Service(name)
	service.Listen, service.TLS = p.smtp.open, inbound
	service.Warn = func(ctx context.Context, city, key, say string) {
		p.frontend.Cities.AccountWarned(ctx, bots.Account{City: city, Revision: key}, supervisor.Status{Bot: name, Detail: say})
	}
	p.mail.Register(name, network)
	return network.UseMail(service)
}

// userAgent names the program and the address of its operator.
func (p *Program) userAgent() string {
	return "Linienfunk/" + version() + " (+" + p.config.BaseURL + ")"
}

// configOf is what the operator set of a bot's keys, and the defaults of the others: a Config that no file was read for, as in
// tests, has none of them.
func (p *Program) configOf(plugin all.Network) map[string]string {
	values := map[string]string{}
	for _, key := range plugin.Config {
		values[key.Name] = key.Default
	}
	maps.Copy(values, p.config.NetworkValues(plugin.Name))
	return values
}

func (p *Program) openBot(plugin all.Network, client *http.Client) (bots.Bot, error) {
	if err := p.db.MigratePrefixed(plugin.Name+"_", plugin.Migrations); err != nil {
		return nil, err
	}
	tables, err := p.db.Prefixed(plugin.Name + "_")
	if err != nil {
		return nil, err
	}
	set, err := templates.New(plugin.Files)
	if err != nil {
		return nil, err
	}
	bot, err := plugin.New(bots.Core{
		Name: plugin.Name, Config: p.configOf(plugin), BaseURL: p.config.BaseURL,
		Log: p.log.With("bot", plugin.Name), DB: tables, HTTP: client, Now: p.now, Box: p.box,
		Author: func(city, name string, at time.Time) string { return p.box.Pseudonym(city, plugin.Name, name, at) },
		Cities: p.settings.Cities(plugin.Name), Pages: p.frontend.Bots.Pages(plugin.Name, set),
		Changed: func(city string) { p.hint(supervisor.AccountHint(plugin.Name, city)) },
		Events:  events{p.bus, plugin.Name},
	})
	if err != nil {
		return nil, err
	}
	p.frontend.Bots.Mount(plugin.Name, bot, set, plugin.PageFiles...)
	return bot, nil
}

// events are bots.Events as hints on bot.<bot>.<city>.
type events struct {
	bus *bus.Bus
	bot string
}

func (e events) Publish(city string, data []byte) error {
	return e.bus.Notify("bot."+e.bot+"."+city, data)
}

func (e events) Subscribe(city string, f func([]byte)) (func(), error) {
	return e.bus.Subscribe("bot."+e.bot+"."+city, func(_ string, data []byte) { f(data) })
}

func (p *Program) openWorkers(context.Context) error {
	p.supervisor = supervisor.New(supervisor.Config{
		Bus: p.bus, DB: p.db, Directory: p.directory, Log: p.log, Now: p.now, Revoked: p.frontend.Cities.AccountRevoked,
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
	})
	p.settings.OnChange(func(string) { p.supervisor.RefreshAll() })
	p.censor = &censor.Worker{Bus: p.bus, DB: p.db, Rules: p.settings.Rules, Bots: p.directory.Bots,
		Log: p.log.With("part", "censor"), Now: p.now}
	return nil
}
