// Package testkit opens a real database and a real NATS for tests: the embedded ones, or those named by LINIENFUNK_TEST_POSTGRES
// (postgres://user@host/database) and LINIENFUNK_TEST_NATS (nats://host:4222). There each test has a schema and a subject prefix of
// its own, which are removed when it ends; tests may run in parallel.
package testkit

import (
	"context"
	"database/sql"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"linienfunk/bus"
	"linienfunk/db"
)

// uniqueName returns a name for a schema or a subject prefix.
func uniqueName() string { return "lftest" + strings.ReplaceAll(uuid.NewString(), "-", "") }

// DatabaseURL returns the address of an empty database: a file in dir, or a new schema of PostgreSQL.
func DatabaseURL(t testing.TB, dir string) string {
	t.Helper()
	address := os.Getenv("LINIENFUNK_TEST_POSTGRES")
	if address == "" {
		return filepath.Join(dir, "linienfunk.db")
	}
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal("LINIENFUNK_TEST_POSTGRES is not a URL")
	}
	schema := uniqueName()
	execute(t, address, "CREATE SCHEMA "+schema)
	t.Cleanup(func() { execute(t, address, "DROP SCHEMA "+schema+" CASCADE") })
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

// DB opens an empty database with the core's tables until the test ends. now is the clock of its time columns.
func DB(t testing.TB, now func() time.Time) *db.DB {
	t.Helper()
	d, err := db.Open(context.Background(), DatabaseURL(t, t.TempDir()), now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	if err := d.Migrate(); err != nil {
		t.Fatal(err)
	}
	return d
}

// NATS returns the address and the subject prefix to use; both are empty for the embedded server.
func NATS(t testing.TB) (address, prefix string) {
	t.Helper()
	address = os.Getenv("LINIENFUNK_TEST_NATS")
	if address == "" {
		return "", ""
	}
	prefix = uniqueName()
	t.Cleanup(func() { removeStreams(t, address, prefix) })
	return address, prefix
}

func removeStreams(t testing.TB, address, prefix string) {
	conn, err := nats.Connect(address)
	if err != nil {
		t.Error(err)
		return
	}
	defer conn.Close()
	js, err := jetstream.New(conn)
	if err != nil {
		t.Error(err)
		return
	}
	for _, stream := range []string{"INTAKE", "RELAY", "SETTINGS"} {
		js.DeleteStream(context.Background(), prefix+"-"+stream) // it may never have been made
	}
}

// Bus opens a bus with 4 shards until the test ends.
func Bus(t testing.TB) *bus.Bus {
	t.Helper()
	address, prefix := NATS(t)
	return openBus(t, bus.Config{URL: address, Prefix: prefix, Dir: t.TempDir()})
}

func openBus(t testing.TB, c bus.Config) *bus.Bus {
	t.Helper()
	c.Shards, c.Log = 4, Log(t)
	b, err := bus.Open(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

// Log returns a logger that writes to the test's output.
func Log(t testing.TB) *slog.Logger {
	return slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug}))
}
