package testkit

import (
	"context"
	"database/sql"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/go-gormigrate/gormigrate/v2"

	"linienfunk/db"
)

// DatabaseURL returns the address of an empty database: a file in dir, or a new schema of PostgreSQL.
func DatabaseURL(t testing.TB, dir string) string {
	t.Helper()
	address := os.Getenv("LINIENFUNK_TEST_POSTGRES")
	if address == "" {
		return filepath.Join(dir, "linienfunk.db")
	}
	schema := uniqueName()
	execute(t, address, "CREATE SCHEMA "+schema)
	t.Cleanup(func() { execute(t, address, "DROP SCHEMA "+schema+" CASCADE") })
	return inSchema(t, address, schema)
}

// inSchema returns address with the schema as the one that its connections use.
func inSchema(t testing.TB, address, schema string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal("LINIENFUNK_TEST_POSTGRES is not a URL")
	}
	query := u.Query()
	query.Set("search_path", schema)
	u.RawQuery = query.Encode()
	return u.String()
}

func execute(t testing.TB, address, statement string) {
	t.Helper()
	conn, err := sql.Open("pgx", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Exec(statement); err != nil {
		t.Fatal(err)
	}
}

// Tables are the tables of one part of the program: a prefix with its "_", and the migrations that make them.
type Tables struct {
	Prefix     string
	Migrations []*gormigrate.Migration
}

// DB opens a database with the core's tables and the given ones, all empty, until the test ends. now is the clock of its time columns.
func DB(t testing.TB, now func() time.Time, tables ...Tables) *db.DB {
	t.Helper()
	address := os.Getenv("LINIENFUNK_TEST_POSTGRES")
	if address == "" {
		address = DatabaseURL(t, t.TempDir())
		if err := os.WriteFile(address, migratedFile(t, tables), 0o600); err != nil {
			t.Fatal(err)
		}
	} else {
		address = migratedSchema(t, address, tables) + "&idle_in_transaction_session_timeout=0" // a test may pause for as long as a busy machine does
	}
	d, err := db.Open(context.Background(), address, now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

func migrate(t testing.TB, d *db.DB, tables []Tables) {
	t.Helper()
	if err := d.Migrate(context.Background()); err != nil {
		t.Fatal(err)
	}
	for _, part := range tables {
		if err := d.MigratePrefixed(context.Background(), part.Prefix, part.Migrations); err != nil {
			t.Fatal(err)
		}
	}
}

// keyOf identifies a set of tables by their prefixes and the IDs of their migrations.
func keyOf(tables []Tables) string {
	key := ""
	for _, part := range tables {
		key += " " + part.Prefix
		for _, migration := range part.Migrations {
			key += " " + migration.ID
		}
	}
	return key
}

// migratedFiles holds the SQLite file of each set of tables. Migrating took a third of the CPU time of many tests, so that each test
// binary does it once.
var migratedFiles struct {
	sync.Mutex
	files map[string][]byte
}

func migratedFile(t testing.TB, tables []Tables) []byte {
	t.Helper()
	key := keyOf(tables)
	migratedFiles.Lock()
	defer migratedFiles.Unlock()
	if file, ok := migratedFiles.files[key]; ok {
		return file
	}
	path := filepath.Join(t.TempDir(), "migrated.db")
	d, err := db.Open(context.Background(), path, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	migrate(t, d, tables)
	if err := d.Close(); err != nil { // moves the write-ahead log into the file
		t.Fatal(err)
	}
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if migratedFiles.files == nil {
		migratedFiles.files = map[string][]byte{}
	}
	migratedFiles.files[key] = file
	return file
}
