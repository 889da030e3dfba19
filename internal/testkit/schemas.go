package testkit

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"linienfunk/db"
)

// schemas are schemas of PostgreSQL in which migrations have created all tables. Tests use one after another, because migrating takes 20
// times as long as emptying the tables. They are dropped by Main or, in a package without it, whenever no test uses one: that may be the
// end of the test binary.
var schemas struct {
	sync.Mutex
	idle   []schema
	active int
	keep   bool // until the end of Main
}

// Main is the TestMain of a package with many tests that use PostgreSQL: it lets them share schemas until the last one has ended.
func Main(m *testing.M) {
	schemas.keep = true
	code := m.Run()
	if err := dropIdleSchemas(); err != nil {
		fmt.Fprintln(os.Stderr, "drop schemas:", err)
		code = max(code, 1)
	}
	os.Exit(code)
}

func dropIdleSchemas() error {
	if len(schemas.idle) == 0 {
		return nil
	}
	conn, err := sql.Open("pgx", os.Getenv("LINIENFUNK_TEST_POSTGRES"))
	if err != nil {
		return err
	}
	defer conn.Close()
	for _, s := range schemas.idle {
		if _, err := conn.Exec("DROP SCHEMA " + s.name + " CASCADE"); err != nil {
			return err
		}
	}
	return nil
}

type schema struct {
	name   string
	tables string // keyOf the tables
	reset  string // SQL that empties the tables, but for those that the migrations filled
	layout string
}

// migratedSchema returns the address of a schema with the tables, all empty, which belongs to the test until it ends.
func migratedSchema(t testing.TB, address string, tables []Tables) string {
	t.Helper()
	schemas.Lock()
	schemas.active++
	i := slices.IndexFunc(schemas.idle, func(s schema) bool { return s.tables == keyOf(tables) })
	var s schema
	if i >= 0 {
		s = schemas.idle[i]
		schemas.idle = slices.Delete(schemas.idle, i, i+1)
	}
	schemas.Unlock()
	if i < 0 {
		s = newSchema(t, address, tables)
	}
	t.Cleanup(func() { s.release(t, address) })
	return inSchema(t, address, s.name)
}

func newSchema(t testing.TB, address string, tables []Tables) schema {
	t.Helper()
	s := schema{name: uniqueName(), tables: keyOf(tables)}
	execute(t, address, "CREATE SCHEMA "+s.name)
	d, err := db.Open(context.Background(), inSchema(t, address, s.name), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	migrate(t, d, tables)
	names, err := d.Migrator().GetTables()
	if err != nil {
		t.Fatal(err)
	}
	var deletes []string
	for _, name := range names {
		var rows int64
		if err := d.Table(name).Count(&rows).Error; err != nil {
			t.Fatal(err)
		}
		if rows == 0 {
			deletes = append(deletes, fmt.Sprintf("d%d AS (DELETE FROM %s.%s)", len(deletes), s.name, name))
		}
	}
	// One statement: foreign keys are checked when it ends.
	s.reset = "WITH " + strings.Join(deletes, ", ") + " SELECT setval(seqrelid, seqstart, false) FROM pg_sequence JOIN pg_class ON oid = seqrelid WHERE relnamespace = '" + s.name + "'::regnamespace"
	if s.layout, err = s.readLayout(d.SQL()); err != nil {
		t.Fatal(err)
	}
	return s
}

// readLayout returns a hash of the schema's tables, columns and indexes.
func (s schema) readLayout(conn *sql.DB) (layout string, err error) {
	err = conn.QueryRow(`SELECT md5(string_agg(concat_ws(' ', c.relname, c.relkind, a.attname, a.atttypid), ',' ORDER BY c.relname, a.attnum))
		FROM pg_class c LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND NOT a.attisdropped
		WHERE c.relnamespace = to_regnamespace($1)`, s.name).Scan(&layout)
	return layout, err
}

// release empties the tables for the next test, or drops the schema if the test changed more than rows.
func (s schema) release(t testing.TB, address string) {
	conn, err := sql.Open("pgx", address)
	if err != nil {
		t.Error(err)
		return
	}
	defer conn.Close()
	layout, err := s.readLayout(conn)
	usable := err == nil && layout == s.layout
	if usable {
		_, err = conn.Exec(s.reset)
		usable = err == nil
	}
	if err != nil {
		t.Errorf("empty the tables: %v", err)
	}
	schemas.Lock()
	defer schemas.Unlock()
	schemas.active--
	var unused []schema
	if usable {
		schemas.idle = append(schemas.idle, s)
	} else {
		unused = append(unused, s)
	}
	if schemas.active == 0 && !schemas.keep {
		unused, schemas.idle = append(unused, schemas.idle...), nil
	}
	for _, s := range unused {
		if _, err := conn.Exec("DROP SCHEMA " + s.name + " CASCADE"); err != nil {
			t.Error(err)
		}
	}
}
