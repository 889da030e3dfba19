package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"linienfunk/db"
	"linienfunk/internal/config"
	"linienfunk/internal/secret"
)

// resealBatch is how many values are sealed again in one transaction.
const resealBatch = 200

// rotateSecrets makes a new instance key and seals everything with it that is sealed. No program may run on the database.
//
// The key file has both keys from the first moment to the last, and no program starts with it; so the command can be killed anywhere, and goes on when it is run again: what is sealed
// with the new key already is left as it is. Only when nothing is sealed with the old key any more, the database gets the print of the new one, and the file loses the old one.
func rotateSecrets(ctx context.Context, c config.Config, stdout, stderr io.Writer) error {
	p, key, err := openRotation(ctx, c, stderr)
	if err != nil {
		return fmt.Errorf("secrets rotate: %w", err)
	}
	defer p.Close()
	path := filepath.Join(c.Data, keyFile)
	sealed, lost := 0, 0
	for _, column := range sealedColumns() {
		again, unreadable, err := p.reseal(ctx, column)
		if err != nil {
			return fmt.Errorf("secrets rotate: %w; run it again, and it goes on", err)
		}
		sealed, lost = sealed+again, lost+unreadable
		if again > 0 {
			fmt.Fprintf(stdout, "%-40s %8d\n", column.Table+"."+column.Name, again)
		}
	}
	prints, err := key.Prints()
	if err == nil {
		err = p.db.ReplaceInstanceKey(ctx, prints, p.box.Print())
	}
	if err == nil {
		err = key.Rotated().Save(path)
	}
	if err != nil {
		return fmt.Errorf("secrets rotate: %w; run it again, and it goes on", err)
	}
	if err := p.db.Erase(ctx); err != nil {
		p.log.Warn("values under the old key may still be in the database's files, until it has been open for a while", "err", err)
	}
	fmt.Fprintf(stdout, "%d values are sealed with a new key, which is in %s. Copy it to the data directories of all other nodes, and keep a copy apart.\n"+
		"Keep the old key for as long as you keep backups from before: they are sealed with it.\n", sealed, path)
	if lost > 0 {
		fmt.Fprintf(stdout, "%d values could not be opened before either, and are as they were: see linienfunk doctor.\n", lost)
	}
	return nil
}

// openRotation opens the database of an instance that is stopped, with a key file that has both keys.
func openRotation(ctx context.Context, c config.Config, stderr io.Writer) (p *Program, key secret.Key, err error) {
	path := filepath.Join(c.Data, keyFile)
	if missing(path) { // opening would make one
		return nil, key, fmt.Errorf("data: %s is missing", path)
	}
	p = &Program{config: c, log: newLog(c.Log, stderr), now: time.Now, rotating: true}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.Close())
		}
	}()
	if err := p.openData(ctx); err != nil { // also locks it
		return p, key, err
	}
	if p.db, err = openExisting(ctx, c); err != nil {
		return p, key, err
	}
	p.onClose(p.db.Close)
	if err := p.checkStopped(ctx); err != nil {
		return p, key, err
	}
	old, err := secret.LoadKey(path)
	if err != nil {
		return p, key, err
	}
	prints, err := old.Prints()
	if err != nil {
		return p, key, err
	}
	known, err := p.db.HasInstanceKey(ctx, prints)
	if err == nil && !known {
		err = fmt.Errorf("data: %w than %s: nothing was changed", db.ErrOtherKey, path)
	}
	if err != nil {
		return p, key, err
	}
	if key, err = old.Rotate(); err != nil {
		return p, key, err
	}
	if err := key.Save(path); err != nil {
		return p, key, err
	}
	p.box, err = key.Box()
	return p, key, err
}

// reseal seals the values of a column with the new key that are sealed with the old one. It returns their number, and that of those that neither opens.
func (p *Program) reseal(ctx context.Context, c secret.Column) (again, unreadable int, err error) {
	var batch []db.SealedChange
	write := func() error {
		defer func() { batch = batch[:0] }()
		return p.db.ReplaceSealed(ctx, c, batch)
	}
	err = p.db.EachSealed(ctx, c, func(row []string, stored []byte) error {
		cell := c.Cell(row)
		sealed, err := c.Decode(stored)
		if err == nil && p.box.IsSealed(cell, sealed) {
			return nil
		}
		var plain []byte
		if err == nil {
			plain, err = p.box.Open(cell, sealed)
		}
		if err != nil {
			unreadable++
			return nil
		}
		again++
		batch = append(batch, db.SealedChange{Row: row, From: c.Encode(sealed), To: c.Encode(p.box.Seal(cell, plain))})
		if len(batch) < resealBatch {
			return nil
		}
		return write()
	})
	if err == nil {
		err = write()
	}
	return again, unreadable, err
}
