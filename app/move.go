package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"linienfunk/bots/all"
	"linienfunk/db"
	"linienfunk/internal/config"
	"linienfunk/settings"
)

// move copies everything from the database and the broker of one configuration to those of another. No program may run on either. Nothing is
// deleted; as long as the copy is not complete the new database stays empty, so that a move that has failed can be repeated.
func move(ctx context.Context, from, to config.Config, out, stderr io.Writer) error {
	sameBroker := from.NATS.URL == to.NATS.URL && from.NATS.Prefix == to.NATS.Prefix && (from.NATS.URL != "" || sameFile(from.Data, to.Data))
	if databaseAddress(from) == databaseAddress(to) || from.Database.URL == "" && to.Database.URL == "" && sameFile(from.Data, to.Data) {
		return errors.New("move: both configurations have the same database")
	}
	if from.Database.URL == "" { // opening would create it
		existing, err := openExisting(ctx, from)
		if err != nil {
			return err
		}
		existing.Close()
	}
	source, err := openStores(ctx, from, nil, stderr)
	if err != nil {
		return err
	}
	defer source.Close()
	target, err := openStores(ctx, to, source, stderr)
	if err != nil {
		return fmt.Errorf("where to move: %w", err)
	}
	defer target.Close()
	for _, end := range []*Program{source, target} {
		if err := end.checkStopped(ctx); err != nil {
			return err
		}
	}
	if err := source.moveTo(ctx, target, sameBroker, out); err != nil {
		return err
	}
	cities, err := settings.VerifyAll(ctx, target.db)
	if err != nil {
		return fmt.Errorf("everything was moved as it was, but not all histories of settings are sound: %w", err)
	}
	_, err = fmt.Fprintf(out, "Cities whose settings and history are sound: %d, all of them. Everything is moved; nothing was deleted where it was.\n", cities)
	return err
}

// openStores opens the data directory and the database, and creates all tables. beside is another end in the same process, whose lock may be
// that of the same directory.
func openStores(ctx context.Context, c config.Config, beside *Program, stderr io.Writer) (*Program, error) {
	p := &Program{config: c, log: newLog(c.Log, stderr), now: time.Now}
	steps := []func(context.Context) error{p.openData, p.openDatabase, p.migrateBots}
	switch {
	case beside == nil:
	case sameFile(beside.config.Data, c.Data):
		p.box = beside.box
		steps = steps[1:]
	default:
		if err := copyKey(beside.config.Data, c.Data); err != nil {
			return nil, err
		}
	}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return nil, errors.Join(err, p.Close())
		}
	}
	return p, nil
}

// copyKey copies the instance's key to another data directory, without which nothing that is sealed could be opened there.
func copyKey(from, to string) error {
	key, err := os.ReadFile(filepath.Join(from, keyFile))
	if err != nil {
		return err
	}
	path := filepath.Join(to, keyFile)
	other, err := os.ReadFile(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		if err := os.MkdirAll(to, 0o700); err != nil {
			return err
		}
		return os.WriteFile(path, key, 0o600)
	case err != nil:
		return err
	case !bytes.Equal(bytes.TrimSpace(key), bytes.TrimSpace(other)):
		return fmt.Errorf("data: %s is another key than that in %s", path, from)
	}
	return nil
}

// migrateBots creates the tables of all networks.
func (p *Program) migrateBots(ctx context.Context) error {
	for _, plugin := range all.Plugins() {
		if err := p.db.MigratePrefixed(ctx, plugin.Name+"_", plugin.Migrations); err != nil {
			return fmt.Errorf("bot %s: %w", plugin.Name, err)
		}
	}
	return nil
}

// checkStopped returns an error if a node has a lease.
func (p *Program) checkStopped(ctx context.Context) error {
	nodes, now, err := p.db.Nodes(ctx)
	if err != nil {
		return err
	}
	for _, n := range nodes {
		if n.Until.After(now) {
			return fmt.Errorf("a node runs on %s; stop it first (one that was killed is gone after ten seconds)", n.Host)
		}
	}
	return nil
}

// moveTo copies the database, and what is left in the streams before the new database is complete.
func (p *Program) moveTo(ctx context.Context, to *Program, sameBroker bool, out io.Writer) error {
	except := []string{settings.PositionTable}
	last := func() error { return p.moveStreams(ctx, to, out) }
	if sameBroker {
		except, last = nil, func() error { return nil }
	}
	tables, rows := 0, 0
	err := p.db.MoveTo(ctx, to.db, func(m db.Moved) {
		tables, rows = tables+1, rows+m.Rows
		if m.Rows > 0 {
			fmt.Fprintf(out, "%-28s %8d rows\n", m.Table, m.Rows)
		}
	}, last, except...)
	if errors.Is(err, db.ErrNotEmpty) {
		return fmt.Errorf("%w; a move that has ended need not be repeated, and otherwise the database must be one without rows", err)
	}
	if err != nil {
		return fmt.Errorf("%w; nothing was changed, so the move can be repeated", err)
	}
	_, err = fmt.Fprintf(out, "%d rows of %d tables are copied and compared.\n", rows, tables)
	return err
}

func (p *Program) moveStreams(ctx context.Context, to *Program, out io.Writer) error {
	stream, written, err := settings.Position(ctx, p.db)
	if err != nil {
		return err
	}
	for _, end := range []*Program{p, to} {
		if err := end.openBus(ctx); err != nil {
			return err
		}
	}
	copied, err := p.bus.CopyTo(ctx, to.bus, stream, written)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%d messages with reports that are not judged yet, and %d changes of settings that are not written yet, are copied.\n",
		copied.Reports, copied.Updates)
	return err
}

func sameFile(a, b string) bool {
	one, err := filepath.Abs(a)
	other, err2 := filepath.Abs(b)
	return err == nil && err2 == nil && one == other
}
