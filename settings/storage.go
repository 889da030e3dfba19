package settings

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/go-gormigrate/gormigrate/v2"
	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"linienfunk/bus"
	"linienfunk/db"
	"linienfunk/settings/chain"
)

// linkRow is a link of a city's chain.
type linkRow struct {
	City   string    `gorm:"primaryKey;size:32;uniqueIndex:idx_settings_links_base,priority:1"`
	Number int       `gorm:"primaryKey;autoIncrement:false"` // from 1
	Hash   string    `gorm:"size:64;not null;uniqueIndex"`
	Base   string    `gorm:"size:64;not null;uniqueIndex:idx_settings_links_base,priority:2"` // only one patch wins
	Patch  string    `gorm:"not null"`
	Result string    `gorm:"size:64;not null"`
	Author string    `gorm:"size:64;not null"`
	Time   time.Time `gorm:"not null"`
	Note   string    `gorm:"size:500;not null"`
}

// TableName is the table.
func (linkRow) TableName() string { return "settings_links" }

func (r linkRow) link() chain.Link {
	return chain.Link{
		City: r.City, Base: chain.Hash(r.Base), Patch: json.RawMessage(r.Patch), Result: chain.Hash(r.Result),
		Author: r.Author, Time: r.Time, Note: r.Note,
	}
}

// headRow is where a city's chain has come to: the patch from its root puts Document there.
type headRow struct {
	City     string `gorm:"primaryKey;size:32"`
	Number   int    `gorm:"not null"` // of the last link, 0 for none
	Hash     string `gorm:"size:64;not null"`
	Document string `gorm:"not null"`
}

// TableName is the table.
func (headRow) TableName() string { return "settings_heads" }

// progressRow is the update up to which everything is written. There is one.
type progressRow struct {
	ID       int    `gorm:"primaryKey;autoIncrement:false"`
	Stream   string `gorm:"size:40;not null"`
	Sequence uint64 `gorm:"not null"`
}

// TableName is the table.
func (progressRow) TableName() string { return "settings_progress" }

// Migrations make the tables.
func Migrations() []*gormigrate.Migration {
	return []*gormigrate.Migration{
		{ID: "1-documents", Migrate: func(tx *gorm.DB) error { return tx.AutoMigrate(&formerRow{}) }},
		{ID: "2-chains", Migrate: func(tx *gorm.DB) error {
			return tx.AutoMigrate(&linkRow{}, &headRow{}, &progressRow{})
		}},
	}
}

// transactionTime is how long the database may take for one update or answer, before it is tried again on another connection.
const transactionTime = 30 * time.Second

// keepUpdates is how many updates stay in the stream after they were written, for nodes that were cut off for a moment.
const keepUpdates = 1000

// Storage writes updates into the database and answers for it. Any number of them may run on one database: each reads all
// updates, and the first writes.
type Storage struct {
	db     *db.DB
	bus    *bus.Bus
	schema Schema
	log    *slog.Logger
	now    func() time.Time

	keep    uint64 // keepUpdates, or less in tests
	trimmed uint64
}

// NewStorage makes a Storage. Its tables must be there, see Migrations.
func NewStorage(database *db.DB, b *bus.Bus, schema Schema, log *slog.Logger, now func() time.Time) *Storage {
	return &Storage{db: database, bus: b, schema: schema, log: log, now: now, keep: keepUpdates}
}

// Run writes and answers until ctx ends.
func (s *Storage) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		if err := s.run(ctx); ctx.Err() == nil {
			s.log.Error("cannot store settings; will try again", "err", err, "pause", askPause)
			wait(ctx, askPause)
		}
	}
	return ctx.Err()
}

func (s *Storage) run(ctx context.Context) error {
	state, err := s.bus.UpdatesState(ctx)
	if err != nil {
		return err
	}
	written, err := s.begin(ctx, state)
	if err != nil {
		return err
	}
	stop, err := s.bus.OnQuestion(requestSubject, "settings-storage", func(q bus.Question) { s.reply(ctx, q) })
	if err != nil {
		return err
	}
	defer stop()
	s.trimmed = 0
	isFirst := true
	return s.bus.FollowUpdates(ctx, state.Stream, written+1, func(u bus.Update) error {
		skip := isFirst // whatever is missing before it is not in the stream any more
		isFirst = false
		return s.take(ctx, state.Stream, u, skip)
	})
}

// begin says from where on updates have to be written.
func (s *Storage) begin(ctx context.Context, state bus.Updates) (written uint64, err error) {
	err = s.db.Transaction(ctx, func(tx *gorm.DB) error {
		row, err := progress(tx, true)
		if err != nil {
			return err
		}
		if row.Stream != state.Stream {
			if row.Stream != "" {
				s.log.Warn("the stream of settings is a new one: changes that were not written before are lost")
			}
			row.Stream, row.Sequence = state.Stream, 0
		}
		if row.Sequence+1 < state.First {
			if row.Sequence > 0 {
				s.log.Error("changes of settings are missing: the database is older than the stream",
					"from", row.Sequence+1, "to", state.First-1)
			}
			row.Sequence = state.First - 1
		}
		if row.Sequence > state.Last {
			s.log.Error("changes of settings are missing: the stream is older than the database", "from", state.Last+1, "to", row.Sequence)
			row.Sequence = state.First - 1 // nobody knows which of what is there was written; a link that was is recognised
		}
		written = row.Sequence
		return tx.Save(&row).Error
	})
	if err != nil {
		return 0, fmt.Errorf("read progress: %w", err)
	}
	return written, nil
}

// progress reads the one row and holds it for the rest of the transaction: nobody writes a link meanwhile. (PostgreSQL would show
// each statement of the transaction another state; SQLite locks anyway.)
func progress(tx *gorm.DB, write bool) (row progressRow, err error) {
	lock := "SHARE"
	if write {
		lock = "UPDATE"
		if err := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&progressRow{ID: 1}).Error; err != nil {
			return row, err
		}
	}
	err = tx.Clauses(clause.Locking{Strength: lock}).Where("id = ?", 1).Limit(1).Find(&row).Error
	return row, err
}

// errGap says that an update came before one that is not written yet, or from another stream: run has to begin anew.
var errGap = errors.New("updates are missing")

// take writes one update, again and again until the database takes it.
func (s *Storage) take(ctx context.Context, stream string, u bus.Update, skip bool) error {
	pause := askAgain
	for ctx.Err() == nil {
		o, isNew, err := s.write(ctx, stream, u, skip)
		if err == nil {
			if isNew {
				s.report(u, o)
			}
			s.trim(ctx, u.Seq)
			return nil
		}
		if errors.Is(err, errGap) {
			return err
		}
		if ctx.Err() == nil {
			s.log.Error("cannot store a change of settings; will try again", "err", err, "pause", pause)
		}
		wait(ctx, pause)
		pause = min(2*pause, askPause)
	}
	return ctx.Err()
}

func (s *Storage) report(u bus.Update, o Outcome) {
	if !o.Applied {
		s.log.Info("a change of settings was refused", "link", o.Link, "err", o.Error)
	}
	data, err := encode(o)
	if err == nil {
		err = u.Answer(data)
	}
	if err != nil {
		s.log.Warn("cannot answer", "err", err)
	}
}

// trim deletes updates that are long written, some at a time.
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

// write judges an update and writes what follows from it, together with how far everything is written. isNew is false if it was written
// before. skip allows it to come after a gap.
func (s *Storage) write(ctx context.Context, stream string, u bus.Update, skip bool) (o Outcome, isNew bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, transactionTime)
	defer cancel()
	err = s.db.Transaction(ctx, func(tx *gorm.DB) error {
		row, err := progress(tx, true)
		switch {
		case err != nil:
			return err
		case row.Stream != stream || u.Seq > row.Sequence+1 && !skip:
			return fmt.Errorf("%w: %d of %s comes after %d of %s", errGap, u.Seq, stream, row.Sequence, row.Stream)
		case u.Seq <= row.Sequence:
			return nil
		}
		isNew = true
		if o, err = s.judge(tx, u); err != nil {
			return err
		}
		row.Sequence = u.Seq
		return tx.Save(&row).Error
	})
	return o, isNew, err
}

func (s *Storage) judge(tx *gorm.DB, u bus.Update) (Outcome, error) {
	link, hash, wrong := readLink(u.Base, u.Data)
	if wrong != nil {
		return outcome("", "", wrong), nil
	}
	var heads []headRow
	if err := tx.Where("city = ?", link.City).Limit(1).Find(&heads).Error; err != nil {
		return Outcome{}, err
	}
	if len(heads) == 0 {
		return outcome(hash, "", fmt.Errorf("%w: there is no such city", ErrUpdate)), nil
	}
	head := heads[0]
	current := chain.Hash(head.Hash)
	if known, err := has(tx, link.City, hash); err != nil || known { // it came twice, or the city was made with it
		return Outcome{Link: hash, Applied: true, Current: current}, err
	}
	last, err := lastOf(tx, link.City)
	if err != nil {
		return Outcome{}, err
	}
	if wrong := head.follows(last); wrong != nil {
		return outcome(hash, current, wrong), nil
	}
	next, _, _, wrong := s.schema.follow(version{[]byte(head.Document), current}, link, hash)
	if wrong != nil {
		return outcome(hash, current, wrong), nil
	}
	// What the database refuses for good must not keep all later updates waiting.
	err = tx.Transaction(func(tx *gorm.DB) error { return advance(tx, head, next, link) })
	if refused(err) {
		return outcome(hash, current, fmt.Errorf("the database refuses it: %w", err)), nil
	}
	return outcome(hash, hash, nil), err
}

// has says whether a city's chain has the link.
func has(tx *gorm.DB, city string, hash chain.Hash) (bool, error) {
	var count int64
	err := tx.Model(&linkRow{}).Where("city = ? AND hash = ?", city, string(hash)).Count(&count).Error
	return count > 0, err
}

// lastOf returns the last link of a city's chain; nil if there is none.
func lastOf(tx *gorm.DB, city string) (*linkRow, error) {
	var rows []linkRow
	if err := tx.Where("city = ?", city).Order("number DESC").Limit(1).Find(&rows).Error; err != nil || len(rows) == 0 {
		return nil, err
	}
	return &rows[0], nil
}

// follows checks that the head is what the last link made: nothing may be built on tables that somebody has changed.
func (head headRow) follows(last *linkRow) error {
	if last == nil {
		if head.Number != 0 || head.Hash != string(rootOf(head.City).hash) {
			return fmt.Errorf("%w: link %d is missing", chain.ErrBroken, head.Number)
		}
		return nil
	}
	hash, err := last.link().Hash()
	if err != nil || last.Number != head.Number || string(hash) != head.Hash || string(chain.Sum([]byte(head.Document))) != last.Result {
		return fmt.Errorf("%w: link %d does not make the version %s", chain.ErrBroken, last.Number, head.Hash)
	}
	return nil
}

// refused says whether the same statement would fail again: a key that is there already, or a value that the database cannot hold
// (https://www.postgresql.org/docs/current/errcodes-appendix.html, classes 22 and 23).
func refused(err error) bool {
	var pg *pgconn.PgError
	return errors.Is(err, gorm.ErrDuplicatedKey) || errors.As(err, &pg) && (strings.HasPrefix(pg.Code, "22") || strings.HasPrefix(pg.Code, "23"))
}

// advance writes a link and the head that it makes.
func advance(tx *gorm.DB, head headRow, next version, l chain.Link) error {
	number := head.Number + 1
	patch, err := chain.Canonical(l.Patch) // the hash is the same, and no white space is kept for good
	if err != nil {
		return err
	}
	if err := tx.Create(&linkRow{
		City: l.City, Number: number, Hash: string(next.hash), Base: string(l.Base), Patch: string(patch),
		Result: string(l.Result), Author: l.Author, Time: db.Time(l.Time), Note: l.Note,
	}).Error; err != nil {
		return err
	}
	return tx.Save(&headRow{City: l.City, Number: number, Hash: string(next.hash), Document: string(next.document)}).Error
}

// Create writes a new city's first link, in the transaction that makes the city. When that is committed, hand the link to
// Node.Created.
func (s *Storage) Create(tx *gorm.DB, city string, doc Settings, admin uint) (chain.Link, error) {
	document, err := doc.Document()
	if err != nil {
		return chain.Link{}, err
	}
	return s.create(tx, city, document, admin, "")
}

func (s *Storage) create(tx *gorm.DB, city string, document []byte, admin uint, why string) (chain.Link, error) {
	root := rootOf(city)
	link, err := chain.Make(city, root.hash, root.document, document)
	if err != nil {
		return link, err
	}
	link.Author, link.Time, link.Note = author(admin), db.Time(s.now()), note(why)
	hash, err := link.Hash()
	if err != nil {
		return link, err
	}
	next, _, _, err := s.schema.follow(root, link, hash)
	if err != nil {
		return link, err
	}
	return link, advance(tx, headRow{City: city}, next, link)
}
