package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"

	"linienfunk/internal/archive"
)

// Moved is a table that MoveTo has copied.
type Moved struct {
	Table string
	Rows  int
}

// ErrNotEmpty is returned by MoveTo if there are rows in the target.
var ErrNotEmpty = errors.New("the database is not empty")

// kept are the tables that MoveTo does not copy: they say which nodes run, with which key secrets are sealed, and which version the tables have, and
// are made by whoever opens a database. So are tables of migrations.
var kept = []string{"nodes", "shards", "instances", "schema_version"}

// MoveTo copies all rows of all tables, except those of the given names, to a database with the same tables, in one transaction. It compares
// what it has copied, value by value, and calls last before the commit. Numbers of rows that were deleted are not given again. Nobody may use either database
// meanwhile. Nothing here is changed.
func (d *DB) MoveTo(ctx context.Context, to *DB, done func(Moved), last func() error, except ...string) error {
	tables, err := d.tablesToMove(ctx, to, except)
	if err != nil {
		return err
	}
	return wrap("move", to.Transaction(ctx, func(tx *gorm.DB) error {
		for _, t := range tables {
			if err := t.checkEmpty(tx); err != nil {
				return err
			}
		}
		for _, t := range tables {
			rows, err := d.moveTable(ctx, tx, t)
			if err != nil {
				return fmt.Errorf("table %s: %w", t.name, err)
			}
			done(Moved{t.name, rows})
		}
		numbers, err := d.sequences(d.WithContext(ctx))
		if err == nil {
			err = to.continueSequences(tx, numbers)
		}
		if err != nil {
			return fmt.Errorf("numbers of rows: %w", err)
		}
		return last()
	}))
}

// table is a table as both databases have it.
type table struct {
	name    string
	columns []string
	kinds   []kind
	needs   []string // tables to which its foreign keys refer
}

// kind is what a column stores, if the two databases have different types for it.
type kind string

const (
	kindBool  kind = "a boolean"
	kindTime  kind = "a time"
	kindBytes kind = "bytes"
	kindOther kind = "a number or a text"
)

// tablesToMove lists the tables in an order in which their foreign keys find what they refer to. Both databases must have been migrated alike.
func (d *DB) tablesToMove(ctx context.Context, to *DB, except []string) ([]table, error) {
	here, err := d.tables(ctx)
	if err != nil {
		return nil, err
	}
	there, err := to.tables(ctx)
	if err != nil {
		return nil, err
	}
	if mine, other := names(here), names(there); !slices.Equal(mine, other) {
		return nil, fmt.Errorf("the tables differ: %q here, %q in the database to move to", mine, other)
	}
	ordered, err := inOrder(here, except)
	if err != nil {
		return nil, err
	}
	for _, t := range ordered {
		other := there[slices.IndexFunc(there, func(o table) bool { return o.name == t.name })]
		if err := t.checkSame(other); err != nil {
			return nil, err
		}
	}
	return ordered, nil
}

// inOrder returns the tables that are copied, those first to which foreign keys of others refer.
func inOrder(all []table, except []string) (ordered []table, err error) {
	placed := map[string]bool{}
	for len(placed) < len(all) {
		before := len(placed)
		for _, t := range all {
			if placed[t.name] || slices.ContainsFunc(t.needs, func(needed string) bool { return needed != t.name && !placed[needed] }) {
				continue
			}
			placed[t.name] = true
			if !slices.Contains(except, t.name) && !slices.Contains(kept, t.name) && t.name != "migrations" && !strings.HasSuffix(t.name, "_migrations") {
				ordered = append(ordered, t)
			}
		}
		if len(placed) == before {
			return nil, errors.New("the foreign keys of tables form a circle")
		}
	}
	return ordered, nil
}

func names(tables []table) (all []string) {
	for _, t := range tables {
		all = append(all, t.name)
	}
	return all
}

func (t table) checkSame(other table) error {
	if !slices.Equal(t.columns, other.columns) {
		return fmt.Errorf("the columns of table %s differ: %q here, %q in the database to move to", t.name, t.columns, other.columns)
	}
	for i, k := range t.kinds {
		if k != other.kinds[i] {
			return fmt.Errorf("column %s of table %s is %s here, and %s in the database to move to", t.columns[i], t.name, k, other.kinds[i])
		}
	}
	return nil
}

func (t table) checkEmpty(tx *gorm.DB) error {
	var count int64
	if err := tx.Table(t.name).Limit(1).Count(&count).Error; err != nil {
		return err
	}
	if count > 0 {
		return fmt.Errorf("%w: table %s has %d rows", ErrNotEmpty, t.name, count)
	}
	return nil
}

func (t table) query() string {
	return "SELECT " + strings.Join(t.quoted(), ", ") + ` FROM "` + t.name + `"`
}

func (t table) quoted() (columns []string) {
	for _, column := range t.columns {
		columns = append(columns, `"`+column+`"`)
	}
	return columns
}

// batchValues is how many values one statement inserts at most: SQLite takes 32,766, PostgreSQL 65,535.
const batchValues = 10_000

// batchBytes is how many bytes of texts and bytes one statement inserts at most, except for one row that has more: rows with networks have up to some megabytes.
const batchBytes = 8 << 20

// moveTable copies the rows of a table, and compares them afterwards.
func (d *DB) moveTable(ctx context.Context, tx *gorm.DB, t table) (count int, err error) {
	found, err := d.sql.QueryContext(ctx, t.query())
	if err != nil {
		return 0, err
	}
	into := filling{tx: tx, table: t}
	sent, err := t.read(found, func(row []any, _ []byte) error { return into.add(row) })
	if err == nil {
		err = into.insert()
	}
	if err != nil {
		return sent.Lines, err
	}
	received, err := t.digest(tx)
	if err == nil && sent != received {
		err = fmt.Errorf("%d rows were read, and others are there now, or %d", sent.Lines, received.Lines)
	}
	return sent.Lines, err
}

// filling inserts rows into a table, many with each statement.
type filling struct {
	tx     *gorm.DB
	table  table
	values []any
	size   int // of texts and bytes
}

func (f *filling) add(row []any) error {
	for _, value := range row {
		switch v := value.(type) {
		case []byte: // gorm would take them for a list
			value, f.size = sql.Null[[]byte]{V: v, Valid: true}, f.size+len(v)
		case string:
			f.size += len(v)
		}
		f.values = append(f.values, value)
	}
	if len(f.values)+len(row) > batchValues || f.size > batchBytes {
		return f.insert()
	}
	return nil
}

func (f *filling) insert() error {
	if len(f.values) == 0 {
		return nil
	}
	defer func() { f.values, f.size = f.values[:0], 0 }()
	columns := len(f.table.columns)
	return f.tx.Exec(`INSERT INTO "`+f.table.name+`" (`+strings.Join(f.table.quoted(), ", ")+") VALUES "+rows(len(f.values)/columns, columns), f.values...).Error
}

// digest reads a table that is there.
func (t table) digest(tx *gorm.DB) (archive.Digest, error) {
	found, err := tx.Raw(t.query()).Rows()
	if err != nil {
		return archive.Digest{}, err
	}
	return t.read(found, func([]any, []byte) error { return nil })
}

// read calls f for each row, as values and as JSON, and returns a digest of all that does not depend on their order.
func (t table) read(rows *sql.Rows, f func(row []any, line []byte) error) (archive.Digest, error) {
	defer rows.Close()
	var digest archive.Summer
	for rows.Next() {
		row, into := make([]any, len(t.columns)), make([]any, len(t.columns))
		for i := range row {
			into[i] = &row[i]
		}
		if err := rows.Scan(into...); err != nil {
			return digest.Digest(), err
		}
		for i, value := range row {
			var err error
			if row[i], err = t.kinds[i].normal(value); err != nil {
				return digest.Digest(), fmt.Errorf("column %s: %w", t.columns[i], err)
			}
		}
		line, err := encodeRow(row)
		if err != nil {
			return digest.Digest(), err
		}
		digest.Add(line)
		if err := f(row, line); err != nil {
			return digest.Digest(), err
		}
	}
	return digest.Digest(), rows.Err()
}

// normal returns a value as both databases take it.
func (k kind) normal(value any) (any, error) {
	switch v := value.(type) {
	case nil, bool, int64, float64:
		if number, ok := v.(int64); ok && k == kindBool {
			return number != 0, nil
		}
		return v, nil
	case time.Time:
		return Time(v), nil
	case string:
		if k == kindTime {
			at, err := time.Parse(time.RFC3339Nano, v)
			return Time(at), err
		}
		if k == kindBytes {
			return []byte(v), nil
		}
		return v, nil
	case []byte:
		if k == kindBytes {
			return v, nil
		}
		return string(v), nil
	}
	return nil, fmt.Errorf("a value of type %T", value)
}
