package db

import (
	"context"
	"errors"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"linienfunk/report"
)

// Muted is an author whose reports a city holds.
type Muted struct {
	City   string    `gorm:"primaryKey;size:32"`
	Author string    `gorm:"primaryKey;size:32"` // a pseudonym, as in Entry
	Until  time.Time `gorm:"not null;index"`     // when the pseudonym changes
}

// TableName is the table's name for gorm.
func (Muted) TableName() string { return "muted_authors" }

// EntryByKey returns the entry with a report.Report's Key and its deliveries, or ErrNotFound.
func (d *DB) EntryByKey(ctx context.Context, key string) (Entry, error) {
	return findOne[Entry](d.WithContext(ctx).Preload("Deliveries").Where("key = ?", key))
}

// IsHeld reports whether the entry waits for the ruling of a moderator: the censor has held it, and its text is still there.
func (e Entry) IsHeld() bool {
	return !e.Passed && e.Ruling == "" && e.Withdrawn == "" && e.Text != ""
}

// IsOut reports whether the report was sent anywhere, or may still be.
func (e Entry) IsOut() bool {
	for _, d := range e.Deliveries {
		if d.Status == Sent || !d.Status.Final() {
			return true
		}
	}
	return false
}

// ReleaseHeld makes a report that was held one that passed: j has its report with what it means, and the deliveries. The entry is returned with them. It is Known if it was not held
// any more, for example since it was released before.
func (d *DB) ReleaseHeld(ctx context.Context, j Judged) (Entry, error) {
	var entry Entry
	err := d.Transaction(ctx, func(tx *gorm.DB) error {
		j.Verdict.Passed = true
		numbered := numberedAs(j, d.now())
		done := tx.Model(&Entry{}).Where("key = ? AND NOT passed AND ruling = '' AND withdrawn = '' AND text <> ''", j.Report.Key()).
			Updates(map[string]any{"passed": true, "ruling": string(report.Release), "reading": encodeReading(j.Report.Means), "numbered": numbered})
		if done.Error != nil {
			return done.Error
		}
		var err error
		if entry, err = findOne[Entry](tx.Preload("Deliveries").Where("key = ?", j.Report.Key())); err != nil {
			return err
		}
		if entry.Known = done.RowsAffected == 0; entry.Known {
			return nil
		}
		for _, bot := range j.Bots {
			entry.Deliveries = append(entry.Deliveries, Delivery{EntryID: entry.ID, Bot: bot, Status: j.Status, UpdatedAt: d.now()})
		}
		if err := insertDeliveries(tx, entry.Deliveries); err != nil {
			return err
		}
		return addNumbers(tx, numbersOf(entry, j.Report.Means))
	})
	if errors.Is(err, ErrNotFound) {
		return entry, err
	}
	return entry, wrap("release report", err)
}

// RefuseHeld notes that a report that is held is not to be relayed. It does nothing to others.
func (d *DB) RefuseHeld(ctx context.Context, key string) error {
	return wrap("refuse report", d.WithContext(ctx).Model(&Entry{}).Where("key = ? AND NOT passed AND ruling = '' AND withdrawn = ''", key).
		Update("ruling", string(report.Refuse)).Error)
}

// Held returns up to limit entries of a city that wait for a ruling and were recorded since the given time, the newest first, without their deliveries.
func (d *DB) Held(ctx context.Context, city string, since time.Time, limit int) (entries []Entry, err error) {
	err = d.WithContext(ctx).Where("city = ? AND created_at >= ? AND NOT passed AND ruling = '' AND withdrawn = '' AND text <> '' AND list <> ?", city, Time(since), string(report.Dropped)).
		Order("id DESC").Limit(limit).Find(&entries).Error
	return entries, wrap("read held reports", err)
}

// Mute holds the reports of an author until the given time.
func (d *DB) Mute(ctx context.Context, m Muted) error {
	m.Until = Time(m.Until)
	return wrap("mute", d.WithContext(ctx).Clauses(clause.OnConflict{UpdateAll: true}).Create(&m).Error)
}

// Unmute ends a Mute.
func (d *DB) Unmute(ctx context.Context, city, author string) error {
	return wrap("unmute", d.WithContext(ctx).Where("city = ? AND author = ?", city, author).Delete(&Muted{}).Error)
}

// MutedAuthors lists all authors who are muted now, and deletes those who are not any more.
func (d *DB) MutedAuthors(ctx context.Context) (all []Muted, err error) {
	if over, err := Any(d.WithContext(ctx).Model(&Muted{}), "until <= ?", d.now()); err != nil || over {
		if err == nil {
			err = d.WithContext(ctx).Where("until <= ?", d.now()).Delete(&Muted{}).Error
		}
		if err != nil {
			return nil, wrap("delete muted authors", err)
		}
	}
	return all, wrap("list muted authors", d.WithContext(ctx).Find(&all).Error)
}
