// Package testkit opens a real database and a real NATS for tests: the embedded ones, or those named by LINIENFUNK_TEST_POSTGRES
// (postgres://user@host/database) and LINIENFUNK_TEST_NATS (nats://host:4222). There each test has a schema and a subject prefix of
// its own, which are removed when it ends; tests may run in parallel.
package testkit

import (
	"context"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"linienfunk/bus"
)

// uniqueName returns a name for a schema or a subject prefix.
func uniqueName() string { return "lftest" + strings.ReplaceAll(uuid.NewString(), "-", "") }

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
	for _, stream := range []string{"REPORTS", "SETTINGS"} {
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
	c.Shards, c.Log, c.Timeout = 4, Log(t), time.Minute
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
