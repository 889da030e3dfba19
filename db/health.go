package db

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"syscall"

	"github.com/ncruces/go-sqlite3"
	"gorm.io/gorm"

	"linienfunk/internal/disk"
)

// diskState knows whether a write to SQLite's files has failed.
type diskState struct{ failed atomic.Bool }

// note notes the outcome of a statement. Success says nothing: on a full disk a small write may still fit into what a file has already.
func (s *diskState) note(err error) {
	if isDiskError(err) {
		s.failed.Store(true)
	}
}

func isDiskError(err error) bool {
	return errors.Is(err, sqlite3.FULL) || errors.Is(err, sqlite3.IOERR)
}

// Ping returns nil if the database answers and, after a failed write to SQLite's files, can be written again. Otherwise the error wraps the
// disk's, if there is one.
func (d *DB) Ping(ctx context.Context) error {
	if d.group != nil && d.group.disk.failed.Load() {
		if err := d.tryDisk(ctx); err != nil {
			return fmt.Errorf("the database cannot be written: %w", err)
		}
	}
	err := d.Transaction(ctx, func(tx *gorm.DB) error { // takes SQLite's write lock
		return tx.Exec("SELECT 1 FROM cities LIMIT 1").Error
	})
	return wrap("ask the database", d.nameDisk(err))
}

// nameDisk wraps the disk's error, which SQLite's do not name.
func (d *DB) nameDisk(err error) error {
	if !isDiskError(err) {
		return err
	}
	if full := disk.Probe(d.dir); full != nil {
		return full
	}
	return disk.Error(fmt.Sprintf("%v: %v", err, syscall.EIO))
}

// tryDisk writes a file beside the database, and the database itself.
func (d *DB) tryDisk(ctx context.Context) error {
	if err := disk.Probe(d.dir); err != nil {
		return err
	}
	if err := d.WithContext(ctx).Exec(fmt.Sprintf("PRAGMA user_version = %d", erasedVersion)).Error; err != nil { // writes the first page, even if nothing changes
		return d.nameDisk(err)
	}
	d.group.disk.failed.Store(false)
	return nil
}
