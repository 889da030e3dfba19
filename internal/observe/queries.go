package observe

import (
	"context"
	"errors"
	"strings"
	"time"

	"go.opentelemetry.io/otel/trace"
	"gorm.io/gorm"
)

// query is the context of a statement while it runs.
type query struct {
	context.Context
	began time.Time
	span  trace.Span // nil if the statement belongs to no step of a trace
}

// Queries observes the statements of a handle of the database, and of all handles that are made from it. It must be called before the first one.
func (o *Observer) Queries(handle *gorm.DB) error {
	if o == nil {
		return nil
	}
	begin := func(tx *gorm.DB) {
		tx.Statement.Context = &query{tx.Statement.Context, time.Now(), o.startStatement(tx.Statement.Context)}
	}
	end := func(tx *gorm.DB) {
		q, ok := tx.Statement.Context.(*query)
		if !ok {
			return
		}
		tx.Statement.Context = q.Context
		operation, table := statementName(tx.Statement.SQL.String())
		o.query(operation, table, time.Since(q.began), tx.Error)
		if q.span != nil {
			q.span.SetName(operation + " " + table)
			Span{q.span}.End(failure(tx.Error))
		}
	}
	const before, after = "observe:begin", "observe:end"
	on := handle.Callback()
	return errors.Join(
		on.Create().Before("*").Register(before, begin), on.Create().After("*").Register(after, end),
		on.Query().Before("*").Register(before, begin), on.Query().After("*").Register(after, end),
		on.Update().Before("*").Register(before, begin), on.Update().After("*").Register(after, end),
		on.Delete().Before("*").Register(before, begin), on.Delete().After("*").Register(after, end),
		on.Row().Before("*").Register(before, begin), on.Row().After("*").Register(after, end),
		on.Raw().Before("*").Register(before, begin), on.Raw().After("*").Register(after, end),
	)
}

// Transaction notes that a transaction begins. The caller calls end once it is committed or undone. The time includes the wait for others.
func (o *Observer) Transaction() (end func(error)) { return o.wholeQuery("transaction") }

// Commit notes that a group of transactions is being written to the disk.
func (o *Observer) Commit() (end func(error)) { return o.wholeQuery("commit") }

func (o *Observer) wholeQuery(operation string) func(error) {
	if o == nil {
		return func(error) {}
	}
	began := time.Now()
	return func(err error) { o.query(operation, "", time.Since(began), err) }
}

func (o *Observer) query(operation, table string, took time.Duration, err error) {
	o.counters.queries.WithLabelValues(operation, table).Observe(took.Seconds())
	if failure(err) != nil {
		o.counters.failedQueries.WithLabelValues(operation, table).Inc()
	}
}

// failure returns the error of a statement, unless it is that there was nothing.
func failure(err error) error {
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return nil
	}
	return err
}

// startStatement starts a step for a statement, if it belongs to one.
func (o *Observer) startStatement(ctx context.Context) trace.Span {
	if !o.Tracing() || !trace.SpanFromContext(ctx).IsRecording() {
		return nil
	}
	_, span := o.tracer.Start(ctx, "statement", trace.WithSpanKind(trace.SpanKindClient))
	return span
}

// statementName returns what a statement does, and to which table: the first one that it names. It returns no value of the statement, so that
// the number of names is that of the tables.
func statementName(sql string) (operation, table string) {
	verb, rest, _ := strings.Cut(strings.TrimSpace(sql), " ")
	operation = strings.ToLower(verb)
	switch operation {
	case "update":
		return operation, tableName(rest)
	case "insert":
		_, rest, _ = strings.Cut(rest, "INTO ")
		return operation, tableName(rest)
	case "select", "delete", "with":
		_, rest, _ = strings.Cut(sql, "FROM ")
		return operation, tableName(rest)
	}
	return "other", ""
}

// tableName returns the name at the beginning of a part of a statement, or nothing if something else is there.
func tableName(sql string) string {
	name := strings.TrimLeft(sql, "`\" ")
	end := strings.IndexFunc(name, func(r rune) bool { return (r < 'a' || r > 'z') && r != '_' && (r < '0' || r > '9') })
	if end >= 0 {
		name = name[:end]
	}
	return name
}
