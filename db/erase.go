package db

import (
	"context"
	"errors"
	"fmt"
)

// Erase makes what was deleted unreadable in SQLite's files as well. secure_delete has overwritten it in the pages; the write-ahead log
// still holds older versions of them until it is truncated (https://www.sqlite.org/wal.html#avoiding_excessively_large_wal_files).
// While a reader needs the log, for longer than the busy timeout, Erase returns an error and should be called again later. PostgreSQL
// overwrites nothing on demand: there Erase does nothing.
func (d *DB) Erase(ctx context.Context) error {
	if !d.isSQLite() {
		return nil
	}
	var busy, pages, moved int
	row := d.sql.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)")
	if err := row.Scan(&busy, &pages, &moved); err != nil {
		return fmt.Errorf("truncate the write-ahead log: %w", err)
	}
	if busy != 0 {
		return errors.New("truncate the write-ahead log: a reader needs it")
	}
	return nil
}

// erasedVersion is the user_version of a SQLite file from which nothing deleted can be read: it was made, or rewritten, by a program that
// sets secure_delete.
const erasedVersion = 1

// eraseOnce rewrites a SQLite file of a program without secure_delete, whose free pages hold deleted texts.
func (d *DB) eraseOnce(ctx context.Context) error {
	if !d.isSQLite() {
		return nil
	}
	var version int
	if err := d.sql.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return wrap("read version", err)
	}
	if version >= erasedVersion {
		return nil
	}
	if _, err := d.sql.ExecContext(ctx, "VACUUM"); err != nil {
		return wrap("rewrite the database, which needs as much free space as the file has", err)
	}
	if _, err := d.sql.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", erasedVersion)); err != nil {
		return wrap("write version", err)
	}
	return d.Erase(ctx)
}

func (d *DB) isSQLite() bool { return d.Name() == "sqlite" }
