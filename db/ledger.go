package db

import (
	"context"
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
	ID         uint   `gorm:"primaryKey"` // ascending in verdict order
	Key        string `gorm:"size:200;uniqueIndex;not null"`
	City       string `gorm:"size:32;not null;index:idx_ledger_entries_city,priority:1"`
	Bot        string `gorm:"size:32;not null"`
	Text       string
	Author     string `gorm:"size:32"` // pseudonym, valid for one day
	Private    bool   `gorm:"not null"`
	URL        string
	Ref        string    `gorm:"not null;default:''"` // report.Report.Ref
	Passed     bool      `gorm:"not null"`
	List       string    `gorm:"size:16"`
	Rule       string    `gorm:"size:250"`
	Line       int       `gorm:"not null"`
	Relayed    bool      `gorm:"not null"`                    // all orders are in RELAY
	Withdrawn  string    `gorm:"size:16;not null;default:''"` // a report.Withdrawal
	At         time.Time `gorm:"not null"`                    // time the rider wrote the report
	CreatedAt  time.Time `gorm:"not null;index:idx_ledger_entries_city,priority:2;index:idx_ledger_entries_texts,where:text <> ''"`
	Deliveries []Delivery
}

// TableName is the table's name for gorm.
func (Entry) TableName() string { return "ledger_entries" }

// Delivery is the state of one report at one bot of its city.
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
}

// TableName is the table's name for gorm.
func (Delivery) TableName() string { return "ledger_deliveries" }

// Record writes the report, its verdict and one delivery for each bot, unless the report is in the ledger already, and returns
// the entry as stored: an existing entry keeps its verdict and its deliveries.
func (d *DB) Record(ctx context.Context, r report.Report, v report.Verdict, status Status, bots []string) (Entry, error) {
	entry := Entry{
		Key: r.Key(), City: r.City, Bot: r.Bot, Text: sanitize(r.Text), Author: sanitize(r.Author), Private: r.Private, URL: sanitize(r.URL), Ref: sanitize(r.Ref),
		Passed: v.Passed, List: string(v.List), Rule: report.Cut(sanitize(v.Rule), 250), Line: v.Line, At: Time(r.At),
	}
	err := d.Transaction(ctx, func(tx *gorm.DB) error {
		made := tx.Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "key"}}, DoNothing: true}).
			Omit("Deliveries").Create(&entry)
		if made.Error != nil {
			return made.Error
		}
		if made.RowsAffected == 0 {
			var err error
			entry, err = findOne[Entry](tx.Preload("Deliveries").Where(&Entry{Key: r.Key()}))
			return err
		}
		for _, bot := range bots {
			entry.Deliveries = append(entry.Deliveries, Delivery{EntryID: entry.ID, Bot: bot, Status: status})
		}
		if len(entry.Deliveries) == 0 {
			return nil
		}
		return tx.Create(&entry.Deliveries).Error
	})
	return entry, wrap("record report", err)
}

// MarkRelayed notes that all orders of the entry are in RELAY.
func (d *DB) MarkRelayed(ctx context.Context, id uint) error {
	err := d.WithContext(ctx).Model(&Entry{}).Where("id = ?", id).Update("relayed", true).Error
	return wrap("mark report as relayed", err)
}

// Withdraw marks a report as withdrawn and returns its entry with the deliveries. If its author withdrew it, its text is deleted at
// once. A report that has not arrived yet gets an entry, so that it is not relayed when it does.
func (d *DB) Withdraw(ctx context.Context, r report.Report) (Entry, error) {
	entry := Entry{Key: r.Key(), City: r.City, Bot: r.Bot, Withdrawn: string(r.Withdrawn), At: Time(d.now())}
	err := d.Transaction(ctx, func(tx *gorm.DB) error {
		made := tx.Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "key"}}, DoNothing: true}).
			Omit("Deliveries").Create(&entry)
		if made.Error != nil || made.RowsAffected > 0 {
			return made.Error
		}
		change := map[string]any{"withdrawn": string(r.Withdrawn)}
		if r.Withdrawn == report.ByAuthor {
			change["text"], change["author"], change["url"], change["ref"] = "", "", "", ""
		}
		if err := tx.Model(&Entry{}).Where("key = ?", r.Key()).Updates(change).Error; err != nil {
			return err
		}
		var err error
		entry, err = findOne[Entry](tx.Preload("Deliveries").Where(&Entry{Key: r.Key()}))
		return err
	})
	return entry, wrap("withdraw report", err)
}

// Delivery returns the delivery of an entry to a bot, or ErrNotFound. The entry's key must match as well as its ID: after an older
// copy of the database was restored, IDs are assigned again.
func (d *DB) Delivery(ctx context.Context, entry uint, key, bot string) (Delivery, error) {
	return findOne[Delivery](d.WithContext(ctx).Where("entry_id = ? AND bot = ?", entry, bot).
		Where("EXISTS (SELECT 1 FROM ledger_entries WHERE id = ? AND key = ?)", entry, key))
}

// SaveDelivery writes the state of a delivery.
func (d *DB) SaveDelivery(ctx context.Context, v Delivery) error {
	v.Detail, v.RemoteID, v.RemoteURL, v.Cursor = report.Cut(sanitize(v.Detail), 500), sanitize(v.RemoteID), sanitize(v.RemoteURL), sanitize(v.Cursor)
	v.UpdatedAt = d.now()
	return wrap("save delivery", d.WithContext(ctx).Clauses(clause.OnConflict{UpdateAll: true}).Create(&v).Error)
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

// CountPassed counts the reports of an author, a pseudonym, that were recorded since the given time and passed.
func (d *DB) CountPassed(ctx context.Context, city, author string, since time.Time) (count int64, err error) {
	err = d.WithContext(ctx).Model(&Entry{}).Where("city = ? AND created_at >= ? AND author = ? AND passed", city, Time(since), author).
		Count(&count).Error
	return count, wrap("count reports", err)
}

// Waiting returns the reports recorded since the given time whose orders are in RELAY, and that wait for a bot, oldest first: each with its
// deliveries that wait.
func (d *DB) Waiting(ctx context.Context, since time.Time) ([]Entry, error) {
	waiting := []Status{Queued, Retrying}
	var entries []Entry
	err := d.WithContext(ctx).Where("created_at >= ? AND text <> '' AND relayed AND withdrawn = ''", Time(since)).
		Where("EXISTS (SELECT 1 FROM ledger_deliveries WHERE entry_id = ledger_entries.id AND status IN ?)", waiting).
		Preload("Deliveries", "status IN ?", waiting).Order("id").Find(&entries).Error
	return entries, wrap("read ledger", err)
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
	err = d.Transaction(ctx, func(tx *gorm.DB) error {
		old := func() *gorm.DB {
			return tx.Session(&gorm.Session{}).Model(&Entry{}).Where("city = ? AND created_at < ? AND text <> ''", city, Time(before))
		}
		reposts := tx.Model(&Delivery{}).Where("remote_id <> '' AND entry_id IN (?)", old().Select("id").Where("bot = ledger_deliveries.bot"))
		if err := reposts.Updates(map[string]any{"remote_id": "", "remote_url": ""}).Error; err != nil {
			return err
		}
		done := old().Updates(map[string]any{"text": "", "author": "", "url": "", "ref": ""})
		deleted = done.RowsAffected
		return done.Error
	})
	return deleted, wrap("delete texts", err)
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
	return report.Report{City: e.City, Bot: e.Bot, ID: e.reportID(), Text: e.Text, At: e.At, Author: e.Author, Private: e.Private, URL: e.URL, Ref: e.Ref}
}

// Withdrawal returns the message that withdraws the entry's report when it is published to INTAKE.
func (e Entry) Withdrawal(by report.Withdrawal) report.Report {
	return report.Report{City: e.City, Bot: e.Bot, ID: e.reportID(), Withdrawn: by}
}

// reportID is the report's ID, or its digest: both give the same key.
func (e Entry) reportID() string { return strings.TrimPrefix(e.Key, e.City+":"+e.Bot+":") }
