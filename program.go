package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/gofrs/flock"

	"linienfunk/bots"
	"linienfunk/bots/all"
	"linienfunk/bus"
	"linienfunk/censor"
	"linienfunk/config"
	"linienfunk/db"
	"linienfunk/frontend"
	"linienfunk/mail"
	"linienfunk/outgoing"
	"linienfunk/secret"
	"linienfunk/settings"
	"linienfunk/supervisor"
	"linienfunk/templates"
)

// Program is everything, put together. Open makes it, Run runs it, Close takes it apart.
type Program struct {
	config config.Config
	log    *slog.Logger
	now    func() time.Time

	lock       *flock.Flock
	http       net.Listener
	smtp       *socket
	box        *secret.Box
	db         *db.DB
	bus        *bus.Bus
	settings   *settings.Store
	mail       *mail.Mailer
	frontend   *frontend.Frontend
	directory  *supervisor.Directory
	supervisor *supervisor.Supervisor
	censor     *censor.Worker

	closers []func() error
}

// Open takes the data directory, the ports, the database and NATS, and makes all parts. Nothing runs yet, but connections to
// the ports wait already. Call Close whatever happens.
func Open(ctx context.Context, c config.Config, stderr io.Writer) (*Program, error) {
	p := &Program{config: c, log: newLog(c.Log, stderr), now: time.Now}
	for _, step := range []func(context.Context) error{
		p.openData, p.openPorts, p.openDatabase, p.openBus, p.openSettings, p.openMail, p.openFrontend, p.openBots, p.openWorkers,
	} {
		if err := step(ctx); err != nil {
			return nil, errors.Join(err, p.Close())
		}
	}
	return p, nil
}

func newLog(c config.Log, stderr io.Writer) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(c.Level)) // config has checked it
	options := &slog.HandlerOptions{Level: level}
	if c.Format == "json" {
		return slog.New(slog.NewJSONHandler(stderr, options))
	}
	return slog.New(slog.NewTextHandler(stderr, options))
}

func (p *Program) onClose(f func() error) { p.closers = append(p.closers, f) }

// Close gives everything back that Open took, the last first.
func (p *Program) Close() error {
	var errs []error
	for len(p.closers) > 0 {
		last := len(p.closers) - 1
		errs = append(errs, p.closers[last]())
		p.closers = p.closers[:last]
	}
	return errors.Join(errs...)
}

// openData makes and locks the data directory: two processes on one store of JetStream would ruin it without an error.
func (p *Program) openData(context.Context) error {
	if err := os.MkdirAll(p.config.Data, 0o700); err != nil {
		return fmt.Errorf("data: %w", err)
	}
	if err := os.Chmod(p.config.Data, 0o700); err != nil { // it was there: sessions and keys are nobody else's business
		p.log.Warn("the data directory can be read by others", "directory", p.config.Data, "err", err)
	}
	p.lock = flock.New(filepath.Join(p.config.Data, "lock"))
	held, err := p.lock.TryLock()
	if err != nil {
		return fmt.Errorf("data: lock %s: %w", p.config.Data, err)
	}
	if !held {
		return fmt.Errorf("data: another linienfunk is running on %s; stop it, or choose another directory with --data", p.config.Data)
	}
	p.onClose(p.lock.Unlock)
	key, err := secret.LoadKey(filepath.Join(p.config.Data, "instance.key"))
	if err != nil {
		return err
	}
	p.box, err = secret.NewBox(key)
	return err
}

func (p *Program) openPorts(context.Context) (err error) {
	if p.http, err = bind("http", p.config.HTTP); err != nil {
		return err
	}
	p.onClose(func() error { p.http.Close(); return nil }) // closed already after Run
	smtp, err := bind("smtp", p.config.SMTP)
	if err != nil {
		return err
	}
	p.smtp = newSocket(smtp)
	p.onClose(func() error { p.smtp.close(); return nil })
	return nil
}

func (p *Program) openDatabase(ctx context.Context) (err error) {
	address := p.config.Database.URL
	if address == "" {
		address = filepath.Join(p.config.Data, "linienfunk.db")
	}
	if p.db, err = db.Open(ctx, address, p.now); err != nil {
		return err
	}
	p.onClose(p.db.Close)
	if err := p.db.Migrate(); err != nil {
		return err
	}
	if err := p.db.MigratePrefixed("settings_", settings.Migrations()); err != nil {
		return err
	}
	return p.db.MigratePrefixed("mail_", mail.Migrations())
}

func (p *Program) openBus(ctx context.Context) (err error) {
	p.bus, err = bus.Open(ctx, bus.Config{URL: p.config.NATS.URL, Prefix: p.config.NATS.Prefix, Shards: p.config.NATS.Shards,
		Dir: filepath.Join(p.config.Data, "nats"), Log: p.log.With("part", "bus")})
	if err == nil {
		p.onClose(func() error { p.bus.Close(); return nil })
	}
	return err
}

// openSettings loads all cities. A change is made known on settings.<city>; every node then reads that city again, and
// looks which of its accounts that starts or stops.
func (p *Program) openSettings(ctx context.Context) error {
	compiler, err := p.compiler()
	if err != nil {
		return err
	}
	p.settings = settings.NewStore(p.db, p.log.With("part", "settings"), compiler.Compile, func(city string) {
		p.hint("settings." + city)
	})
	stop, err := p.bus.OnHint("settings.*", func(subject string, _ []byte) {
		_, city, _ := strings.Cut(subject, ".")
		if err := p.settings.Reload(ctx, city); err != nil {
			p.log.Error("cannot reload settings", "city", city, "err", err)
		}
		p.hint(supervisor.AccountHint("", city))
	})
	if err != nil {
		return err
	}
	p.onClose(func() error { stop(); return nil })
	return p.settings.Load(ctx)
}

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
	if err := p.bus.Hint(subject, nil); err != nil {
		p.log.Warn("cannot tell the other nodes", "subject", subject, "err", err)
	}
}

func (p *Program) openMail(context.Context) error {
	tables, err := p.db.Prefixed("mail_")
	if err != nil {
		return err
	}
	c := mail.Config{Domain: p.config.Mail.Domain, Smarthost: p.config.Mail.Smarthost, User: p.config.Mail.User,
		Password: p.config.Mail.Password}
	if p.config.Mail.DKIMKey != "" {
		c.DKIMKey, c.DKIMSelector = p.config.Mail.DKIMKey, p.config.Mail.DKIMSelector
	}
	if c.Smarthost == "" {
		c.Outbox = filepath.Join(p.config.Data, "outbox")
		p.log.Warn("mail.smarthost is not set: outgoing mail goes into files", "directory", c.Outbox)
	}
	p.mail, err = mail.New(tables, p.box, c, p.log.With("part", "mail"), p.now)
	return err
}

func (p *Program) openFrontend(context.Context) (err error) {
	proxies, err := p.config.ProxyPrefixes()
	if err != nil {
		return err
	}
	p.frontend, err = frontend.New(frontend.Deps{
		DB: p.db, Settings: p.settings, Mail: p.mail, Box: p.box, BaseURL: p.config.BaseURL, Domain: p.config.Mail.Domain,
		Log: p.log.With("part", "frontend"), Now: p.now, Proxies: proxies,
		Status:  func(city string) []bots.Status { return p.supervisor.Status(city) },
		Changed: func(city string) { p.hint(supervisor.AccountHint("", city)) },
	})
	return err
}

// openBots migrates, makes and mounts the bots.
func (p *Program) openBots(context.Context) error {
	smtp := bots.SMTP{Listen: p.smtp.open, Domain: p.config.Mail.Domain}
	if p.config.Mail.TLSCert != "" {
		certificate, err := tls.LoadX509KeyPair(p.config.Mail.TLSCert, p.config.Mail.TLSKey)
		if err != nil {
			return fmt.Errorf("mail.tls_cert: %w", err)
		}
		smtp.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	}
	client := outgoing.Client(p.config.Outgoing.AllowPrivate)
	var members []supervisor.Member
	for _, plugin := range all.Plugins() {
		bot, err := p.openBot(plugin, smtp, client)
		if err != nil {
			return fmt.Errorf("bot %s: %w", plugin.Name, err)
		}
		members = append(members, supervisor.Member{Name: plugin.Name, Bot: bot})
	}
	p.directory = supervisor.NewDirectory(members)
	return nil
}

func (p *Program) openBot(plugin bots.Named, smtp bots.SMTP, client *http.Client) (bots.Bot, error) {
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
		Name: plugin.Name, BaseURL: p.config.BaseURL, UserAgent: "Linienfunk/" + version() + " (+" + p.config.BaseURL + ")",
		Log: p.log.With("bot", plugin.Name), DB: tables, HTTP: client, Now: p.now, Box: p.box,
		Author: func(city, name string, at time.Time) string { return p.box.Author(city, plugin.Name, name, at) },
		Cities: p.settings.Cities(), Pages: p.frontend.Pages(plugin.Name, set), Mail: p.mail, SMTP: smtp,
		Changed: func(city string) { p.hint(supervisor.AccountHint(plugin.Name, city)) },
		Events:  events{p.bus, plugin.Name},
	})
	if err != nil {
		return nil, err
	}
	p.frontend.Mount(plugin.Name, bot, set)
	return bot, nil
}

// events are bots.Events as hints on bot.<bot>.<city>.
type events struct {
	bus *bus.Bus
	bot string
}

func (e events) Publish(city string, data []byte) error {
	return e.bus.Hint("bot."+e.bot+"."+city, data)
}

func (e events) Subscribe(city string, f func([]byte)) (func(), error) {
	return e.bus.OnHint("bot."+e.bot+"."+city, func(_ string, data []byte) { f(data) })
}

func (p *Program) openWorkers(context.Context) error {
	p.supervisor = supervisor.New(supervisor.Config{
		Bus: p.bus, DB: p.db, Directory: p.directory, Log: p.log, Now: p.now, Revoked: p.frontend.AccountRevoked,
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
	p.censor = &censor.Worker{Bus: p.bus, DB: p.db, Rules: p.settings.Lists, Bots: p.directory.Bots,
		Log: p.log.With("part", "censor"), Now: p.now}
	return nil
}

// URL is where the web server can be reached on this machine, SMTPAddr the address of the SMTP server.
func (p *Program) URL() string { return localURL(p.http.Addr().String()) }

// SMTPAddr is the address of the SMTP server.
func (p *Program) SMTPAddr() string { return p.smtp.Addr().String() }

func localURL(address string) string {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return "http://" + address
	}
	if host == "" || net.ParseIP(host).IsUnspecified() {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, port)
}

// stopTime is how long pages that are being served may take when the program ends.
const stopTime = 5 * time.Second

// Run runs all parts until ctx ends or one of them fails, then stops the others and waits for them.
func (p *Program) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var parts sync.WaitGroup
	for name, run := range map[string]func(context.Context) error{
		"pages": p.serveHTTP, "mail": p.mail.Run, "supervisor": p.supervisor.Run, "censor": p.censor.Run,
	} {
		parts.Go(func() {
			err := run(ctx)
			if ctx.Err() == nil {
				cancel(fmt.Errorf("%s ended: %w", name, orNone(err)))
			}
		})
	}
	<-ctx.Done()
	p.log.Info("stopping")
	parts.Wait()
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
		return cause
	}
	return nil
}

func orNone(err error) error {
	if err == nil {
		return errors.New("without an error")
	}
	return err
}

func (p *Program) serveHTTP(ctx context.Context) error {
	server := &http.Server{
		Handler: p.frontend.Handler(), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 64 << 10, ErrorLog: slog.NewLogLogger(p.log.Handler(), slog.LevelDebug),
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(p.http) }()
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
	defer cancel()
	if err := server.Shutdown(end); err != nil {
		server.Close()
	}
	return <-served
}
