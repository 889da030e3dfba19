package db

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"

	"linienfunk/internal/secret"
)

// Trouble is something in the database that the program itself would not have left like that.
type Trouble struct {
	What  string // the end of a sentence that begins with Count: "deliveries wait for …"
	Count int64
	Mend  string // what to do, or what mending does
	mend  func(ctx context.Context) error
}

// CanMend reports whether Mend does something.
func (t Trouble) CanMend() bool { return t.mend != nil }

// Run mends it.
func (t Trouble) Run(ctx context.Context) error { return wrap("mend", t.mend(ctx)) }

// check looks for a trouble in one table.
type check struct {
	table, where string
	args         []any
	what, mend   string
	with         string // the statement that mends, but for its condition
	withArgs     []any
}

// stuckAfter is the age at which a delivery can wait no more: no city's limit of freshness is as high.
const stuckAfter = 48 * time.Hour

// CheckLedger looks for troubles in the ledger and in the queue that it is. bots are those that the program has.
func (d *DB) CheckLedger(ctx context.Context, bots []string) ([]Trouble, error) {
	now := d.now()
	const waits = "(status IN ('queued', 'retrying') OR recall_until IS NOT NULL OR edit_until IS NOT NULL)"
	const closing = "UPDATE ledger_deliveries SET detail = CASE WHEN status IN ('queued', 'retrying') THEN ? ELSE detail END, " +
		"status = CASE WHEN status IN ('queued', 'retrying') THEN ? ELSE status END, recall_until = NULL, edit_until = NULL, updated_at = ?"
	const lonely = "passed AND withdrawn = '' AND ruling = '' AND about = '' AND created_at > ? AND NOT EXISTS (SELECT 1 FROM ledger_deliveries AS d WHERE d.entry_id = ledger_entries.id) " +
		"AND EXISTS (SELECT 1 FROM ledger_entries AS n JOIN ledger_deliveries AS d ON d.entry_id = n.id WHERE n.city = ledger_entries.city AND n.id > ledger_entries.id AND n.created_at > ?) AND " + before + " IS NOT NULL"
	recent := now.Add(-stuckAfter)
	return d.look(ctx, []check{
		{"ledger_deliveries", waits + " AND entry_id IN (SELECT id FROM ledger_entries WHERE city NOT IN (SELECT name FROM cities))", nil,
			"deliveries wait for cities that do not exist", "they are closed as failed", closing, []any{"the city does not exist", Failed, now}},
		{"ledger_deliveries", waits + " AND bot NOT IN ?", []any{bots},
			"deliveries wait for networks that the program does not have", "they are closed as failed", closing, []any{"the program does not have this network", Failed, now}},
		{"ledger_deliveries", "status IN ('queued', 'retrying') AND entry_id IN (SELECT id FROM ledger_entries WHERE created_at < ?)", []any{recent},
			"deliveries wait for longer than any city's limit", "they are closed as expired", closing, []any{"it waited for too long", Expired, now}},
		{"ledger_deliveries", "recall_until < ? OR edit_until < ?", []any{now.Add(-time.Hour), now.Add(-time.Hour)},
			"posts are still to be deleted or edited, although it is too late", "nobody tries any more", "UPDATE ledger_deliveries SET recall_until = NULL, edit_until = NULL", nil},
		{"ledger_deliveries", "entry_id NOT IN (SELECT id FROM ledger_entries)", nil,
			"deliveries are of no report", "they are deleted", "DELETE FROM ledger_deliveries", nil},
		{"ledger_entries", lonely, []any{recent, recent},
			"reports passed and have no delivery, unlike those before and after them", "they get those of the one before, and are sent if they are fresh", lonelyMend, nil},
		{"mail_messages", "open = ? AND lease <> '' AND due_at > ?", []any{true, now.Add(time.Hour).UnixMilli()},
			"mails are being delivered for more than an hour to come, as after a change of the clock", "they are tried again", "UPDATE mail_messages SET lease = '', due_at = ?", []any{now.UnixMilli()}},
		{"mail_messages", "open = ? AND sealed IS NULL", []any{true},
			"mails wait and have no content", "they are deleted", "DELETE FROM mail_messages", nil},
	})
}

// before is the entry of the same city before one that has deliveries.
const before = "(SELECT MAX(p.id) FROM ledger_entries AS p JOIN ledger_deliveries AS d ON d.entry_id = p.id WHERE p.city = ledger_entries.city AND p.id < ledger_entries.id)"

// lonelyMend is followed by the condition of the entries.
const lonelyMend = "INSERT INTO ledger_deliveries (entry_id, bot, status, detail, remote_id, remote_url, served, cursor, attempts, updated_at) " +
	"SELECT ledger_entries.id, other.bot, 'queued', '', '', '', 0, '', 0, ledger_entries.created_at FROM ledger_entries JOIN ledger_deliveries AS other ON other.entry_id = " + before

// keptWithoutCity are tables whose rows outlive a city: what was reported must not be relayed again.
var keptWithoutCity = []string{"ledger_entries"}

// CheckCities looks in all tables for rows of cities that do not exist.
func (d *DB) CheckCities(ctx context.Context) ([]Trouble, error) {
	all, err := d.tables(ctx)
	if err != nil {
		return nil, err
	}
	var checks []check
	for _, t := range all {
		if slices.Contains(t.columns, "city") && !slices.Contains(keptWithoutCity, t.name) {
			checks = append(checks, check{table: t.name, where: "city <> '' AND city NOT IN (SELECT name FROM cities)", what: "rows of " + t.name + " are of cities that do not exist",
				mend: "they are deleted", with: `DELETE FROM "` + t.name + `"`})
		}
	}
	return d.look(ctx, checks)
}

// look returns the checks that find something.
func (d *DB) look(ctx context.Context, checks []check) (found []Trouble, err error) {
	for _, c := range checks {
		t := Trouble{What: c.what, Mend: c.mend}
		condition := " WHERE " + c.where
		if err := d.WithContext(ctx).Raw(`SELECT COUNT(*) FROM "`+c.table+`"`+condition, c.args...).Scan(&t.Count).Error; err != nil {
			return found, wrap("look whether "+c.what, err)
		}
		if t.Count == 0 {
			continue
		}
		t.mend = func(ctx context.Context) error {
			return d.WithContext(ctx).Exec(c.with+condition, append(slices.Clone(c.withArgs), c.args...)...).Error
		}
		found = append(found, t)
	}
	return found, nil
}

// Clock returns how far the database's clock is ahead of this program's; nothing for SQLite, which has none.
func (d *DB) Clock(ctx context.Context) (ahead time.Duration, err error) {
	if d.isSQLite() {
		return 0, nil
	}
	sent := time.Now()
	there, err := d.clock(d.WithContext(ctx))
	middle := sent.Add(time.Since(sent) / 2)
	return there.Sub(middle), wrap("ask the database for the time", err)
}

// EachSealed calls f for each value of a sealed column that is not empty, as it is stored, with the values of the column's Row.
func (d *DB) EachSealed(ctx context.Context, c secret.Column, f func(row []string, stored []byte) error) error {
	columns := append(slices.Clone(c.Row), c.Name)
	found, err := d.sql.QueryContext(ctx, `SELECT "`+strings.Join(columns, `", "`)+`" FROM "`+c.Table+`" WHERE "`+c.Name+`" IS NOT NULL`)
	if err != nil {
		return wrap("read "+c.Table, err)
	}
	defer found.Close()
	for found.Next() {
		row := make([]string, len(c.Row))
		var stored sql.RawBytes
		into := make([]any, 0, len(columns))
		for i := range row {
			into = append(into, &row[i])
		}
		if err := found.Scan(append(into, &stored)...); err != nil {
			return fmt.Errorf("read %s: %w", c.Table, err)
		}
		if len(stored) == 0 {
			continue
		}
		if err := f(row, slices.Clone(stored)); err != nil {
			return err
		}
	}
	return wrap("read "+c.Table, found.Err())
}

// BytesColumns lists the columns of bytes, as table.column: what may be sealed.
func (d *DB) BytesColumns(ctx context.Context) (names []string, err error) {
	all, err := d.tables(ctx)
	for _, t := range all {
		for i, k := range t.kinds {
			if k == kindBytes {
				names = append(names, t.name+"."+t.columns[i])
			}
		}
	}
	return names, err
}

// ReplaceSealed stores other values in place of those that EachSealed has given.
func (d *DB) ReplaceSealed(ctx context.Context, c secret.Column, changes []SealedChange) error {
	where := `"` + c.Name + `" = ?`
	for _, column := range c.Row {
		where += ` AND "` + column + `" = ?`
	}
	return wrap("replace "+c.Table, d.Transaction(ctx, func(tx *gorm.DB) error {
		for _, change := range changes {
			values := []any{bytesValue(change.To), bytesValue(change.From)}
			for _, v := range change.Row {
				values = append(values, v)
			}
			if err := tx.Exec(`UPDATE "`+c.Table+`" SET "`+c.Name+`" = ? WHERE `+where, values...).Error; err != nil {
				return err
			}
		}
		return nil
	}))
}

// SealedChange is a value of a sealed column, as stored, and what stands in its place: both texts, or both bytes.
type SealedChange struct {
	Row      []string
	From, To any
}

// bytesValue keeps gorm from taking bytes for a list.
func bytesValue(v any) any {
	if b, ok := v.([]byte); ok {
		return sql.Null[[]byte]{V: b, Valid: true}
	}
	return v
}
