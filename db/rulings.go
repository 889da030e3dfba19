package db

import (
	"context"
	"errors"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"linienfunk/report"
)

// Muted is an author whose reports a city holds.
type Muted struct {
	City   string     `gorm:"primaryKey;size:32"`
	Author string     `gorm:"primaryKey;size:32"` // a pseudonym or a mark, as in Entry
	Until  time.Time  `gorm:"not null;index"`     // at the latest when the pseudonym changes, if it is one
	Entry  uint       `gorm:"not null;default:0"` // the report for which they were muted; 0 if an earlier program has noted none
	Since  *time.Time // nil if an earlier program has noted none
}

// TableName is the table's name for gorm.
func (Muted) TableName() string { return "muted_authors" }

// EntryByKey returns the entry with a report.Report's Key and its deliveries, or ErrNotFound.
func (d *DB) EntryByKey(ctx context.Context, key string) (Entry, error) {
	return findOne[Entry](d.WithContext(ctx).Preload("Deliveries").Where("key = ?", key))
}

// IsHeld reports whether the entry waits for the ruling of a moderator: the censor has held it, or riders have objected to it, and its text is still there.
func (e Entry) IsHeld() bool {
	return e.Ruling == "" && e.Text != "" && (e.IsFlagged() || !e.Passed && e.Withdrawn == "")
}

// IsFlagged reports whether the entry was taken back because riders have objected to it.
func (e Entry) IsFlagged() bool { return e.Passed && e.Withdrawn == string(report.ByFlags) }

// IsReplaced reports whether another entry, with ReleasedKey, is relayed in the place of this one.
func (e Entry) IsReplaced() bool { return e.IsFlagged() && e.Ruling == string(report.Release) }

// IsAboveFlags reports whether objections count no more: a moderator has released the report after riders had objected to it.
func (e Entry) IsAboveFlags() bool {
	return e.Ruling == string(report.Release) && strings.HasSuffix(e.Key, releasedSuffix)
}

// held is the condition of IsHeld.
const held = "(NOT passed AND withdrawn = '' OR passed AND withdrawn = 'flags') AND ruling = '' AND text <> ''"

// ReleasedKey is the key of the entry that is relayed in the place of this one, if it was flagged and is released: networks would take a second post with the key of the first one
// for the same, which they have deleted.
func (e Entry) ReleasedKey() string { return e.Key + releasedSuffix }

const releasedSuffix = "+" // no key of a report ends in it

// IsOut reports whether the report was sent anywhere, or may still be.
func (e Entry) IsOut() bool {
	for _, d := range e.Deliveries {
		if d.Status == Sent || !d.Status.Final() {
			return true
		}
	}
	return false
}

// ReleaseHeld makes a report that was held one that passed: j has its report with what it means, and the deliveries. The entry is returned with them; for a report that was
// flagged it is a new one, with ReleasedKey. It is Known if the report was not held any more, for example since it was released before.
func (d *DB) ReleaseHeld(ctx context.Context, j Judged) (Entry, error) {
	var entry Entry
	err := d.Transaction(ctx, func(tx *gorm.DB) error {
		j.Verdict.Passed = true
		change := map[string]any{"passed": true, "ruling": string(report.Release)}
		was, err := findOne[Entry](tx.Where("key = ?", j.Report.Key()))
		if err != nil {
			return err
		}
		if !was.IsFlagged() {
			change["reading"], change["numbered"] = encodeReading(j.Report.Means), numberedAs(j, d.now())
		}
		done := tx.Model(&Entry{}).Where("key = ? AND "+held, was.Key).Updates(change)
		if done.Error != nil {
			return done.Error
		}
		if done.RowsAffected > 0 && was.IsFlagged() {
			if err := d.copyReleased(tx, was, j); err != nil {
				return err
			}
			was.Key = was.ReleasedKey()
		}
		if entry, err = findOne[Entry](tx.Preload("Deliveries").Where("key = ?", was.Key)); err != nil {
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

// copyReleased makes the entry that is relayed in the place of one that was flagged. What others have confirmed of that one counts for it.
func (d *DB) copyReleased(tx *gorm.DB, was Entry, j Judged) error {
	next := was
	next.ID, next.Key, next.Withdrawn, next.Ruling, next.Deliveries = 0, was.ReleasedKey(), "", string(report.Release), nil
	next.EndedAt, next.About, next.Counted, next.CreatedAt = nil, "", false, d.now()
	next.Reading, next.Numbered = encodeReading(j.Report.Means), numberedAs(j, d.now())
	if err := tx.Omit("Deliveries").Create(&next).Error; err != nil {
		return err
	}
	if err := tx.Model(&Entry{}).Where("city = ? AND about = ?", was.City, was.Key).Update("about", next.Key).Error; err != nil {
		return err
	}
	return tx.Model(&Entry{ID: was.ID}).Update("confirmations", 0).Error
}

// RefuseHeld notes that a report that is held is not to be relayed. It does nothing to others.
func (d *DB) RefuseHeld(ctx context.Context, key string) error {
	return wrap("refuse report", d.WithContext(ctx).Model(&Entry{}).Where("key = ? AND "+held, key).
		Update("ruling", string(report.Refuse)).Error)
}

// EntriesOf returns up to limit entries of an author, by the pseudonym, with their deliveries, the newest first, without those that are replaced.
func (d *DB) EntriesOf(ctx context.Context, city, author string, limit int) (entries []Entry, err error) {
	err = d.WithContext(ctx).Preload("Deliveries").Where("city = ? AND author = ? AND author <> '' AND NOT (passed AND withdrawn = 'flags' AND ruling = 'released')", city, author).Order("id DESC").Limit(limit).Find(&entries).Error
	return entries, wrap("read ledger", err)
}

// Held returns up to limit entries of a city that wait for a ruling and were recorded since the given time, the newest first, without their deliveries.
func (d *DB) Held(ctx context.Context, city string, since time.Time, limit int) (entries []Entry, err error) {
	err = d.WithContext(ctx).Where("city = ? AND created_at >= ? AND list <> ? AND "+held, city, Time(since), string(report.Dropped)).
		Order("id DESC").Limit(limit).Find(&entries).Error
	return entries, wrap("read held reports", err)
}

// HeldCities lists the cities with reports that wait for a ruling and were recorded since the given time.
func (d *DB) HeldCities(ctx context.Context, since time.Time) (cities []string, err error) {
	err = d.WithContext(ctx).Model(&Entry{}).Where("created_at >= ? AND list <> ? AND "+held, Time(since), string(report.Dropped)).Distinct("city").Order("city").Pluck("city", &cities).Error
	return cities, wrap("read held reports", err)
}

// Mute holds the reports of an author until the given time.
func (d *DB) Mute(ctx context.Context, m Muted) error {
	since := d.now()
	m.Until, m.Since = Time(m.Until), &since
	return wrap("mute", d.WithContext(ctx).Clauses(clause.OnConflict{UpdateAll: true}).Create(&m).Error)
}

// Unmute ends all mutes of an entry's author, and those that were made for the entry.
func (d *DB) Unmute(ctx context.Context, e Entry) error {
	return wrap("unmute", d.WithContext(ctx).Where("city = ? AND (entry = ? OR author <> '' AND author IN ?)", e.City, e.ID, []string{e.Author, e.Mark}).Delete(&Muted{}).Error)
}

// MutedIn lists the authors who are muted in a city, who was muted last first.
func (d *DB) MutedIn(ctx context.Context, city string) (all []Muted, err error) {
	err = d.WithContext(ctx).Where("city = ? AND until > ?", city, d.now()).Order("entry DESC").Find(&all).Error
	return all, wrap("list muted authors", err)
}

// DeleteMarks deletes the marks of authors of earlier days than today's (UTC).
func (d *DB) DeleteMarks(ctx context.Context) error {
	condition := []any{"text <> '' AND created_at < ? AND mark <> ''", Time(d.now().UTC().Truncate(24 * time.Hour))}
	if due, err := Any(d.WithContext(ctx).Model(&Entry{}), condition...); err != nil || !due {
		return wrap("look for marks of authors", err)
	}
	return wrap("delete marks of authors", d.WithContext(ctx).Model(&Entry{}).Where(condition[0], condition[1:]...).Update("mark", "").Error)
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
