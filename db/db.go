// Package db opens the database, SQLite in a file or PostgreSQL, and holds the core's tables: admins, cities and the ledger of
// reports. It knows no network; a bot gets a handle that prefixes the names of its tables.
package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/ncruces/go-sqlite3"
	_ "github.com/ncruces/go-sqlite3/driver" // the database/sql driver "sqlite3", SQLite without cgo
	"github.com/ncruces/go-sqlite3/gormlite"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"
	"gorm.io/gorm/schema"

	"linienfunk/internal/observe"
)

// DB is an open database.
type DB struct {
	*gorm.DB // the core's tables

	sql       *sql.DB
	group     *groupCommit // nil for PostgreSQL
	dir       string       // of the file of SQLite
	dialector func() gorm.Dialector
	now       func() time.Time
	schema    int // Schema, or what a test sets
	observer  *observe.Observer
}

// Open opens the database at address: a path, or "file:" and a path, for SQLite; postgres://user@host/name for PostgreSQL
// (search_path may be given as a parameter). now is the clock of gorm's time columns. Open does not create tables;
// see Migrate.
func Open(ctx context.Context, address string, now func() time.Time) (*DB, error) {
	open := openSQLite
	if IsPostgres(address) {
		open = openPostgres
	}
	d, err := open(address)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	d.now, d.schema = func() time.Time { return Time(now()) }, Schema
	if err := d.start(ctx); err != nil {
		d.sql.Close()
		return nil, wrap("open database", err)
	}
	if d.DB, err = d.Prefixed(""); err != nil {
		d.Close()
		return nil, fmt.Errorf("open database: %w", err)
	}
	return d, nil
}

// start connects.
func (d *DB) start(ctx context.Context) (err error) {
	if err := d.sql.PingContext(ctx); err != nil || d.dialector != nil {
		return err
	}
	d.group, err = newGroupCommit(ctx, d.sql)
	d.dialector = func() gorm.Dialector { return gormlite.OpenDB(d.group) }
	return err
}

// Time returns t as the database stores it: UTC, in microseconds.
func Time(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// sqliteTime is the format of times in SQLite, which compares them as text: all must have the same length.
const sqliteTime = "2006-01-02T15:04:05.000000Z07:00"

// openSQLite follows https://www.sqlite.org/wal.html: readers do not wait for the writer. A transaction takes the
// write lock when it begins, since an upgrade from reading cannot wait (SQLITE_BUSY_SNAPSHOT). synchronous=full
// makes a commit survive a power cut: what is acknowledged to NATS or to a mail server must not be forgotten here. secure_delete
// overwrites what is deleted with zeros; the log is cut to journal_size_limit after a checkpoint, however long a slow reader made it.
func openSQLite(address string) (*DB, error) {
	path, err := filepath.Abs(strings.TrimPrefix(address, "file:"))
	if err != nil {
		return nil, err
	}
	for _, name := range []string{path, path + "-shm"} {
		if err := createPrivate(name); err != nil {
			return nil, err
		}
	}
	dsn := url.URL{Scheme: "file", Path: path, RawQuery: url.Values{
		"_txlock": {"immediate"}, "_timefmt": {sqliteTime}, "modeof": {path}, // gives the -wal file the mode of the database
		"_pragma": {"busy_timeout(10000)", "journal_mode(wal)", "synchronous(full)", "foreign_keys(on)",
			"secure_delete(on)", "journal_size_limit(4194304)"},
	}.Encode()}
	conn, err := sql.Open("sqlite3", dsn.String())
	if err != nil {
		return nil, err
	}
	conn.SetMaxOpenConns(8)
	conn.SetMaxIdleConns(8)
	return &DB{sql: conn, dir: filepath.Dir(path)}, nil // start makes the dialector
}

// createPrivate creates a file that only its owner can read; SQLite would make it readable by everyone. An existing file
// is not opened, because closing it would release the locks that another connection of this process holds
// (https://www.sqlite.org/howtocorrupt.html, section 2.2).
func createPrivate(path string) error {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return file.Close()
}

// Prefixed returns a handle on the same database that prefixes the names of all tables that it derives
// from types: with "email_", a type Subscriber is the table email_subscribers.
func (d *DB) Prefixed(prefix string) (*gorm.DB, error) {
	handle, err := gorm.Open(d.dialector(), &gorm.Config{
		NamingStrategy: schema.NamingStrategy{TablePrefix: prefix, IdentifierMaxLength: 63},
		Logger:         logger.Discard, // errors are returned; logged statements would contain report texts
		NowFunc:        d.now,
		TranslateError: true,
		// "SELECT *" would return columns that a newer node has added, and pgx remembers how many there were.
		QueryFields: true,
		// Open has pinged. database/sql repeats a query on a connection that has just broken, but not a ping.
		DisableAutomaticPing: true,
	})
	if err != nil {
		return nil, err
	}
	return handle, d.observer.Queries(handle)
}

// In returns a handle, such as one of Prefixed, that reads and writes in the transaction tx of another handle on the same database.
func In(ctx context.Context, handle, tx *gorm.DB) *gorm.DB {
	in := handle.Session(&gorm.Session{NewDB: true, Context: ctx})
	in.Statement.ConnPool = tx.Statement.ConnPool
	return in
}

// Observe has the durations of all statements observed, by operation and table. It must come right after Open.
func (d *DB) Observe(o *observe.Observer) error {
	d.observer = o
	if d.group != nil {
		d.group.observer = o
	}
	return o.Queries(d.DB)
}

// explain adds to errors what an operator can do about them. SQLite's driver wraps some in words about its own parameters.
func explain(err error) error {
	switch {
	case errors.Is(err, sqlite3.FULL):
		return fmt.Errorf("no space is left on the disk: %w", err)
	case errors.Is(err, sqlite3.IOERR):
		return fmt.Errorf("the disk cannot be read or written; it may be full: %w", err)
	case errors.Is(err, sqlite3.CORRUPT):
		return fmt.Errorf("the file is damaged or no database; restore it from a backup: %w", sqlite3.CORRUPT)
	case errors.Is(err, sqlite3.NOTADB):
		return fmt.Errorf("the file is damaged or no database; restore it from a backup: %w", sqlite3.NOTADB)
	}
	return explainPostgres(err)
}

// Close closes the database.
func (d *DB) Close() error {
	var err error
	if d.group != nil {
		err = d.group.Close()
	}
	return errors.Join(err, d.sql.Close())
}

// SQL returns the underlying connection pool, for libraries that need one.
func (d *DB) SQL() *sql.DB { return d.sql }
