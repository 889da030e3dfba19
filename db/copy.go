package db

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"
	"unicode/utf8"

	"gorm.io/gorm"

	"linienfunk/internal/archive"
)

// Layout says what was in a database besides its rows. A copy can be written to a database with the same layout only, whichever of the two it is.
type Layout struct {
	Tables  []TableLayout `json:"tables"` // in an order in which their foreign keys find what they refer to
	Numbers []sequence    `json:"numbers"`
}

// TableLayout is a table of a Layout.
type TableLayout struct {
	Name    string   `json:"name"`
	Columns []string `json:"columns"` // by name
	Kinds   []kind   `json:"kinds"`   // of the columns
}

func (l TableLayout) table() table { return table{name: l.Name, columns: l.Columns, kinds: l.Kinds} }

// Fix takes the snapshot of a transaction of Snapshot, which the databases do only when it first reads, and keeps it for as long as whoever takes the rows needs.
func (d *DB) Fix(tx *gorm.DB) error {
	if err := d.takeTime(tx); err != nil {
		return err
	}
	var one int
	return tx.Raw("SELECT 1 FROM cities LIMIT 1").Scan(&one).Error
}

// takeTime lets a transaction be silent for longer than limitSilentClients allows: a disk or a connection at the other end of a copy may be slow.
func (d *DB) takeTime(tx *gorm.DB) error {
	if d.isSQLite() {
		return nil
	}
	return tx.Exec("SET LOCAL idle_in_transaction_session_timeout = 0").Error
}

// ExpireQueued closes all deliveries that wait to be sent, and returns their number. What is to be deleted or edited stays due.
func ExpireQueued(tx *gorm.DB, now time.Time) (int64, error) {
	done := tx.Exec("UPDATE ledger_deliveries SET status = ?, detail = ?, updated_at = ? WHERE status IN ('queued', 'retrying')",
		Expired, "it waited when a backup was made", Time(now))
	return done.RowsAffected, done.Error
}

// ReadAll reads all tables that MoveTo would copy, as they are in the snapshot of tx, and calls f for each row as a line of JSON. It calls begin before the rows of
// each table.
func (d *DB) ReadAll(ctx context.Context, tx *gorm.DB, begin func(table string) error, f func(line []byte) error) (l Layout, err error) {
	all, err := d.tables(ctx)
	if err != nil {
		return l, err
	}
	ordered, err := inOrder(all, nil)
	if err != nil {
		return l, err
	}
	for _, t := range ordered {
		if err := begin(t.name); err != nil {
			return l, err
		}
		found, err := tx.Raw(t.query()).Rows()
		if err == nil {
			_, err = t.read(found, func(_ []any, line []byte) error { return f(line) })
		}
		if err != nil {
			return l, fmt.Errorf("read table %s: %w", t.name, explain(err))
		}
		l.Tables = append(l.Tables, TableLayout{t.name, t.columns, t.kinds})
	}
	l.Numbers, err = d.sequences(tx) // behind the rows: none of them has a higher number
	return l, wrap("read numbers of rows", err)
}

// CheckFits returns an error unless the database has the same tables as the layout, and no row in them: then it wraps ErrNotEmpty.
func (d *DB) CheckFits(ctx context.Context, l Layout) error {
	all, err := d.tables(ctx)
	if err != nil {
		return err
	}
	ordered, err := inOrder(all, nil)
	if err != nil {
		return err
	}
	for _, t := range ordered {
		if err := t.checkEmpty(d.WithContext(ctx)); err != nil {
			return err
		}
		i := slices.IndexFunc(l.Tables, func(other TableLayout) bool { return other.Name == t.name })
		if i < 0 {
			return fmt.Errorf("table %s is missing in the copy", t.name)
		}
		if err := t.checkSame(l.Tables[i].table()); err != nil {
			return err
		}
	}
	if len(ordered) != len(l.Tables) {
		return errors.New("the copy has tables that are missing here")
	}
	return nil
}

// Filling writes a copy to a database, within a transaction.
type Filling struct {
	tx     *gorm.DB
	layout Layout
	except []string
	now    *filling
}

// Fill calls f with a Filling, compares what is there with the digests of the tables, and calls last, all in one transaction: if anything fails, the database is as
// it was. Tables of the given names are left as they are.
func (d *DB) Fill(ctx context.Context, l Layout, want func(table string) archive.Digest, f func(*Filling) error, last func(tx *gorm.DB) error, except ...string) error {
	return wrap("fill the database", d.Transaction(ctx, func(tx *gorm.DB) error {
		if err := d.takeTime(tx); err != nil {
			return err
		}
		if err := d.CheckFits(ctx, l); err != nil {
			return err
		}
		to := &Filling{tx: tx, layout: l, except: except}
		if err := f(to); err != nil {
			return err
		}
		if err := to.flush(); err != nil {
			return err
		}
		for _, one := range l.Tables {
			if slices.Contains(except, one.Name) {
				continue
			}
			if got, err := one.table().digest(tx); err != nil {
				return fmt.Errorf("table %s: %w", one.Name, err)
			} else if got != want(one.Name) {
				return fmt.Errorf("table %s: %d rows are there that are not the %d of the copy", one.Name, got.Lines, want(one.Name).Lines)
			}
		}
		if err := d.continueSequences(tx, l.Numbers); err != nil {
			return fmt.Errorf("numbers of rows: %w", err)
		}
		return last(tx)
	}))
}

// Add inserts a row that ReadAll has read. Rows come table by table, in the order of the layout.
func (f *Filling) Add(name string, line []byte) error {
	if slices.Contains(f.except, name) {
		return nil
	}
	if f.now == nil || f.now.table.name != name {
		if err := f.flush(); err != nil {
			return err
		}
		i := slices.IndexFunc(f.layout.Tables, func(t TableLayout) bool { return t.Name == name })
		if i < 0 {
			return fmt.Errorf("table %s is not in the layout", name)
		}
		f.now = &filling{tx: f.tx, table: f.layout.Tables[i].table()}
	}
	row, err := f.now.table.decodeRow(line)
	if err == nil {
		err = f.now.add(row)
	}
	if err != nil {
		return fmt.Errorf("table %s: %w", name, err)
	}
	return nil
}

func (f *Filling) flush() error {
	if f.now == nil {
		return nil
	}
	if err := f.now.insert(); err != nil {
		return fmt.Errorf("table %s: %w", f.now.table.name, err)
	}
	return nil
}

// rawText is a text that is no UTF-8, which JSON cannot hold.
type rawText struct {
	Bytes []byte `json:"bytes"`
}

// encodeRow writes normal values as a list in JSON: bytes in base64, times in RFC 3339.
func encodeRow(row []any) ([]byte, error) {
	values := row
	for i, value := range row {
		if text, ok := value.(string); ok && !utf8.ValidString(text) {
			if &values[0] == &row[0] {
				values = slices.Clone(row)
			}
			values[i] = rawText{[]byte(text)}
		}
	}
	return json.Marshal(values)
}

// decodeRow reads what encodeRow has written.
func (t table) decodeRow(line []byte) ([]any, error) {
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.UseNumber()
	var row []any
	if err := decoder.Decode(&row); err != nil {
		return nil, err
	}
	if _, err := decoder.Token(); err != io.EOF || len(row) != len(t.columns) {
		return nil, fmt.Errorf("a row has %d values, want %d", len(row), len(t.columns))
	}
	for i, value := range row {
		var err error
		if row[i], err = t.kinds[i].decoded(value); err != nil {
			return nil, fmt.Errorf("column %s: %w", t.columns[i], err)
		}
	}
	return row, nil
}

// decoded returns the normal value of one that was read from JSON.
func (k kind) decoded(value any) (any, error) {
	switch v := value.(type) {
	case nil, bool:
		return v, nil
	case json.Number:
		if whole, err := v.Int64(); err == nil {
			return whole, nil
		}
		return v.Float64()
	case string:
		switch k {
		case kindTime:
			return time.Parse(time.RFC3339Nano, v)
		case kindBytes:
			return base64.StdEncoding.DecodeString(v)
		}
		return v, nil
	case map[string]any:
		if text, ok := v["bytes"].(string); ok && len(v) == 1 {
			raw, err := base64.StdEncoding.DecodeString(text)
			return string(raw), err
		}
	}
	return nil, fmt.Errorf("a value that is %s cannot be %T", k, value)
}
