package network

import (
	"bytes"
	"context"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// table is one file of a feed, read row by row.
type table struct {
	ctx     context.Context
	name    string
	rows    *rowReader
	columns map[string]int
	count   int
}

// newTable reads the header, which must have all required columns.
func newTable(ctx context.Context, name string, from io.Reader, required ...string) (*table, error) {
	t := &table{ctx: ctx, name: name, rows: newRowReader(from), columns: map[string]int{}}
	if err := t.rows.next(); err == io.EOF {
		return nil, &FeedError{Problem: MissingColumn, File: name, Want: "is empty; its first line must name its columns"}
	} else if err != nil {
		return nil, t.wrap(err)
	}
	for i, field := range t.rows.fields {
		column := string(bytes.TrimSpace(bytes.TrimPrefix(field, []byte("\ufeff"))))
		if _, twice := t.columns[column]; !twice {
			t.columns[column] = i
		}
	}
	for _, column := range required {
		if !t.has(column) {
			return nil, &FeedError{Problem: MissingColumn, File: name, Line: 1, Field: column, Want: "this column must be there"}
		}
	}
	return t, nil
}

func (t *table) has(column string) bool { _, ok := t.columns[column]; return ok }

// next moves on to the next row, and returns io.EOF behind the last.
func (t *table) next() error {
	if err := t.rows.next(); err != nil {
		return t.wrap(err)
	}
	if t.count++; t.count%4096 == 0 {
		return t.ctx.Err()
	}
	return nil
}

func (t *table) wrap(err error) error {
	if err == errLongRow || err == errOpenQuote {
		return &FeedError{Problem: BadRow, File: t.name, Line: t.rows.line, Want: err.Error()}
	}
	return err
}

// bytes returns a value without spaces around it, valid until the next row. It is empty if the row or the table does not have it.
func (t *table) bytes(column string) []byte {
	if i, ok := t.columns[column]; ok && i < len(t.rows.fields) {
		return bytes.TrimSpace(t.rows.fields[i])
	}
	return nil
}

func (t *table) get(column string) string { return string(t.bytes(column)) }

// text returns a value to be kept.
func (t *table) text(column string) (string, error) {
	value := t.get(column)
	if !utf8.ValidString(value) {
		return "", t.fail(BadRow, column, "is not UTF-8; save the file in this encoding")
	}
	return strings.Join(strings.Fields(value), " "), nil
}

// number returns a whole number from 0 to 2³¹-1; absent if the value is empty.
func (t *table) number(column string, absent int) (int, error) {
	value := t.bytes(column)
	if len(value) == 0 {
		return absent, nil
	}
	n := 0
	for _, digit := range value {
		n = 10*n + int(digit) - '0'
		if digit < '0' || digit > '9' || n > 1<<31-1 {
			return 0, t.fail(BadValue, column, "is not a whole number from 0 up")
		}
	}
	return n, nil
}

// degrees returns a coordinate; ok is false if the value is empty.
func (t *table) degrees(column string, limit float64) (value float64, ok bool, err error) {
	text := t.get(column)
	if text == "" {
		return 0, false, nil
	}
	value, err = strconv.ParseFloat(text, 64)
	if err != nil || !(value >= -limit && value <= limit) {
		return 0, false, t.fail(BadValue, column, "is not a number of degrees from -"+strconv.Itoa(int(limit))+" to "+strconv.Itoa(int(limit)))
	}
	return value, true, nil
}

func (t *table) fail(problem Problem, column, want string) error {
	return &FeedError{Problem: problem, File: t.name, Line: t.rows.line, Field: column, Value: quoted(t.get(column)), Want: want}
}

// seconds returns a time of day, H:MM:SS, which may be past 24:00:00.
func (t *table) seconds(column string) (int, error) {
	total, parts := 0, strings.Split(t.get(column), ":")
	for _, part := range parts {
		n, err := strconv.ParseUint(part, 10, 16)
		if err != nil || len(parts) != 3 {
			return 0, t.fail(BadValue, column, "is not a time like 25:10:00")
		}
		total = total*60 + int(n)
	}
	return total, nil
}
