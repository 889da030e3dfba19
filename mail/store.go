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

const (
	leaseTime    = 20 * time.Second // of a lease that is not renewed: then another node delivers the message
	leaseBatch   = 20               // messages leased at once
	pollTime     = time.Minute      // interval of polling for messages that another node has left
	keyRetention = 24 * time.Hour   // of the key of a finished message, after the message expired
	insertBatch  = 200              // rows; far below the limits of parameters (32,766 in SQLite, 65,535 in PostgreSQL)
)

// item is a queued message: a row of table mail_messages. Times are milliseconds since 1970.
type item struct {
	ID        uint64 `gorm:"primaryKey"`
	Key       string `gorm:"size:64;uniqueIndex;not null"` // keyed hash of Message.Key
	Sealed    []byte // the envelope; nil for a finished message
	Open      bool   `gorm:"not null;index:idx_mail_due,priority:1"`  // not finished
	DueAt     int64  `gorm:"not null;index:idx_mail_due,priority:2"`  // next attempt, or end of the lease, or, if finished, end of keyRetention
	Lease     string `gorm:"size:26;not null;index"`                  // id of the lease, which ends at DueAt; empty if not leased
	Flow      string `gorm:"column:lane;size:32;not null;default:''"` // the column keeps its older name
	Attempts  int    `gorm:"not null"`
	Soft      bool   `gorm:"not null;default:false"` // the last attempt failed because of the recipient's address
	ExpiresAt int64  `gorm:"not null"`
}

// TableName is the table's name from before the type was called item.
func (item) TableName(namer schema.Namer) string { return namer.TableName("Message") }

// Migrations create the tables of the queue, on a handle with the prefix "mail_".
func Migrations() []*gormigrate.Migration {
	return []*gormigrate.Migration{{
		ID:      "1-messages",
		Migrate: func(tx *gorm.DB) error { return tx.AutoMigrate(&item{}) },
	}, {
		ID:      "2-lanes",
		Migrate: func(tx *gorm.DB) error { return tx.AutoMigrate(&item{}) },
	}, {
		ID:      "3-bounces",
		Migrate: func(tx *gorm.DB) error { return tx.AutoMigrate(&item{}, &bounceAddress{}) },
	}}
}

// store keeps the queue in the database.
type store struct {
	db   *gorm.DB
	box  *secret.Box
	now  func() time.Time
	wake chan struct{} // holds one token after a change that Run should read
}

func sealCell(key string) secret.Cell {
	return secret.Cell{Table: "mail_messages", Row: key, Column: "sealed"}
}

func (s *store) seal(key string, e envelope, expires time.Time) (item, error) {
	plain, err := json.Marshal(e)
	if err != nil {
		return item{}, err
	}
	return item{
		Key: key, Sealed: s.box.Seal(sealCell(key), plain), Open: true,
		DueAt: s.now().UnixMilli(), ExpiresAt: expires.UnixMilli(),
	}, nil
}

func (s *store) open(it item) (envelope, error) {
	var e envelope
	plain, err := s.box.Open(sealCell(it.Key), it.Sealed)
	if err != nil {
		return e, err
	}
	return e, json.Unmarshal(plain, &e)
}

// insert adds the items whose keys are new, and the bounce addresses, in one transaction.
func (s *store) insert(ctx context.Context, items []item, addresses []bounceAddress) error {
	if len(items) == 0 {
		return nil
	}
	err := s.db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := insertBounceAddresses(tx, addresses); err != nil {
			return err
		}
		return tx.Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "key"}}, DoNothing: true}).
			CreateInBatches(&items, insertBatch).Error
	})
	if err == nil {
		s.wakeRun()
	}
	return err
}

// wakeRun makes Run look for messages that are due.
func (s *store) wakeRun() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// lease leases up to leaseBatch messages that are due, except for the busy flows. Two nodes at the same time get different ones:
// PostgreSQL makes the second wait for the first's rows, which are then no longer due; SQLite has one writer.
func (s *store) lease(ctx context.Context, busy []string) (items []item, until time.Time, err error) {
	now := s.now()
	until = now.Add(leaseTime)
	lease := rand.Text()
	due := s.db.Model(&item{}).Select("id").Where("open = ? AND due_at <= ?", true, now.UnixMilli()).
		Order("due_at, id").Limit(leaseBatch)
	if len(busy) > 0 {
		due = due.Where("lane NOT IN ?", busy)
	}
	leased := s.db.WithContext(ctx).Model(&item{}).
		Where("id IN (?) AND open = ? AND due_at <= ?", due, true, now.UnixMilli()).
		Updates(map[string]any{"lease": lease, "due_at": until.UnixMilli()})
	if leased.Error != nil {
		return nil, until, fmt.Errorf("lease messages: %w", leased.Error)
	}
	if leased.RowsAffected == 0 {
		return nil, until, nil
	}
	if err := s.db.WithContext(ctx).Where("lease = ?", lease).Order("id").Find(&items).Error; err != nil {
		return nil, until, fmt.Errorf("read leased messages: %w", err)
	}
	return items, until, nil
}

// renew extends leases, except for those that another node has taken over.
func (s *store) renew(ctx context.Context, items []item, until time.Time) error {
	ids := map[string][]uint64{}
	for _, it := range items {
		ids[it.Lease] = append(ids[it.Lease], it.ID)
	}
	for lease, ids := range ids {
		err := s.db.WithContext(ctx).Model(&item{}).Where("lease = ? AND id IN ?", lease, ids).Update("due_at", until.UnixMilli()).Error
		if err != nil {
			return fmt.Errorf("renew leases of messages: %w", err)
		}
	}
	return nil
}

// nextDue returns the time until the next message is due, except for the busy flows; at most pollTime.
func (s *store) nextDue(ctx context.Context, busy []string) (time.Duration, error) {
	var due []int64
	open := s.db.WithContext(ctx).Model(&item{}).Where("open = ?", true)
	if len(busy) > 0 {
		open = open.Where("lane NOT IN ?", busy)
	}
	err := open.Order("due_at").Limit(1).Pluck("due_at", &due).Error
	if err != nil {
		return pollTime, fmt.Errorf("look for due messages: %w", err)
	}
	if len(due) == 0 {
		return pollTime, nil
	}
	return min(max(time.UnixMilli(due[0]).Sub(s.now()), 0), pollTime), nil
}

// finish deletes a message's content. Its key stays until keyRetention after it expired, or from now if that is later.
func (s *store) finish(ctx context.Context, it item) error {
	return s.update(ctx, it, s.finished(it))
}

// finishAnyway is finish of an item whose lease may have been taken over.
func (s *store) finishAnyway(ctx context.Context, it item) error {
	err := s.db.WithContext(ctx).Model(&item{}).Where("id = ? AND open = ?", it.ID, true).Updates(s.finished(it)).Error
	if err != nil {
		return fmt.Errorf("finish message: %w", err)
	}
	return nil
}

func (s *store) finished(it item) map[string]any {
	return map[string]any{
		"open": false, "sealed": nil, "lease": "",
		"due_at": max(it.ExpiresAt, s.now().UnixMilli()) + keyRetention.Milliseconds(),
	}
}

// canceled is the value of item.Lease for canceled messages.
const canceled = "canceled"

// cancel finishes messages that have not been sent, and returns how many of the keys belong to messages that have.
func (s *store) cancel(ctx context.Context, keys []string) (sent int, err error) {
	now := s.now().UnixMilli()
	err = s.db.WithContext(ctx).Model(&item{}).Where("key IN ? AND open = ?", keys, true).Updates(map[string]any{
		"open": false, "sealed": nil, "lease": canceled,
		"due_at": gorm.Expr("CASE WHEN expires_at > ? THEN expires_at ELSE ? END + ?", now, now, keyRetention.Milliseconds()),
	}).Error
	if err != nil {
		return 0, fmt.Errorf("cancel messages: %w", err)
	}
	var count int64
	err = s.db.WithContext(ctx).Model(&item{}).Where("key IN ? AND lease <> ?", keys, canceled).Count(&count).Error
	if err != nil {
		return 0, fmt.Errorf("count sent messages: %w", err)
	}
	return int(count), nil
}

// FinishAll finishes all messages that wait, as if they had been sent, and returns their number. tx has no prefix.
func FinishAll(tx *gorm.DB, now time.Time) (int64, error) {
	at := now.UnixMilli()
	done := tx.Table("mail_messages").Where("open = ?", true).Updates(map[string]any{"open": false, "sealed": nil, "lease": "",
		"due_at": gorm.Expr("CASE WHEN expires_at > ? THEN expires_at ELSE ? END + ?", at, at, keyRetention.Milliseconds())})
	return done.RowsAffected, done.Error
}

// isLeased reports whether the item's lease is still in force: the message may have been canceled meanwhile.
func (s *store) isLeased(ctx context.Context, it item) (bool, error) {
	var count int64
	err := s.db.WithContext(ctx).Model(&item{}).Where("id = ? AND lease = ?", it.ID, it.Lease).Count(&count).Error
	if err != nil {
		return false, fmt.Errorf("check lease of message: %w", err)
	}
	return count > 0, nil
}

// retry requeues a message for another attempt after the backoff.
func (s *store) retry(ctx context.Context, it item, backoff time.Duration, soft bool) error {
	defer s.wakeRun() // which may be waiting for the end of the lease
	return s.update(ctx, it, map[string]any{
		"lease": "", "attempts": it.Attempts + 1, "soft": soft, "due_at": s.now().Add(backoff).UnixMilli(),
	})
}

// release requeues messages that were not tried.
func (s *store) release(ctx context.Context, lease string, ids ...uint64) error {
	items := s.db.WithContext(ctx).Model(&item{}).Where("lease = ? AND id IN ?", lease, ids)
	if err := items.Updates(map[string]any{"lease": "", "due_at": s.now().UnixMilli()}).Error; err != nil {
		return fmt.Errorf("requeue messages: %w", err)
	}
	s.wakeRun()
	return nil
}

// update changes an item, unless another node has taken over the lease.
func (s *store) update(ctx context.Context, it item, values map[string]any) error {
	err := s.db.WithContext(ctx).Model(&item{}).Where("id = ? AND lease = ?", it.ID, it.Lease).Updates(values).Error
	if err != nil {
		return fmt.Errorf("update queued message: %w", err)
	}
	return nil
}

// releaseAll ends all leases in SQLite: only one process uses that, so they belong to a process that crashed.
func (s *store) releaseAll(ctx context.Context) error {
	if s.db.Dialector.Name() != "sqlite" {
		return nil
	}
	err := s.db.WithContext(ctx).Model(&item{}).Where("open = ? AND lease <> ''", true).
		Updates(map[string]any{"lease": "", "due_at": s.now().UnixMilli()}).Error
	if err != nil {
		return fmt.Errorf("end leases of messages: %w", err)
	}
	return nil
}

// prune deletes keys after their retention, and bounce addresses that have been unused for long.
func (s *store) prune(ctx context.Context) error {
	old := s.now().Add(-BounceRetention).UnixMilli()
	if err := s.db.WithContext(ctx).Where("seen_at < ?", old).Delete(&bounceAddress{}).Error; err != nil {
		return fmt.Errorf("delete old bounce addresses: %w", err)
	}
	err := s.db.WithContext(ctx).Where("open = ? AND due_at < ?", false, s.now().UnixMilli()).Delete(&item{}).Error
	if err != nil {
		return fmt.Errorf("delete finished messages: %w", err)
	}
	return nil
}
