package settings

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"linienfunk/bus"
	"linienfunk/db"
	"linienfunk/internal/wait"
)

// transactionTimeout is the limit of a database transaction, which is then retried on another connection.
const transactionTimeout = 30 * time.Second

// keepUpdates is how many updates stay in the stream after they were written, for nodes that were disconnected briefly.
const keepUpdates = 1000

// Storage writes updates into the database and serves requests for cities. Any number of them may run on one database: each
// reads all updates, and the first to get the lock writes.
type Storage struct {
	db     *db.DB
	bus    *bus.Bus
	schema Schema
	log    *slog.Logger
	now    func() time.Time

	keep    uint64 // keepUpdates; tests set less
	trimmed uint64
}

// NewStorage returns a Storage. Its tables must exist, see Migrations.
func NewStorage(database *db.DB, b *bus.Bus, schema Schema, log *slog.Logger, now func() time.Time) *Storage {
	return &Storage{db: database, bus: b, schema: schema, log: log, now: now, keep: keepUpdates}
}

// Run writes updates and serves requests until ctx ends.
func (s *Storage) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		if err := s.run(ctx); ctx.Err() == nil {
			s.log.Error("cannot store settings; will retry", "err", err, "delay", maxBackoff)
			wait.For(ctx, maxBackoff)
		}
	}
	return ctx.Err()
}

func (s *Storage) run(ctx context.Context) error {
	state, err := s.bus.UpdatesState(ctx)
	if err != nil {
		return err
	}
	written, err := s.startPosition(ctx, state)
	if err != nil {
		return err
	}
	stop, err := s.bus.HandleRequests(requestSubject, "settings-storage", func(q bus.Request) { s.handleRequest(ctx, q) })
	if err != nil {
		return err
	}
	defer stop()
	s.trimmed = 0
	isFirst := true
	return s.bus.FollowUpdates(ctx, state.Stream, written+1, func(u bus.Update) error {
		skip := isFirst // updates before the first one were trimmed
		isFirst = false
		return s.store(ctx, state.Stream, u, skip)
	})
}

// startPosition returns the sequence number up to which all updates are written or lost.
func (s *Storage) startPosition(ctx context.Context, state bus.StreamState) (written uint64, err error) {
	err = s.db.Transaction(ctx, func(tx *gorm.DB) error {
		row, err := lockProgress(tx)
		if err != nil {
			return err
		}
		if row.Stream != state.Stream {
			if row.Stream != "" {
				s.log.Warn("the stream SETTINGS was recreated: changes that were not written before are lost")
			}
			row.Stream, row.Sequence = state.Stream, 0
		}
		if row.Sequence+1 < state.First {
			if row.Sequence > 0 {
				s.log.Error("changes of settings are lost: the database is older than the stream, e.g. after restoring a backup",
					"from", row.Sequence+1, "to", state.First-1)
			}
			row.Sequence = state.First - 1
		}
		if row.Sequence > state.Last {
			s.log.Error("the stream SETTINGS is older than the database, e.g. after restoring a backup", "from", state.Last+1, "to", row.Sequence)
			row.Sequence = state.First - 1 // apply all again: links that are in the chain already are recognised
		}
		written = row.Sequence
		return tx.Save(&row).Error
	})
	if err != nil {
		return 0, fmt.Errorf("read progress: %w", err)
	}
	return written, nil
}

// lockProgress reads the only row of settings_progress and locks it for the rest of the transaction, so that nobody else writes links
// meanwhile. (SQLite locks the database anyway.)
func lockProgress(tx *gorm.DB) (row progressRow, err error) {
	if err := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&progressRow{ID: 1}).Error; err != nil {
		return row, err
	}
	err = tx.Clauses(clause.Locking{Strength: "UPDATE"}).Where("id = ?", 1).Limit(1).Find(&row).Error
	return row, err
}

// errGap means that an update follows one that is not written yet, or comes from another stream: run must start again.
var errGap = errors.New("updates are missing")

// store writes one update and retries until the database accepts it.
func (s *Storage) store(ctx context.Context, stream string, u bus.Update, skip bool) error {
	pause := minBackoff
	for ctx.Err() == nil {
		o, isNew, err := s.write(ctx, stream, u, skip)
		if err == nil {
			if isNew {
				s.reportOutcome(u, o)
			}
			s.trim(ctx, u.Seq)
			return nil
		}
		if errors.Is(err, errGap) {
			return err
		}
		if ctx.Err() == nil {
			s.log.Error("cannot store a change of settings; will retry", "err", err, "delay", pause)
		}
		wait.For(ctx, pause)
		pause = min(2*pause, maxBackoff)
	}
	return ctx.Err()
}

func (s *Storage) reportOutcome(u bus.Update, o Outcome) {
	if !o.Applied && len(u.Data) > 0 { // the bus stores an empty one to see whether it can store
		s.log.Info("a change of settings was refused", "link", o.Link, "err", o.Error)
	}
	data, err := encode(o)
	if err == nil {
		err = u.Respond(data)
	}
	if err != nil {
		s.log.Warn("cannot send the outcome of a change", "link", o.Link, "err", err)
	}
}

// trim purges updates that were written long ago, in batches.
func (s *Storage) trim(ctx context.Context, written uint64) {
	if written < s.trimmed+s.keep+s.keep/4+1 {
		return
	}
	if err := s.bus.TrimUpdates(ctx, written-s.keep); err != nil {
		if ctx.Err() == nil {
			s.log.Warn("cannot trim updates", "err", err)
		}
		return
	}
	s.trimmed = written - s.keep
}

// write applies an update and stores the result together with the progress. isNew is false if the update was written before.
// skip accepts an update after a gap.
func (s *Storage) write(ctx context.Context, stream string, u bus.Update, skip bool) (o Outcome, isNew bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, transactionTimeout)
	defer cancel()
	err = s.db.Transaction(ctx, func(tx *gorm.DB) error {
		row, err := lockProgress(tx)
		switch {
		case err != nil:
			return err
		case row.Stream != stream || u.Seq > row.Sequence+1 && !skip:
			return fmt.Errorf("%w: %d of %s comes after %d of %s", errGap, u.Seq, stream, row.Sequence, row.Stream)
		case u.Seq <= row.Sequence:
			return nil
		}
		isNew = true
		if o, err = s.apply(tx, u); err != nil {
			return err
		}
		row.Sequence = u.Seq
		return tx.Save(&row).Error
	})
	return o, isNew, err
}
