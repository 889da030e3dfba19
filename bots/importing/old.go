package importing

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// The programs whose databases can be read.
const (
	Ticketfrei = "ticketfrei"
	Kibicara   = "kibicara"
)

// Old is the database of an older program, open for reading.
type Old struct {
	Program  string // Ticketfrei or Kibicara
	File     string // for errors
	DB       *sql.DB
	Modified time.Time // when the old program last wrote

	// SameApplication says that this instance is configured with the application keys of the old program, which stood in its configuration: without them tokens that belong to them
	// are worth nothing.
	SameApplication bool
}

// City is a city in an old database.
type City struct {
	*Old
	ID int64 // user.id of Ticketfrei, hoods.id of Kibicara
}

// Row is a row of an old table.
type Row struct {
	ID     string // for errors
	values map[string]string
}

// Text returns a column as text, without white space around it: empty for NULL, and for a column that this version of the old program did not have.
func (r Row) Text(column string) string { return strings.TrimSpace(r.values[column]) }

// Has reports whether there is such a column.
func (r Row) Has(column string) bool { _, ok := r.values[column]; return ok }

// Number returns a column as a number; 0 if it is none.
func (r Row) Number(column string) int64 {
	n, _ := strconv.ParseInt(r.Text(column), 10, 64)
	return n
}

// On reports whether a column holds neither 0 nor NULL. Kibicara's are 0 and 1, or the words of SQLAlchemy.
func (r Row) On(column string) bool {
	text := strings.ToLower(r.Text(column))
	return text != "" && text != "0" && text != "false"
}

// Each calls f with each row of a query. One that begins with SELECT * does not mind columns that some versions lack. A table that does not exist has no rows. Errors name the file,
// the query and the row, and no value.
func (o *Old) Each(ctx context.Context, f func(Row) error, query string, args ...any) error {
	rows, err := o.DB.QueryContext(ctx, query, args...)
	if err != nil && strings.Contains(err.Error(), "no such table") {
		return nil
	}
	if err != nil {
		return fmt.Errorf("%s: %s: %w", o.File, query, err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return fmt.Errorf("%s: %s: %w", o.File, query, err)
	}
	for n := 1; rows.Next(); n++ {
		values, targets := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			targets[i] = &values[i]
		}
		err := rows.Scan(targets...)
		row := Row{ID: "number " + strconv.Itoa(n), values: map[string]string{}}
		for i, column := range columns {
			row.values[column] = text(values[i])
		}
		if id := row.Text("id"); id != "" {
			row.ID = id
		}
		if err == nil {
			err = f(row)
		}
		if err != nil {
			return fmt.Errorf("%s: %s: row %s: %w", o.File, query, row.ID, err)
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("%s: %s: %w", o.File, query, err)
	}
	return nil
}

// All returns the rows of a query as Each does.
func (o *Old) All(ctx context.Context, query string, args ...any) (all []Row, err error) {
	err = o.Each(ctx, func(r Row) error { all = append(all, r); return nil }, query, args...)
	return all, err
}

func text(value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case []byte:
		return strings.ToValidUTF8(string(v), "\uFFFD")
	case string:
		return strings.ToValidUTF8(v, "\uFFFD")
	case bool:
		if v {
			return "1"
		}
		return "0"
	}
	return fmt.Sprint(value)
}
