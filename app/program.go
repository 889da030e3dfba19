// Package app is the program: it opens, connects, runs and closes all parts. It has the commands of the command line and the demo.
package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/gofrs/flock"

	"linienfunk/api"
	"linienfunk/bus"
	"linienfunk/censor"
	"linienfunk/commands"
	"linienfunk/db"
	"linienfunk/frontend"
	"linienfunk/internal/config"
	"linienfunk/internal/legal"
	"linienfunk/internal/limits"
	"linienfunk/internal/observe"
	"linienfunk/internal/secret"
	"linienfunk/mail"
	"linienfunk/settings"
	"linienfunk/supervisor"
	"linienfunk/transit"
)

// Program consists of all parts. Call Open, then Run, then Close.
type Program struct {
	config config.Config
	log    *slog.Logger
	now    func() time.Time

	started time.Time

	rotating       bool                    // the instance key is being rotated: nothing else runs
	observer       *observe.Observer       // nil if nothing is observed
	passed         map[string]net.Listener // by systemd
	lock           *flock.Flock
	http           net.Listener
	socket         net.Listener // nil if there is none
	metrics        net.Listener // nil without metrics.listen
	smtp           *port        // nil on a node that receives no mail
	box            *secret.Box
	db             *db.DB
	bus            *bus.Bus
	limits         *limits.Group
	settings       *settings.Node
	storage        *settings.Storage
	networks       *transit.Store
	imports        *transit.Imports // of feeds
	readers        *transit.Readers
	generalReaders sync.Map // *read.Reader by language
	mail           *mail.Mailer
	frontend       *frontend.Frontend
	legal          legal.Texts
	directory      *supervisor.Directory
	supervisor     *supervisor.Supervisor
	censor         *censor.Worker
	commands       *commands.Commands
	notices        notices
	instance       chan struct{} // something about the whole instance has changed
	api            *api.API

	closers []func() error
}

// Open opens the data directory, the ports, the database and NATS, and creates all parts. Only the settings run yet, but the ports accept
// connections, which wait. After an error everything is closed again.
func Open(ctx context.Context, c config.Config, stderr io.Writer) (*Program, error) {
	return OpenWithClock(ctx, c, stderr, time.Now)
}

// OpenWithClock is Open with another clock than the system's, for tests of what happens after days.
func OpenWithClock(ctx context.Context, c config.Config, stderr io.Writer, now func() time.Time) (*Program, error) {
	return open(ctx, &Program{config: c, log: newLog(c.Log, stderr), now: now, started: now()})
}

func open(ctx context.Context, p *Program) (*Program, error) {
	for _, step := range []func(context.Context) error{
		p.openData, p.openPorts, p.openObserver, p.openDatabase, p.openBus, p.openSettings, p.openNetworks, p.openMail,
		p.openCommands, p.openLegal, p.openAPI, p.openFrontend, p.openBots, p.openWorkers, p.openEnding, p.openSocket, p.loadSettings, p.openInstance,
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

// Close closes everything that Open has opened, in reverse order.
func (p *Program) Close() error {
	var errs []error
	for len(p.closers) > 0 {
		last := len(p.closers) - 1
		errs = append(errs, p.closers[last]())
		p.closers = p.closers[:last]
	}
	return errors.Join(errs...)
}

// The database and the instance key in the data directory.
const (
	databaseFile = "linienfunk.db"
	keyFile      = "instance.key"
)

func missing(path string) bool {
	_, err := os.Stat(path)
	return errors.Is(err, os.ErrNotExist)
}

// openData creates and locks the data directory: two processes on one JetStream store would damage it without an error.
func (p *Program) openData(context.Context) error {
	if err := os.MkdirAll(p.config.Data, 0o700); err != nil {
		return fmt.Errorf("data: %w", err)
	}
	if err := os.Chmod(p.config.Data, 0o700); err != nil { // an existing directory may have wider permissions
		p.log.Warn("data directory is readable by others; restrict it to the user of the program", "directory", p.config.Data, "err", err)
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
	path := filepath.Join(p.config.Data, keyFile)
	if missing(path) && !missing(filepath.Join(p.config.Data, databaseFile)) {
		return fmt.Errorf("data: %s is missing, but the database exists: restore the key, without which sealed values cannot be opened", path)
	}
	key, err := secret.LoadKey(path)
	if err != nil {
		return err
	}
	if key.Rotating() && !p.rotating {
		return fmt.Errorf("data: the key in %s is being rotated; run linienfunk secrets rotate again, which goes on where it ended", path)
	}
	p.box, err = key.Box()
	return err
}

func (p *Program) openPorts(context.Context) (err error) {
	if p.http, err = p.bind("http", p.config.HTTP); err != nil {
		return err
	}
	p.onClose(func() error { p.http.Close(); return nil })              // Run may have closed it
	if start, free := strings.CutSuffix(p.config.BaseURL, ":0"); free { // the system has chosen a port
		_, port, _ := net.SplitHostPort(p.http.Addr().String())
		p.config.BaseURL = start + ":" + port
	}
	if !p.config.Has(config.RoleMail) {
		return nil
	}
	smtp, err := p.bind("smtp", p.config.SMTP)
	if err != nil {
		return err
	}
	p.smtp = newPort(smtp)
	p.onClose(func() error { p.smtp.close(); return nil })
	return nil
}

func databaseAddress(c config.Config) string {
	return cmp.Or(c.Database.URL, filepath.Join(c.Data, databaseFile))
}

func (p *Program) openDatabase(ctx context.Context) (err error) {
	if p.db, err = db.Open(ctx, databaseAddress(p.config), p.now); err != nil {
		return err
	}
	p.onClose(p.db.Close)
	if err := p.db.Observe(p.observer); err != nil {
		return err
	}
	p.db.Connections(p.config.Database.Connections)
	if err := p.db.Migrate(ctx); err != nil {
		return err
	}
	if err := p.checkKey(ctx); err != nil {
		return err
	}
	if err := p.db.HideIDs(ctx, p.hideID); err != nil {
		return err
	}
	if err := p.db.MigratePrefixed(ctx, "settings_", settings.Migrations()); err != nil {
		return err
	}
	if err := p.db.MigratePrefixed(ctx, "transit_", transit.Migrations()); err != nil {
		return err
	}
	if err := p.db.MigratePrefixed(ctx, commandTables, commands.Migrations()); err != nil {
		return err
	}
	if err := p.db.MigratePrefixed(ctx, apiTables, api.Migrations()); err != nil {
		return err
	}
	return p.db.MigratePrefixed(ctx, "mail_", mail.Migrations())
}

// hideID is supervisor.Config.HideID. 128 bits are plenty to tell reports apart.
func (p *Program) hideID(key string) string { return p.box.Digest("report", key)[:32] }

// checkKey returns an error if the database was sealed with another key: the program would run, but could not open any account.
func (p *Program) checkKey(ctx context.Context) error {
	err := p.db.CheckInstanceKey(ctx, p.box.Print())
	if errors.Is(err, db.ErrOtherKey) {
		return fmt.Errorf("data: the database was sealed with another key than %s: restore the right instance.key "+
			"(a second data directory on the same PostgreSQL needs a copy of the first one's)", filepath.Join(p.config.Data, keyFile))
	}
	return err
}
