package api

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"

	"linienfunk/commands"
	"linienfunk/db"
	"linienfunk/report"
)

// event is a change of the ledger that programs hear of: a row for each, whose number is the event's id. It has no text: that is read from the ledger when it is sent, and gone when it
// is deleted there.
type event struct {
	ID       uint      `gorm:"primaryKey"`
	City     string    `gorm:"size:32;not null;index:idx_api_events_city,priority:1"`
	EntryID  uint      `gorm:"not null;index:idx_api_events_city,priority:2"`
	Kind     string    `gorm:"size:20;not null"`
	Revision int       `gorm:"not null"` // of an edit: see revisionOf
	At       time.Time `gorm:"not null;index"`
}

func (event) TableName() string { return "api_events" }

// The kinds of events.
const (
	Relayed   = "report.relayed"
	Held      = "report.held"
	Refused   = "report.refused"
	Edited    = "report.edited"
	Withdrawn = "report.withdrawn"
)

// Kinds are all kinds of events.
var Kinds = []string{Relayed, Held, Refused, Edited, Withdrawn}

// Event is what programs get.
type Event struct {
	ID     int             `json:"id" doc:"Ascending within a city; the same for all who get the event."`
	Type   string          `json:"type" enum:"report.relayed,report.held,report.refused,report.edited,report.withdrawn"`
	City   string          `json:"city"`
	At     time.Time       `json:"at" doc:"When it was noticed."`
	Report commands.Report `json:"report"` // as it is now
}

// The ledger of the last day, at most its newest reports, is compared with the events: what has changed in it since becomes events. They are kept longer than a webhook is tried.
const (
	feedWindow = 24 * time.Hour
	feedMost   = 1000
	eventsKept = 7 * 24 * time.Hour
)

// feed makes events from the ledger. Any node may do so, at any time: of two one makes an event.
type feed struct {
	tables   *gorm.DB
	db       *db.DB
	commands *commands.Commands
	now      func() time.Time
}

// wants are the kinds of events that an entry is, in their order, with the revision of an edit.
func wants(e db.Entry) (kinds []string, revision int) {
	relayed := e.Passed
	if e.Confirmations > 0 {
		revision = 2 * e.Confirmations
	}
	if e.EndedAt != nil {
		revision++
	}
	switch {
	case e.About != "": // a confirmation, which changes another one
		return nil, 0
	case e.Withdrawn != "":
		return []string{Withdrawn}, 0
	case relayed && revision > 0:
		return []string{Relayed, Edited}, revision
	case relayed:
		return []string{Relayed}, 0
	case e.Ruling == string(report.Refuse):
		return []string{Refused}, 0
	case !e.Passed && e.List != string(report.Dropped):
		return []string{Held}, 0
	}
	return nil, 0
}

// update makes the events of a city that are missing, and returns the number of the last one.
func (f *feed) update(ctx context.Context, city string) (last uint, err error) {
	entries, err := f.window(ctx, city)
	if err != nil {
		return 0, err
	}
	missing, last, err := f.missing(f.tables.WithContext(ctx), city, entries)
	if err != nil || len(missing) == 0 {
		return last, err
	}
	err = f.tables.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if tx.Name() == "postgres" { // so that numbers become visible in their order; SQLite has one writer
			if err := tx.Exec("SELECT pg_advisory_xact_lock(hashtextextended('linienfunk events ' || ?, 0))", city).Error; err != nil {
				return err
			}
		}
		missing, newest, err := f.missing(tx, city, entries)
		last = newest
		if err != nil || len(missing) == 0 {
			return err
		}
		if err := tx.Create(&missing).Error; err != nil {
			return err
		}
		last = missing[len(missing)-1].ID
		return nil
	})
	return last, err
}

// window returns the entries that are compared, the oldest first.
func (f *feed) window(ctx context.Context, city string) (entries []db.Entry, err error) {
	err = f.db.WithContext(ctx).Select("id", "city", "passed", "list", "withdrawn", "ruling", "about", "confirmations", "ended_at").
		Where("city = ? AND created_at > ?", city, db.Time(f.now().Add(-feedWindow))).Order("id DESC").Limit(feedMost).Find(&entries).Error
	slices.Reverse(entries)
	return entries, err
}

// missing returns the events of entries that are not there, and the number of the city's last event.
func (f *feed) missing(tx *gorm.DB, city string, entries []db.Entry) (all []event, last uint, err error) {
	if err = tx.Model(&event{}).Where("city = ?", city).Select("COALESCE(MAX(id), 0)").Scan(&last).Error; err != nil || len(entries) == 0 {
		return nil, last, err
	}
	var known []event
	if err = tx.Where("city = ? AND entry_id >= ?", city, entries[0].ID).Order("id").Find(&known).Error; err != nil {
		return nil, last, err
	}
	type key struct {
		entry uint
		kind  string
	}
	made := map[key]int{} // the newest revision
	for _, e := range known {
		made[key{e.EntryID, e.Kind}] = e.Revision
	}
	for _, e := range entries {
		kinds, revision := wants(e)
		for _, kind := range kinds {
			at, is := made[key{e.ID, kind}]
			if is && (kind != Edited || at == revision) {
				continue
			}
			one := event{City: city, EntryID: e.ID, Kind: kind, At: db.Time(f.now())}
			if kind == Edited {
				one.Revision = revision
			}
			all = append(all, one)
		}
	}
	slices.SortStableFunc(all, func(a, b event) int { return cmp.Compare(a.EntryID, b.EntryID) })
	return all, last, nil
}

// after returns up to limit events of a city after one, the oldest first.
func (f *feed) after(ctx context.Context, city string, id uint, limit int) ([]Event, error) {
	var rows []event
	if err := f.tables.WithContext(ctx).Where("city = ? AND id > ?", city, id).Order("id").Limit(limit).Find(&rows).Error; err != nil || len(rows) == 0 {
		return nil, err
	}
	var ids []uint
	for _, row := range rows {
		ids = append(ids, row.EntryID)
	}
	reports, err := f.commands.ReportsByID(ctx, city, ids)
	if err != nil {
		return nil, err
	}
	var all []Event
	for _, row := range rows {
		all = append(all, Event{ID: int(row.ID), Type: row.Kind, City: city, At: row.At, Report: reports[row.EntryID]})
	}
	return all, nil
}

// text is an event as JSON.
func (e Event) text() []byte {
	text, err := json.Marshal(e)
	if err != nil {
		panic(fmt.Sprintf("an event of texts and numbers: %v", err))
	}
	return text
}

// prune deletes events that nobody waits for any more.
func (f *feed) prune(ctx context.Context) error {
	old := []any{"at < ?", db.Time(f.now().Add(-eventsKept))}
	if due, err := db.Any(f.tables.WithContext(ctx).Model(&event{}), old...); err != nil || !due {
		return err
	}
	return f.tables.WithContext(ctx).Where(old[0], old[1:]...).Delete(&event{}).Error
}
