package db

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"linienfunk/report"
)

// Status is the state of a delivery.
type Status string

// The statuses. All but Queued and Retrying are final.
const (
	Queued    Status = "queued"    // passed by the censor, waiting for the bot
	Retrying  Status = "retrying"  // at least one attempt failed temporarily
	Sent      Status = "sent"      // accepted by the network
	Failed    Status = "failed"    // rejected by the network, or the account was disconnected
	Expired   Status = "expired"   // reached the city's freshness limit before it was sent
	Retracted Status = "retracted" // deleted from the network after it was sent, or cancelled before
)

// Final reports whether the delivery will not change any more by itself.
func (s Status) Final() bool { return s != Queued && s != Retrying }

// Entry is a report in the ledger, with its verdict. The row outlives its Text, which is deleted with the city's
// retention: the unique Key keeps rejecting duplicates of the report.
type Entry struct {
	ID            uint   `gorm:"primaryKey"` // ascending in verdict order
	Key           string `gorm:"size:200;uniqueIndex;not null"`
	City          string `gorm:"size:32;not null;index:idx_ledger_entries_city,priority:1"`
	Bot           string `gorm:"size:32;not null"`
	Text          string
	Author        string `gorm:"size:32"`                     // pseudonym, valid for one day
	Mark          string `gorm:"size:32;not null;default:''"` // report.Report.Mark, kept for that day
	Private       bool   `gorm:"not null"`
	URL           string
	Ref           string     `gorm:"not null;default:''"` // report.Report.Ref
	Passed        bool       `gorm:"not null"`
	List          string     `gorm:"size:16"`
	Rule          string     `gorm:"size:250"`
	Line          int        `gorm:"not null"`
	Withdrawn     string     `gorm:"size:16;not null;default:''"`  // a report.Withdrawal
	Ruling        string     `gorm:"size:16;not null;default:''"`  // report.Release or report.Refuse, if a moderator decided about a report that was held
	Reading       string     `gorm:"not null;default:''"`          // of a report that passed: a report.Reading as JSON; deleted with the text
	About         string     `gorm:"size:200;not null;default:''"` // the key of an earlier report that this one confirms or ends, and that was relayed in its place
	Counted       bool       `gorm:"not null;default:false"`       // as one of the Confirmations of the other report
	At            time.Time  `gorm:"not null"`                     // time the rider wrote the report
	ReceivedAt    *time.Time // when the program stored it, before the verdict; nil for one of an earlier program
	CreatedAt     time.Time  `gorm:"not null;index:idx_ledger_entries_city,priority:2;index:idx_ledger_entries_texts,where:text <> ''"`
	Trace         string     `gorm:"size:55;not null;default:''"` // report.Report.Trace; deleted with the text
	Confirmations int        `gorm:"not null;default:0"`          // further people who reported the same
	EndedAt       *time.Time // when somebody reported that it is over
	Numbered      string     `gorm:"size:16;not null;default:''"` // the day and the hour of the week with which it is counted, see Number: "20261128 6-18"; deleted with the text, or empty
	Deliveries    []Delivery
	Known         bool `gorm:"-"` // set by Record: the ledger had the report already

	// Edits are the deliveries of other entries whose posts no longer say what the ledger does, because of this one. Record and Withdraw set them.
	Edits []Delivery `gorm:"-"`
}

// TableName is the table's name for gorm.
func (Entry) TableName() string { return "ledger_entries" }

// Delivery is the state of one report at one bot of its city. It is due as long as its status is not final or RecallUntil is set: the
// deliveries that are due are the queue of what networks must be asked to do, and outlive every crash.
type Delivery struct {
	EntryID   uint   `gorm:"primaryKey;autoIncrement:false"`
	Bot       string `gorm:"primaryKey;size:32"`
	Status    Status `gorm:"size:16;not null"`
	Detail    string `gorm:"size:500"` // reason for admins: the id of one of the bot's texts, or a sentence
	RemoteID  string // the network's id of the post
	RemoteURL string
	Served    int    `gorm:"not null"` // number of subscribers that a broadcast has reached
	Cursor    string // where a broadcast resumes
	Attempts  int    `gorm:"not null"`
	UpdatedAt time.Time

	// RecallUntil is set once the report is withdrawn, and until the network has deleted the post, or never will: when to give up.
	RecallUntil *time.Time

	// EditUntil is set while the post does not say how many people have reported the same, or that it is over: when to give up.
	EditUntil *time.Time
}

// TableName is the table's name for gorm.
func (Delivery) TableName() string { return "ledger_deliveries" }

// Withdraw marks a report as withdrawn and returns its entry with the deliveries, of which those that are sent, or may be, are due until
// the given time. If its author withdrew it, its text is deleted at once, even if it was withdrawn before: then the entry still says who was first. A report that has not arrived yet gets an entry, so that it is
// not relayed when it does.
func (d *DB) Withdraw(ctx context.Context, r report.Report, until time.Time) (Entry, error) {
	entry := Entry{Key: r.Key(), City: r.City, Bot: r.Bot, Withdrawn: string(r.Withdrawn), At: Time(d.now())}
	err := d.Transaction(ctx, func(tx *gorm.DB) error {
		made := tx.Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "key"}}, DoNothing: true}).
			Omit("Deliveries").Create(&entry)
		if made.Error != nil || made.RowsAffected > 0 {
			return made.Error
		}
		was, err := findOne[Entry](tx.Where(&Entry{Key: r.Key()}))
		if err != nil {
			return err
		}
		var edits []Delivery
		if r.Withdrawn == report.ByFlags && (was.Withdrawn != "" || was.IsAboveFlags() || !was.Passed) {
			entry = was // whoever has decided knew more
			return nil
		}
		if was.Withdrawn == "" {
			if edits, err = takeBack(tx, was, d.now()); err != nil {
				return err
			}
			if err := takeBackNumbers(tx, was); err != nil {
				return err
			}
		}
		change := map[string]any{"withdrawn": cmp.Or(was.Withdrawn, string(r.Withdrawn))}
		if r.Withdrawn == report.ByFlags {
			change["ruling"] = "" // a moderator who has released it before can decide anew
		}
		if r.Withdrawn == report.ByAuthor {
			change["text"], change["author"], change["mark"], change["url"], change["ref"], change["reading"] = "", "", "", "", "", ""
		}
		if err := tx.Model(&Entry{}).Where("key = ?", r.Key()).Updates(change).Error; err != nil {
			return err
		}
		if entry, err = findOne[Entry](tx.Where(&Entry{Key: r.Key()})); err != nil {
			return err
		}
		entry.Edits = edits
		posted := tx.Model(&Delivery{}).Where("entry_id = ? AND status IN ?", entry.ID, []Status{Queued, Retrying, Sent})
		if err := posted.UpdateColumn("recall_until", Time(until)).Error; err != nil {
			return err
		}
		return tx.Where("entry_id = ?", entry.ID).Order("bot").Find(&entry.Deliveries).Error
	})
	return entry, wrap("withdraw report", err)
}

// Delivery returns the delivery of an entry to a bot, or ErrNotFound.
func (d *DB) Delivery(ctx context.Context, entry uint, bot string) (Delivery, error) {
	return findOne[Delivery](d.WithContext(ctx).Where("entry_id = ? AND bot = ?", entry, bot))
}

// SaveDelivery writes the state of a delivery, except RecallUntil.
func (d *DB) SaveDelivery(ctx context.Context, v Delivery) error {
	return wrap("save delivery", d.saveDelivery(d.WithContext(ctx), v, ""))
}

// SaveDeliveryWith is SaveDelivery together with what the network remembers.
func (d *DB) SaveDeliveryWith(ctx context.Context, v Delivery, remembered *Pending) error {
	err := d.Transaction(ctx, func(tx *gorm.DB) error {
		if err := remembered.write(tx); err != nil {
			return err
		}
		return d.saveDelivery(tx, v, "")
	})
	return wrap("save delivery", err)
}

// EndRecall is SaveDelivery for one whose RecallUntil has done its service.
func (d *DB) EndRecall(ctx context.Context, v Delivery) error {
	return wrap("save delivery", d.saveDelivery(d.WithContext(ctx), v, ", recall_until = NULL, edit_until = NULL"))
}

func (d *DB) saveDelivery(tx *gorm.DB, v Delivery, more string) error {
	return tx.Exec("UPDATE ledger_deliveries SET status = ?, detail = ?, remote_id = ?, remote_url = ?, served = ?, cursor = ?, attempts = ?, updated_at = ?"+
		more+" WHERE entry_id = ? AND bot = ?", v.Status, report.Cut(sanitize(v.Detail), 500), sanitize(v.RemoteID), sanitize(v.RemoteURL),
		v.Served, sanitize(v.Cursor), v.Attempts, d.now(), v.EntryID, v.Bot).Error
}

// CloseDeliveries gives those deliveries of entries to a bot that wait to be sent a final status, for example Expired. Recalls of them end.
func (d *DB) CloseDeliveries(ctx context.Context, bot string, entries []uint, status Status, detail string) error {
	for some := range slices.Chunk(entries, 500) {
		err := d.WithContext(ctx).Exec("UPDATE ledger_deliveries SET recall_until = NULL, edit_until = NULL, updated_at = ?, "+
			"detail = CASE WHEN status IN ('queued', 'retrying') THEN ? ELSE detail END, status = CASE WHEN status IN ('queued', 'retrying') THEN ? ELSE status END "+
			"WHERE bot = ? AND entry_id IN ?", d.now(), report.Cut(sanitize(detail), 500), status, bot, some).Error
		if err != nil {
			return wrap("close deliveries", err)
		}
	}
	return nil
}

// due is the condition of the deliveries that are due, as its partial index has it.
const due = "(status IN ('queued', 'retrying') OR recall_until IS NOT NULL)"

// Due is a delivery that is due.
type Due struct {
	EntryID     uint
	Bot, City   string
	At          time.Time // when the report was written
	CreatedAt   time.Time // when it was judged
	RecallUntil *time.Time
	EditUntil   *time.Time // set in a row of its own
}

// Due returns all deliveries that are due, in the order of the verdicts, and then those whose posts are to be edited.
func (d *DB) Due(ctx context.Context) (list []Due, err error) {
	err = d.WithContext(ctx).Raw("SELECT d.entry_id, d.bot, d.recall_until, e.city, e.at, e.created_at FROM ledger_deliveries AS d " +
		"JOIN ledger_entries AS e ON e.id = d.entry_id WHERE " + strings.NewReplacer("status", "d.status", "recall_until", "d.recall_until").Replace(due) +
		" ORDER BY d.entry_id, d.bot").Scan(&list).Error
	if err != nil {
		return nil, wrap("read what is due", err)
	}
	var edits []Due
	err = d.WithContext(ctx).Raw("SELECT d.entry_id, d.bot, d.edit_until, e.city, e.at, e.created_at FROM ledger_deliveries AS d " +
		"JOIN ledger_entries AS e ON e.id = d.entry_id WHERE d.edit_until IS NOT NULL ORDER BY d.entry_id, d.bot").Scan(&edits).Error
	return append(list, edits...), wrap("read what is to be edited", err)
}

// CountWaiting counts the reports that have not been sent yet by a bot for a city.
func (d *DB) CountWaiting(ctx context.Context, bot, city string) (n int64, err error) {
	err = d.WithContext(ctx).Raw("SELECT COUNT(*) FROM ledger_deliveries AS d JOIN ledger_entries AS e ON e.id = d.entry_id "+
		"WHERE d.status IN ('queued', 'retrying') AND d.bot = ? AND e.city = ?", bot, city).Scan(&n).Error
	return n, wrap("count what waits", err)
}

// Entries returns up to limit entries of a city with their deliveries, newest first. before is the ID of the last entry of the
// previous page, 0 for the first page.
func (d *DB) Entries(ctx context.Context, city string, before uint, limit int) ([]Entry, error) {
	query := d.WithContext(ctx).Where("city = ?", city)
	if before > 0 {
		query = query.Where("id < ?", before)
	}
	var entries []Entry
	err := query.Preload("Deliveries", func(tx *gorm.DB) *gorm.DB { return tx.Order("bot") }).
		Order("id DESC").Limit(limit).Find(&entries).Error
	return entries, wrap("read ledger", err)
}

// EntryByID returns one entry of a city with its deliveries, or ErrNotFound.
func (d *DB) EntryByID(ctx context.Context, city string, id uint) (Entry, error) {
	return findOne[Entry](d.WithContext(ctx).Preload("Deliveries").Where("city = ? AND id = ?", city, id))
}

// EntriesByID returns entries of a city with their deliveries, in any order; those that are not there are missing.
func (d *DB) EntriesByID(ctx context.Context, city string, ids []uint) (all []Entry, err error) {
	err = d.WithContext(ctx).Preload("Deliveries").Where("city = ? AND id IN ?", city, ids).Find(&all).Error
	return all, wrap("read ledger", err)
}

// Author is a pseudonym in a city.
type Author struct{ City, Author string }

// CountPassed counts the reports of authors, pseudonyms, that were recorded since the given time and passed.
func (d *DB) CountPassed(ctx context.Context, authors []string, since time.Time) (map[Author]int, error) {
	return d.countPassed(ctx, authors, since, "passed")
}

// CountStanding is CountPassed without those that were taken back since.
func (d *DB) CountStanding(ctx context.Context, authors []string, since time.Time) (map[Author]int, error) {
	return d.countPassed(ctx, authors, since, "passed AND withdrawn = ''")
}

func (d *DB) countPassed(ctx context.Context, authors []string, since time.Time, which string) (map[Author]int, error) {
	if len(authors) == 0 {
		return nil, nil
	}
	var found []struct {
		Author
		Passed int
	}
	err := d.WithContext(ctx).Model(&Entry{}).Select("city", "author", "COUNT(*) AS passed").Where("author IN ? AND author <> '' AND created_at >= ? AND "+which, authors, Time(since)).
		Group("city, author").Scan(&found).Error
	counts := make(map[Author]int, len(found))
	for _, f := range found {
		counts[f.Author] = f.Passed
	}
	return counts, wrap("count reports", err)
}

// Known returns the keys of those reports that are in the ledger.
func (d *DB) Known(ctx context.Context, judged []Judged) (map[string]bool, error) {
	var keys, found []string
	for _, j := range judged {
		keys = append(keys, j.Report.Key())
	}
	err := d.WithContext(ctx).Model(&Entry{}).Where("key IN ?", keys).Pluck("key", &found).Error
	known := make(map[string]bool, len(found))
	for _, key := range found {
		known[key] = true
	}
	return known, wrap("look for repetitions", err)
}

// EntryAlone returns one entry without its deliveries, or ErrNotFound.
func (d *DB) EntryAlone(ctx context.Context, id uint) (Entry, error) {
	return findOne[Entry](d.WithContext(ctx).Where("id = ?", id))
}

// EntriesSince returns up to limit entries of a city that were recorded since the given time and still have their text, newest
// first, without their deliveries.
func (d *DB) EntriesSince(ctx context.Context, city string, since time.Time, limit int) ([]Entry, error) {
	var entries []Entry
	err := d.WithContext(ctx).Where("city = ? AND created_at >= ? AND text <> '' AND list <> ?", city, Time(since), string(report.Dropped)).
		Order("id DESC").Limit(limit).Find(&entries).Error
	return entries, wrap("read ledger", err)
}

// DeleteTexts deletes the texts, pseudonyms, URLs and Refs of a city's entries that were recorded before the given time, and returns their number.
// The ids of reposts in the network of their author go too: they are those of the original, or lead to it. The rows stay, for
// statistics and to reject duplicates.
func (d *DB) DeleteTexts(ctx context.Context, city string, before time.Time) (deleted int64, err error) {
	condition := []any{"city = ? AND created_at < ? AND text <> ''", city, Time(before)}
	if due, err := Any(d.WithContext(ctx).Model(&Entry{}), condition...); err != nil || !due {
		return 0, wrap("look for expired texts", err)
	}
	err = d.Transaction(ctx, func(tx *gorm.DB) error {
		old := func() *gorm.DB {
			return tx.Session(&gorm.Session{}).Model(&Entry{}).Where(condition[0], condition[1:]...)
		}
		reposts := tx.Model(&Delivery{}).Where("remote_id <> '' AND entry_id IN (?)", old().Select("id").Where("bot = ledger_deliveries.bot"))
		if err := reposts.Updates(map[string]any{"remote_id": "", "remote_url": ""}).Error; err != nil {
			return err
		}
		done := old().Updates(map[string]any{"text": "", "author": "", "mark": "", "url": "", "ref": "", "reading": "", "numbered": "", "trace": ""})
		deleted = done.RowsAffected
		return done.Error
	})
	return deleted, wrap("delete texts", err)
}

// Any reports whether a query has a row that meets the condition. Reading needs no lock and no wait for the disk: ask before deleting what
// is mostly not there.
func Any(query *gorm.DB, condition ...any) (bool, error) {
	var one int
	found := query.Select("1").Where(condition[0], condition[1:]...).Limit(1).Scan(&one)
	return found.RowsAffected > 0, found.Error
}

// CitiesWithTexts lists the cities with texts in the ledger, deleted cities included.
func (d *DB) CitiesWithTexts(ctx context.Context) ([]string, error) {
	var names []string
	err := d.WithContext(ctx).Model(&Entry{}).Distinct("city").Where("text <> ''").Pluck("city", &names).Error
	return names, wrap("list cities with texts", err)
}

// sanitize removes what PostgreSQL refuses in a text: NUL and invalid UTF-8.
func sanitize(text string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "")
}

// Report returns the report of the entry, without its text once that is deleted.
func (e Entry) Report() report.Report {
	r := report.Report{City: e.City, Bot: e.Bot, ID: e.reportID(), Text: e.Text, At: e.At, Author: e.Author, Mark: e.Mark, Private: e.Private, URL: e.URL, Ref: e.Ref, Means: e.Means(), Trace: e.Trace}
	if e.Confirmations > 0 {
		r.People = 1 + e.Confirmations
	}
	if e.EndedAt != nil {
		r.Ended = *e.EndedAt
	}
	if e.ReceivedAt != nil {
		r.Received = *e.ReceivedAt
	}
	return r
}

// Withdrawal returns the message that withdraws the entry's report when it is published to REPORTS.
func (e Entry) Withdrawal(by report.Withdrawal) report.Report {
	return report.Report{City: e.City, Bot: e.Bot, ID: e.reportID(), Withdrawn: by}
}

// Ruled returns the message that makes a ruling about the entry's report when it is published to REPORTS.
func (e Entry) Ruled(what report.Ruling) report.Report {
	return report.Report{City: e.City, Bot: e.Bot, ID: e.reportID(), Ruling: what}
}

// reportID is the report's ID, or its digest: both give the same key.
func (e Entry) reportID() string { return strings.TrimPrefix(e.Key, e.City+":"+e.Bot+":") }
