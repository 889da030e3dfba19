package main

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"os"
	"path/filepath"
	"time"

	"gorm.io/gorm"

	"linienfunk/db"
	"linienfunk/internal/secret"
	"linienfunk/settings/chain"
)

func cityName(number int) string { return fmt.Sprintf("city%d", number) }

func accountID(name string) string {
	hash := fnv.New32a()
	hash.Write([]byte(name))
	return fmt.Sprint(100_000 + hash.Sum32())
}

// place makes a program with a fresh copy of a data directory, and resets the fakes, which are the cities' instances in turn.
func (b *bench) place(ctx context.Context, t target, cities int, instances ...*fake) (*program, error) {
	for _, f := range instances {
		if err := f.reset(ctx); err != nil {
			return nil, err
		}
	}
	from, err := b.prepare(ctx, t, cities, instances)
	if err != nil {
		return nil, fmt.Errorf("prepare data: %w", err)
	}
	data, err := os.MkdirTemp(b.dir, "data-")
	if err != nil {
		return nil, err
	}
	return newProgram(t, data), os.CopyFS(data, os.DirFS(from))
}

// ready starts a program and waits until all accounts read their streams.
func (b *bench) ready(ctx context.Context, p *program, cities int, instances ...*fake) error {
	if err := p.start(ctx, "serve"); err != nil {
		return err
	}
	if err := p.waitHealthy(ctx); err != nil {
		return err
	}
	return waitStreams(ctx, cities, instances)
}

// waitStreams waits until as many streams of all fakes are open.
func waitStreams(ctx context.Context, wanted int, instances []*fake) error {
	return until(ctx, 10*time.Millisecond, func() (bool, error) {
		open := 0
		for _, f := range instances {
			state, err := f.state(ctx)
			if err != nil {
				return false, err
			}
			open += state.Streams
		}
		return open >= wanted, nil
	})
}

// discard kills a program, if it runs, and deletes its data.
func (b *bench) discard(p *program) {
	if p.command != nil {
		p.kill()
		b.ended += p.used()
	}
	if !b.keep {
		os.RemoveAll(p.data)
		os.Remove(p.logFile())
	}
}

// prepare returns a data directory that the binary has made itself, with so many cities: its demo sets up one, whose rows are copied. A city
// has what a new one has, and one account on Mastodon.
func (b *bench) prepare(ctx context.Context, t target, cities int, instances []*fake) (string, error) {
	name := fmt.Sprint(t.name, " ", cities)
	for _, f := range instances {
		name += " " + f.url
	}
	if dir, ok := b.prepared[name]; ok {
		return dir, nil
	}
	dir, err := os.MkdirTemp(b.dir, "prepared-")
	if err != nil {
		return "", err
	}
	p := newProgram(t, dir)
	if err := p.start(ctx, "demo"); err != nil {
		return "", err
	}
	if err := p.waitHealthy(ctx); err != nil {
		p.kill()
		return "", err
	}
	if err := p.stop(); err != nil { // a demo that is healthy has set up its city
		return "", err
	}
	b.ended += p.used()
	database, err := db.Open(ctx, filepath.Join(dir, "linienfunk.db"), time.Now)
	if err != nil {
		return "", err
	}
	if err := errors.Join(copyCity(ctx, database, dir, cities, instances), database.Close()); err != nil {
		return "", err
	}
	b.prepared[name] = dir
	return dir, os.RemoveAll(filepath.Join(dir, "nats")) // its stream of settings names the demo's city
}

// copyCity replaces the demo's city by others like it.
func copyCity(ctx context.Context, database *db.DB, dir string, cities int, instances []*fake) error {
	key, err := secret.LoadKey(filepath.Join(dir, "instance.key"))
	if err != nil {
		return err
	}
	box, err := key.Box()
	if err != nil {
		return err
	}
	return database.Transaction(ctx, func(tx *gorm.DB) error {
		var document string
		if err := tx.Raw("SELECT document FROM settings_heads").Scan(&document).Error; err != nil {
			return err
		}
		for _, table := range []string{"cities", "city_admins", "settings_links", "settings_heads", "settings_progress", "email_subscribers"} {
			if err := tx.Exec("DELETE FROM " + table).Error; err != nil {
				return err
			}
		}
		for i := range cities {
			name := cityName(i)
			if err := insertCity(tx, name, document); err != nil {
				return err
			}
			token := box.Seal(secret.Cell{Table: "mastodon_accounts", Row: name, Column: "token"}, []byte(name))
			if err := insert(tx, "mastodon_accounts", map[string]any{
				"city": name, "revision": "1", "instance": instances[i%len(instances)].url, "account_id": accountID(name), "acct": name,
				"domain": "fake.example", "url": "https://fake.example/@" + name, "is_bot": false, "limited": false, "token": token, "position": "1",
				"created_at": now(), "updated_at": now(),
			}); err != nil {
				return err
			}
		}
		return nil
	})
}

func now() time.Time { return db.Time(time.Now()) }

func insertCity(tx *gorm.DB, name, document string) error {
	_, root := chain.Root(name)
	link := chain.Link{City: name, Base: root, Patch: chain.ReplaceDocument([]byte(document)), Result: chain.Sum([]byte(document)), Author: "1", Time: now()}
	hash, err := link.Hash()
	if err != nil {
		return err
	}
	for table, row := range map[string]map[string]any{
		"cities":      {"name": name, "created_at": now()},
		"city_admins": {"city": name, "admin_id": 1},
		"settings_links": {"city": name, "number": 1, "hash": string(hash), "base": string(link.Base), "patch": string(link.Patch),
			"result": string(link.Result), "author": link.Author, "time": link.Time, "note": ""},
		"settings_heads": {"city": name, "number": 1, "hash": string(hash), "document": document},
	} {
		if err := insert(tx, table, row); err != nil {
			return err
		}
	}
	return nil
}

func insert(tx *gorm.DB, table string, row map[string]any) error {
	return tx.Table(table).Create(row).Error
}

// ledger reads the ledger of a running program.
type ledger struct{ *db.DB }

func (p *program) ledger(ctx context.Context) (ledger, error) {
	opened, err := db.Open(ctx, filepath.Join(p.data, "linienfunk.db"), time.Now)
	return ledger{opened}, err
}

// wait waits until the ledger has so many reports, none of whose deliveries waits.
func (l ledger) wait(ctx context.Context, reports int) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return until(ctx, 20*time.Millisecond, func() (bool, error) {
		var have, waiting int
		err := l.SQL().QueryRowContext(ctx, "SELECT (SELECT count(*) FROM ledger_entries), "+
			"(SELECT count(*) FROM ledger_deliveries WHERE status IN ('queued', 'retrying'))").Scan(&have, &waiting)
		return have >= reports && waiting == 0, err
	})
}
