package db

import (
	"cmp"
	"context"
	"slices"
	"time"

	"gorm.io/gorm"
)

// MaxRecent is how many entries of a city that were relayed RecentlyPassed returns: the newest.
const MaxRecent = 200

// maxConfirming is how many confirmations RecentlyPassed returns at most: the newest.
const maxConfirming = 5000

// RecentlyPassed returns the entries of a city since the given time that were relayed, or count as confirmations, are not withdrawn and still have
// their text, in the order of the verdicts, without their deliveries.
func (d *DB) RecentlyPassed(ctx context.Context, city string, since time.Time) (entries []Entry, err error) {
	for _, one := range []struct {
		condition string
		limit     int
	}{
		{"about = '' AND EXISTS (SELECT 1 FROM ledger_deliveries WHERE entry_id = ledger_entries.id)", MaxRecent},
		{"counted", maxConfirming},
	} {
		var some []Entry
		err = d.WithContext(ctx).Where("city = ? AND created_at >= ? AND passed AND withdrawn = '' AND text <> '' AND "+one.condition, city, Time(since)).
			Order("created_at DESC, id DESC").Limit(one.limit).Find(&some).Error
		if err != nil {
			return nil, wrap("read recent reports", err)
		}
		entries = append(entries, some...)
	}
	slices.SortFunc(entries, func(a, b Entry) int { return cmp.Compare(a.ID, b.ID) })
	return entries, nil
}

// CitiesThatPassed lists the cities of which an entry passed since the given time and still has its text.
func (d *DB) CitiesThatPassed(ctx context.Context, since time.Time) (cities []string, err error) {
	err = d.WithContext(ctx).Model(&Entry{}).Distinct("city").Where("created_at >= ? AND passed AND text <> ''", Time(since)).Pluck("city", &cities).Error
	return cities, wrap("list cities with recent reports", err)
}

// Replace makes the oldest confirmation of a withdrawn entry, which was written since the given time, the report that is relayed in its place:
// it gets deliveries to the bots, and the other confirmations. Without one it is another message of the same author, which was not counted. The error is
// ErrNotFound if there is none.
func (d *DB) Replace(ctx context.Context, withdrawn Entry, since time.Time, bots []string) (Entry, error) {
	var next Entry
	err := d.Transaction(ctx, func(tx *gorm.DB) (err error) {
		var found []Entry
		err = tx.Where("city = ? AND created_at >= ? AND about = ? AND at > ? AND withdrawn = '' AND text <> ''", withdrawn.City, Time(withdrawn.CreatedAt), withdrawn.Key, Time(since)).
			Order("counted DESC, id").Limit(MaxRecent).Find(&found).Error
		if err != nil {
			return err
		}
		i := slices.IndexFunc(found, func(e Entry) bool { return e.Means().Kind != "gone" })
		if i < 0 {
			return ErrNotFound
		}
		next = found[i]
		next.Confirmations = withdrawn.Confirmations
		if next.Counted {
			next.Confirmations--
		}
		next.About, next.Counted, next.Numbered = "", false, withdrawn.Numbered
		if err := tx.Model(&next).Select("about", "counted", "confirmations", "numbered").Updates(&next).Error; err != nil {
			return err
		}
		if err := tx.Model(&Entry{}).Where("city = ? AND about = ?", withdrawn.City, withdrawn.Key).Update("about", next.Key).Error; err != nil {
			return err
		}
		if err := tx.Model(&Entry{ID: withdrawn.ID}).Update("confirmations", 0).Error; err != nil {
			return err
		}
		if err := addNumbers(tx, numbersOf(next, next.Means())); err != nil {
			return err
		}
		for _, bot := range bots {
			next.Deliveries = append(next.Deliveries, Delivery{EntryID: next.ID, Bot: bot, Status: Queued, UpdatedAt: d.now()})
		}
		return insertDeliveries(tx, next.Deliveries)
	})
	return next, wrap("replace withdrawn report", err)
}

// takeBack undoes what an entry that is being withdrawn says of other reports, whose posts are to be edited.
func takeBack(tx *gorm.DB, e Entry, now time.Time) (edits []Delivery, err error) {
	if e.About == "" {
		return nil, nil
	}
	var changed []string
	if e.Counted {
		changed = []string{e.About}
		err = tx.Exec("UPDATE ledger_entries SET confirmations = confirmations - 1 WHERE key = ?", e.About).Error
	} else {
		err = tx.Raw("UPDATE ledger_entries SET ended_at = NULL WHERE city = ? AND ended_at = ? RETURNING key", e.City, e.At).Scan(&changed).Error
	}
	if err != nil {
		return nil, err
	}
	return markEdits(tx, changed, now)
}

// editWindow is how long networks are asked to edit a post. Later nobody reads it.
const editWindow = time.Hour

// markEdits makes the deliveries of reports due to be edited, and returns them.
func markEdits(tx *gorm.DB, keys []string, now time.Time) (edits []Delivery, err error) {
	if len(keys) == 0 {
		return nil, nil
	}
	err = tx.Raw("UPDATE ledger_deliveries SET edit_until = ? WHERE status IN ('queued', 'retrying', 'sent') AND entry_id IN (SELECT id FROM ledger_entries WHERE key IN ?) "+
		"RETURNING *", Time(now.Add(editWindow)), keys).Scan(&edits).Error
	return edits, err
}

// EndEdit notes that a post says what its entry said, unless that has changed since.
func (d *DB) EndEdit(ctx context.Context, bot string, shown Entry) error {
	return wrap("end edit", d.WithContext(ctx).Exec("UPDATE ledger_deliveries SET edit_until = NULL WHERE entry_id = ? AND bot = ? AND EXISTS "+
		"(SELECT 1 FROM ledger_entries WHERE id = ? AND confirmations = ? AND (ended_at IS NULL) = ?)",
		shown.ID, bot, shown.ID, shown.Confirmations, shown.EndedAt == nil).Error)
}

// EndEdits gives up editing the posts of entries.
func (d *DB) EndEdits(ctx context.Context, bot string, entries []uint) error {
	for some := range slices.Chunk(entries, 500) {
		err := d.WithContext(ctx).Exec("UPDATE ledger_deliveries SET edit_until = NULL WHERE bot = ? AND entry_id IN ?", bot, some).Error
		if err != nil {
			return wrap("end edits", err)
		}
	}
	return nil
}
