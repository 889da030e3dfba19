// Package testkit gives tests a real database and a real NATS: the embedded ones, or those that LINIENFUNK_TEST_POSTGRES
// (postgres://user@host/database) and LINIENFUNK_TEST_NATS (nats://host:4222) name, there in a schema and with
// subjects of the test's own, which are removed afterwards.
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

// name is one that no other test has.
func name() string { return "lftest" + strings.ReplaceAll(uuid.NewString(), "-", "") }

// DatabaseURL is the address of an empty database: a path in dir, or a schema of PostgreSQL.
func DatabaseURL(t testing.TB, dir string) string {
	t.Helper()
	address := os.Getenv("LINIENFUNK_TEST_POSTGRES")
	if address == "" {
		return filepath.Join(dir, "linienfunk.db")
	}
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal("LINIENFUNK_TEST_POSTGRES is not an address")
	}
	schema := name()
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

// DB is an open, empty database with the core's tables.
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

// NATS returns the address and the prefix to use; both are empty for the embedded server.
func NATS(t testing.TB) (address, prefix string) {
	t.Helper()
	address = os.Getenv("LINIENFUNK_TEST_NATS")
	if address == "" {
		return "", ""
	}
	prefix = name()
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

// Bus is an open bus with 4 shards.
func Bus(t testing.TB) *bus.Bus {
	t.Helper()
	address, prefix := NATS(t)
	b, err := bus.Open(context.Background(), bus.Config{URL: address, Prefix: prefix, Dir: t.TempDir(), Shards: 4, Log: Log(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

// Log writes into the test's output.
func Log(t testing.TB) *slog.Logger {
	return slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// patience is how long Eventually and Next wait before it calls something broken. It is no measure of speed.
const patience = 60 * time.Second

// Eventually waits until f returns true. what is a sentence about what should come true.
func Eventually(t testing.TB, what string, f func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for !f() {
		if time.Now().After(deadline) {
			t.Fatalf("it does not come true that %s", what)
		}
		<-time.After(5 * time.Millisecond)
	}
}

// Next waits for a value.
func Next[T any](t testing.TB, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(patience):
		t.Fatalf("nothing comes")
		panic("unreachable")
	}
}
