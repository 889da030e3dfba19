package db

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"

	"linienfunk/report"
)

// Judged is a report with what the censor has decided: the verdict, and one delivery with the status for each bot.
type Judged struct {
	Report  report.Report
	Verdict report.Verdict
	Status  Status
	Bots    []string

	About  string   // the key of the report that this one confirms or ends; empty for none
	Counts bool     // as one more person who confirms About
	Ends   []string // the keys of reports that are over with this one

	Zone *time.Location // the city's, by which the report is counted in the numbers; nil if it is not
}

// Record writes reports, their verdicts and their deliveries in one transaction, and returns the entries as stored, in the same order. A
// report that is in the ledger already keeps its verdict and its deliveries.
func (d *DB) Record(ctx context.Context, judged ...Judged) ([]Entry, error) {
	entries := make([]Entry, len(judged))
	for i, j := range judged {
		r, v := j.Report, j.Verdict
		entries[i] = Entry{
			Key: r.Key(), City: r.City, Bot: r.Bot, Text: sanitize(r.Text), Author: sanitize(r.Author), Mark: sanitize(r.Mark), Private: r.Private, URL: sanitize(r.URL), Ref: sanitize(r.Ref),
			Reading: encodeReading(r.Means), Trace: sanitize(r.Trace), About: j.About, Counted: j.Counts, Passed: v.Passed, List: string(v.List), Rule: report.Cut(sanitize(v.Rule), 250), Line: v.Line, At: Time(r.At), CreatedAt: d.now(),
			Numbered: numberedAs(j, d.now()),
		}
		if !r.Received.IsZero() {
			received := Time(r.Received)
			entries[i].ReceivedAt = &received
		}
	}
	err := d.Transaction(ctx, func(tx *gorm.DB) error {
		ids, err := insertEntries(tx, entries)
		if err != nil {
			return err
		}
		var deliveries []Delivery
		var numbers []Number
		for i := range entries {
			id, ok := ids[entries[i].Key]
			delete(ids, entries[i].Key) // a second report with this key is a repetition
			if entries[i].ID, entries[i].Known = id, !ok; !ok {
				continue
			}
			for _, bot := range judged[i].Bots {
				entries[i].Deliveries = append(entries[i].Deliveries, Delivery{EntryID: id, Bot: bot, Status: judged[i].Status, UpdatedAt: d.now()})
			}
			deliveries = append(deliveries, entries[i].Deliveries...)
			numbers = append(numbers, numbersOf(entries[i], judged[i].Report.Means)...)
		}
		if err := insertDeliveries(tx, deliveries); err != nil {
			return err
		}
		if err := addNumbers(tx, numbers); err != nil {
			return err
		}
		if err := noteEffects(tx, entries, judged, d.now()); err != nil {
			return err
		}
		return readKnown(tx, entries)
	})
	return entries, wrap("record report", err)
}

// insertEntries inserts the entries whose keys are new, and returns their IDs by key. (gorm cannot say which ones it has inserted.)
func insertEntries(tx *gorm.DB, entries []Entry) (map[string]uint, error) {
	var values []any
	for _, e := range entries {
		values = append(values, e.Key, e.City, e.Bot, e.Text, e.Author, e.Mark, e.Private, e.URL, e.Ref, e.Passed, e.List, e.Rule, e.Line, "", e.Reading, e.About, e.Counted, e.Numbered, e.Trace, e.At, e.ReceivedAt, e.CreatedAt)
	}
	var made []struct {
		ID  uint
		Key string
	}
	err := tx.Raw("INSERT INTO ledger_entries (key, city, bot, text, author, mark, private, url, ref, passed, list, rule, line, withdrawn, reading, about, counted, numbered, trace, at, received_at, created_at) VALUES "+
		rows(len(entries), 22)+" ON CONFLICT (key) DO NOTHING RETURNING id, key", values...).Scan(&made).Error
	ids := make(map[string]uint, len(made))
	for _, e := range made {
		ids[e.Key] = e.ID
	}
	return ids, err
}

// noteEffects counts confirmations, and ends reports, of the entries that are new.
func noteEffects(tx *gorm.DB, entries []Entry, judged []Judged, now time.Time) error {
	confirmed := map[string]int{}
	last := map[string]*Entry{} // that confirms
	for i, j := range judged {
		if entries[i].Known {
			continue
		}
		if j.Counts {
			confirmed[j.About]++
			last[j.About] = &entries[i]
		}
		if len(j.Ends) > 0 {
			if err := tx.Exec("UPDATE ledger_entries SET ended_at = ? WHERE key IN ? AND ended_at IS NULL", entries[i].At, j.Ends).Error; err != nil {
				return err
			}
			var err error
			if entries[i].Edits, err = markEdits(tx, j.Ends, now); err != nil {
				return err
			}
		}
	}
	for _, key := range slices.Sorted(maps.Keys(confirmed)) { // in one order, so that two transactions never wait for each other
		if err := tx.Exec("UPDATE ledger_entries SET confirmations = confirmations + ? WHERE key = ?", confirmed[key], key).Error; err != nil {
			return err
		}
		var err error
		if last[key].Edits, err = markEdits(tx, []string{key}, now); err != nil {
			return err
		}
	}
	return nil
}

func insertDeliveries(tx *gorm.DB, deliveries []Delivery) error {
	if len(deliveries) == 0 {
		return nil
	}
	var values []any
	for _, v := range deliveries {
		values = append(values, v.EntryID, v.Bot, v.Status, "", "", "", 0, "", 0, v.UpdatedAt)
	}
	return tx.Exec("INSERT INTO ledger_deliveries (entry_id, bot, status, detail, remote_id, remote_url, served, cursor, attempts, updated_at) VALUES "+
		rows(len(deliveries), 10), values...).Error
}

// rows returns the placeholders of a number of rows.
func rows(number, columns int) string {
	row := "(" + strings.Repeat("?,", columns-1) + "?)"
	return strings.Repeat(row+",", number-1) + row
}

// readKnown reads the entries that the ledger had already.
func readKnown(tx *gorm.DB, entries []Entry) error {
	var keys []string
	for _, e := range entries {
		if e.Known {
			keys = append(keys, e.Key)
		}
	}
	if len(keys) == 0 {
		return nil
	}
	var known []Entry
	if err := tx.Preload("Deliveries").Where("key IN ?", keys).Find(&known).Error; err != nil {
		return err
	}
	byKey := make(map[string]Entry, len(known))
	for _, e := range known {
		e.Known = true
		byKey[e.Key] = e
	}
	for i := range entries {
		if entries[i].Known {
			entries[i] = byKey[entries[i].Key]
		}
	}
	return nil
}

func encodeReading(r report.Reading) string {
	if r.IsZero() {
		return ""
	}
	text, _ := json.Marshal(r) // of strings and numbers: cannot fail
	return sanitize(string(text))
}

// Means returns the reading of the entry; the zero Reading if there is none, or the text is deleted.
func (e Entry) Means() (r report.Reading) {
	if e.Reading != "" {
		_ = json.Unmarshal([]byte(e.Reading), &r) // as encodeReading wrote it
	}
	return r
}
