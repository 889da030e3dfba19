package transit

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"linienfunk/db"
	"linienfunk/transit/network"
)

// ImportState says how far an import is.
type ImportState string

const (
	Reading     ImportState = "reading"
	Read        ImportState = "read"        // Import.Hash is its network
	Failed      ImportState = "failed"      // see Import.Failure; without one the log says why
	Interrupted ImportState = "interrupted" // the program has stopped meanwhile
)

// Import is a city's last import.
type Import struct {
	File         string // its name, for people
	State        ImportState
	Done, Total  int64 // unpacked bytes that were read, and that will be; 0 until it is known
	Hash         string
	Lines, Stops int
	Failure      *network.FeedError // what is wrong with the feed
	Started      time.Time
	Address      string          // from which it was fetched; empty for a file
	Part         network.Options // of the feed that was read
	etag         string
	lastModified string
}

// importRow is the last import of a city.
type importRow struct {
	City      string      `gorm:"primaryKey;size:32"`
	ID        string      `gorm:"size:26;not null"` // differs for each import
	File      string      `gorm:"size:200;not null"`
	State     ImportState `gorm:"size:16;not null"`
	Done      int64       `gorm:"not null"`
	Total     int64       `gorm:"not null"`
	Hash      string      `gorm:"size:64;not null"`
	Lines     int         `gorm:"not null"`
	Stops     int         `gorm:"not null"`
	Problem   string      `gorm:"not null"` // a network.FeedError as JSON, or empty
	StartedAt time.Time   `gorm:"not null"`
	UpdatedAt time.Time   `gorm:"not null"`

	Address      string `gorm:"size:500;not null;default:''"`
	Part         string `gorm:"not null;default:''"` // see part
	ETag         string `gorm:"column:etag;size:200;not null;default:''"`
	LastModified string `gorm:"size:60;not null;default:''"`
}

// TableName is the table.
func (importRow) TableName() string { return "transit_imports" }

// fail records why a feed was not read. ctx is that of the program.
func (r *importRow) fail(ctx context.Context, err error) {
	var wrong *network.FeedError
	switch {
	case errors.As(err, &wrong):
		text, _ := json.Marshal(wrong) // cannot fail for strings and numbers
		r.State, r.Problem = Failed, string(text)
	case ctx.Err() != nil:
		r.State = Interrupted
	default:
		r.State = Failed
	}
}

// Status returns a city's last import; false if there is none, or none that is still of interest.
func (i *Imports) Status(ctx context.Context, city string) (Import, bool, error) {
	var found []importRow
	if err := i.store.db.WithContext(ctx).Where("city = ?", city).Limit(1).Find(&found).Error; err != nil {
		return Import{}, false, fmt.Errorf("read import: %w", err)
	}
	if len(found) == 0 {
		return Import{}, false, nil
	}
	r := found[0]
	shown := Import{File: r.File, State: r.State, Done: r.Done, Total: r.Total, Hash: r.Hash, Lines: r.Lines, Stops: r.Stops, Started: r.StartedAt,
		Address: r.Address, Part: decodePart(r.Part), etag: r.ETag, lastModified: r.LastModified}
	if r.State == Reading && r.UpdatedAt.Before(i.store.now().Add(-lostTime)) {
		shown.State = Interrupted
	}
	if r.Problem != "" {
		shown.Failure = &network.FeedError{}
		if err := json.Unmarshal([]byte(r.Problem), shown.Failure); err != nil {
			return Import{}, false, fmt.Errorf("read import: %w", err)
		}
	}
	return shown, true, nil
}

// Cancel ends a city's import, on whichever node it runs, and forgets its result. A network that settings name stays.
func (i *Imports) Cancel(ctx context.Context, city string) error {
	return i.store.change("cancel import", ctx, func(tx *gorm.DB) error {
		if err := dropDraft(tx, city, db.Time(i.store.now().Add(newTime))); err != nil {
			return err
		}
		return tx.Where("city = ?", city).Delete(&importRow{}).Error
	})
}

// Offer stores a network as a city's last import, as if an admin had uploaded the feed.
func (s *Store) Offer(ctx context.Context, city, file string, n *network.Network) error {
	hash, err := s.Save(ctx, n)
	if err != nil {
		return err
	}
	return s.startImport(ctx, importRow{City: city, ID: rand.Text(), File: file, State: Read, Hash: hash, Lines: len(n.Lines), Stops: len(n.Stops)})
}

func (s *Store) change(what string, ctx context.Context, do func(tx *gorm.DB) error) error {
	if err := s.db.WithContext(ctx).Transaction(do); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// startImport replaces a city's last import.
func (s *Store) startImport(ctx context.Context, r importRow) error {
	r.StartedAt, r.UpdatedAt = db.Time(s.now()), db.Time(s.now())
	return s.change("start import", ctx, func(tx *gorm.DB) error {
		if err := dropDraft(tx, r.City, db.Time(s.now().Add(newTime))); err != nil {
			return err
		}
		return tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(&r).Error
	})
}

// dropDraft deletes the network of a city's last import, unless settings have named it (then it is kept beyond until) or it is another city's import as
// well: large networks that nobody has accepted must not pile up.
func dropDraft(tx *gorm.DB, city string, until time.Time) error {
	mine := tx.Model(&importRow{}).Select("hash").Where("city = ?", city)
	others := tx.Model(&importRow{}).Select("hash").Where("city <> ?", city)
	return tx.Where("hash IN (?) AND hash NOT IN (?) AND keep_until <= ?", mine, others, until).Delete(&row{}).Error
}

// writeProgress reports false if the import was cancelled.
func (s *Store) writeProgress(ctx context.Context, city, id string, done, total int64) (still bool, err error) {
	written := s.db.WithContext(ctx).Model(&importRow{}).Where("city = ? AND id = ?", city, id).
		UpdateColumns(map[string]any{"done": done, "total": total, "updated_at": db.Time(s.now())})
	return written.RowsAffected > 0, written.Error
}

// endImport writes the result, unless the import was cancelled.
func (s *Store) endImport(ctx context.Context, r importRow) error {
	return s.db.WithContext(ctx).Model(&importRow{}).Where("city = ? AND id = ?", r.City, r.ID).UpdateColumns(map[string]any{
		"state": r.State, "done": r.Done, "total": r.Total, "hash": r.Hash, "lines": r.Lines, "stops": r.Stops, "problem": r.Problem,
		"etag": r.ETag, "last_modified": r.LastModified, "updated_at": db.Time(s.now()),
	}).Error
}
