package mail

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"time"

	"github.com/go-gormigrate/gormigrate/v2"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
	"gorm.io/gorm/schema"

	"linienfunk/internal/secret"
)

// item is a row of the queue, in table mail_messages. Times are milliseconds since 1970: SQLite compares times as
// texts, of which 10:00:00Z comes after 10:00:00.5Z. DueAt is when the next attempt is due, or when the lease ends; of a
// finished mail, when its key is forgotten.
type item struct {
	ID        uint64 `gorm:"primaryKey"`
	Key       string `gorm:"size:64;uniqueIndex;not null"` // keyed hash of Message.Key
	Sealed    []byte // the envelope; nil when the mail is finished
	Open      bool   `gorm:"not null;index:idx_mail_due,priority:1"`
	DueAt     int64  `gorm:"not null;index:idx_mail_due,priority:2"` // see below
	Lease     string `gorm:"size:26;not null;index"`                 // who has it until DueAt; empty for nobody
	Lane      string `gorm:"size:32;not null;default:''"`            // keyed hashes of where it goes and whose it is; see lanes
	Attempts  int    `gorm:"not null"`
	Soft      bool   `gorm:"not null;default:false"` // the last attempt failed because of the mailbox
	ExpiresAt int64  `gorm:"not null"`
}

// TableName is the table's name from before the type was called item.
func (item) TableName(namer schema.Namer) string { return namer.TableName("Message") }

// Migrations make the tables of the queue, on a handle with the prefix "mail_".
func Migrations() []*gormigrate.Migration {
	return []*gormigrate.Migration{{
		ID:      "1-messages",
		Migrate: func(tx *gorm.DB) error { return tx.AutoMigrate(&item{}) },
	}, {
		ID:      "2-lanes",
		Migrate: func(tx *gorm.DB) error { return tx.AutoMigrate(&item{}) },
	}, {
		ID:      "3-bounces",
		Migrate: func(tx *gorm.DB) error { return tx.AutoMigrate(&item{}, &Return{}) },
	}}
}

type queue struct {
	db   *gorm.DB
	box  *secret.Box
	now  func() time.Time
	wake chan struct{}
}

func sealPlace(key string) secret.Cell {
	return secret.Cell{Table: "mail_messages", Row: key, Column: "sealed"}
}

func (q *queue) seal(key string, e envelope, expires time.Time) (item, error) {
	plain, err := json.Marshal(e)
	if err != nil {
		return item{}, err
	}
	return item{
		Key: key, Sealed: q.box.Seal(sealPlace(key), plain), Open: true,
		DueAt: q.now().UnixMilli(), ExpiresAt: expires.UnixMilli(),
	}, nil
}

func (q *queue) open(row item) (envelope, error) {
	var e envelope
	plain, err := q.box.Open(sealPlace(row.Key), row.Sealed)
	if err != nil {
		return e, err
	}
	return e, json.Unmarshal(plain, &e)
}

// put inserts the rows whose keys are new, in one transaction; 200 at a time are far below the limits of parameters
// (32,766 in SQLite, 65,535 in PostgreSQL).
func (q *queue) put(ctx context.Context, rows []item, returns []Return) error {
	if len(rows) == 0 {
		return nil
	}
	err := q.db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := remember(tx, returns); err != nil {
			return err
		}
		return tx.Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "key"}}, DoNothing: true}).
			CreateInBatches(&rows, 200).Error
	})
	if err == nil {
		q.poke()
	}
	return err
}

// poke wakes Run; once is enough for any number of mails.
func (q *queue) poke() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// claim leases up to batchSize due mails of other lanes than those that are busy. Two nodes that claim at the same time get different ones: in PostgreSQL the
// second waits for the first's rows and then finds them no longer due; SQLite has one writer.
func (q *queue) claim(ctx context.Context, busy []string) (rows []item, until time.Time, err error) {
	now := q.now()
	until = now.Add(leaseTime)
	lease := rand.Text()
	due := q.db.Model(&item{}).Select("id").Where("open = ? AND due_at <= ?", true, now.UnixMilli()).
		Order("due_at, id").Limit(batchSize)
	if len(busy) > 0 {
		due = due.Where("lane NOT IN ?", busy)
	}
	claimed := q.db.WithContext(ctx).Model(&item{}).
		Where("id IN (?) AND open = ? AND due_at <= ?", due, true, now.UnixMilli()).
		Updates(map[string]any{"lease": lease, "due_at": until.UnixMilli()})
	if claimed.Error != nil {
		return nil, until, fmt.Errorf("lease mails: %w", claimed.Error)
	}
	if claimed.RowsAffected == 0 {
		return nil, until, nil
	}
	if err := q.db.WithContext(ctx).Where("lease = ?", lease).Order("id").Find(&rows).Error; err != nil {
		return nil, until, fmt.Errorf("read leased mails: %w", err)
	}
	return rows, until, nil
}

// renew renews the leases of mails, until the given time, but not of those that another node has by now.
func (q *queue) renew(ctx context.Context, rows []item, until time.Time) error {
	leases := map[string][]uint64{}
	for _, row := range rows {
		leases[row.Lease] = append(leases[row.Lease], row.ID)
	}
	for lease, ids := range leases {
		err := q.db.WithContext(ctx).Model(&item{}).Where("lease = ? AND id IN ?", lease, ids).Update("due_at", until.UnixMilli()).Error
		if err != nil {
			return fmt.Errorf("renew leases of mails: %w", err)
		}
	}
	return nil
}

// next returns how long to wait for the next mail of a lane that is not busy to become due, at most pollTime.
func (q *queue) next(ctx context.Context, busy []string) (time.Duration, error) {
	var due []int64
	open := q.db.WithContext(ctx).Model(&item{}).Where("open = ?", true)
	if len(busy) > 0 {
		open = open.Where("lane NOT IN ?", busy)
	}
	err := open.Order("due_at").Limit(1).Pluck("due_at", &due).Error
	if err != nil {
		return pollTime, fmt.Errorf("look for due mails: %w", err)
	}
	if len(due) == 0 {
		return pollTime, nil
	}
	return min(max(time.UnixMilli(due[0]).Sub(q.now()), 0), pollTime), nil
}

// finish ends a mail: its content is deleted, its key stays until keepKeys after it expires, or after now if that is later.
func (q *queue) finish(ctx context.Context, row item) error {
	return q.change(ctx, row, map[string]any{
		"open": false, "sealed": nil, "lease": "",
		"due_at": max(row.ExpiresAt, q.now().UnixMilli()) + keepKeys.Milliseconds(),
	})
}

// canceled stands in the place of the lease of a mail that was canceled.
const canceled = "canceled"

// cancel ends mails that have not left, and returns how many of the keys are of mails that have.
func (q *queue) cancel(ctx context.Context, keys []string) (left int, err error) {
	now := q.now().UnixMilli()
	err = q.db.WithContext(ctx).Model(&item{}).Where("key IN ? AND open = ?", keys, true).Updates(map[string]any{
		"open": false, "sealed": nil, "lease": canceled,
		"due_at": gorm.Expr("CASE WHEN expires_at > ? THEN expires_at ELSE ? END + ?", now, now, keepKeys.Milliseconds()),
	}).Error
	if err != nil {
		return 0, fmt.Errorf("cancel mails: %w", err)
	}
	var count int64
	err = q.db.WithContext(ctx).Model(&item{}).Where("key IN ? AND lease <> ?", keys, canceled).Count(&count).Error
	if err != nil {
		return 0, fmt.Errorf("count mails that have left: %w", err)
	}
	return int(count), nil
}

// holds says whether a mail is still leased: it may have been canceled meanwhile.
func (q *queue) holds(ctx context.Context, row item) (bool, error) {
	var count int64
	err := q.db.WithContext(ctx).Model(&item{}).Where("id = ? AND lease = ?", row.ID, row.Lease).Count(&count).Error
	if err != nil {
		return false, fmt.Errorf("look for a mail's lease: %w", err)
	}
	return count > 0, nil
}

// retry puts a mail back for another attempt after the pause.
func (q *queue) retry(ctx context.Context, row item, pause time.Duration, soft bool) error {
	defer q.poke() // Run may be waiting for the end of the lease
	return q.change(ctx, row, map[string]any{
		"lease": "", "attempts": row.Attempts + 1, "soft": soft, "due_at": q.now().Add(pause).UnixMilli(),
	})
}

// release puts leased mails back as they were.
func (q *queue) release(ctx context.Context, lease string, ids ...uint64) error {
	mails := q.db.WithContext(ctx).Model(&item{}).Where("lease = ? AND id IN ?", lease, ids)
	if err := mails.Updates(map[string]any{"lease": "", "due_at": q.now().UnixMilli()}).Error; err != nil {
		return fmt.Errorf("put mails back: %w", err)
	}
	q.poke()
	return nil
}

// change changes a mail, unless another node has it by now.
func (q *queue) change(ctx context.Context, row item, to map[string]any) error {
	err := q.db.WithContext(ctx).Model(&item{}).Where("id = ? AND lease = ?", row.ID, row.Lease).Updates(to).Error
	if err != nil {
		return fmt.Errorf("update queued mail: %w", err)
	}
	return nil
}

// recover ends all leases: in SQLite, which one process has to itself, they are those of a process that crashed.
func (q *queue) recover(ctx context.Context) error {
	if q.db.Dialector.Name() != "sqlite" {
		return nil
	}
	err := q.db.WithContext(ctx).Model(&item{}).Where("open = ? AND lease <> ''", true).
		Updates(map[string]any{"lease": "", "due_at": q.now().UnixMilli()}).Error
	if err != nil {
		return fmt.Errorf("end leases of mails: %w", err)
	}
	return nil
}

// prune forgets the keys whose time is over, and mailboxes that got no mail for long.
func (q *queue) prune(ctx context.Context) error {
	old := q.now().Add(-keepReturns).UnixMilli()
	if err := q.db.WithContext(ctx).Where("seen_at < ?", old).Delete(&Return{}).Error; err != nil {
		return fmt.Errorf("forget bounces: %w", err)
	}
	err := q.db.WithContext(ctx).Where("open = ? AND due_at < ?", false, q.now().UnixMilli()).Delete(&item{}).Error
	if err != nil {
		return fmt.Errorf("forget delivered mails: %w", err)
	}
	return nil
}
