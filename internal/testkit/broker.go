package testkit

import (
	"context"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"linienfunk/bus"
)

// Broker is a NATS server that several programs share: that of LINIENFUNK_TEST_NATS, or one on a port of its own.
type Broker struct{ url, prefix string }

// NewBroker starts one.
func NewBroker(t testing.TB) Broker {
	t.Helper()
	if url, prefix := NATS(t); url != "" {
		return Broker{url, prefix}
	}
	s, err := server.NewServer(&server.Options{
		Host: "127.0.0.1", Port: -1, NoSigs: true, NoLog: true, JetStream: true, StoreDir: t.TempDir(),
	})
	if err != nil {
		t.Fatal(err)
	}
	go s.Start() // ends with Shutdown
	t.Cleanup(func() {
		s.Shutdown()
		s.WaitForShutdown()
	})
	if !s.ReadyForConnections(30 * time.Second) {
		t.Fatal("NATS does not start")
	}
	return Broker{s.ClientURL(), ""}
}

// Connect opens a bus on the broker. The caller closes it, or the end of the test does.
func (b Broker) Connect(t testing.TB) *bus.Bus {
	t.Helper()
	opened, err := bus.Open(context.Background(), bus.Config{URL: b.url, Prefix: b.prefix, Shards: 4, Log: Log(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(opened.Close)
	return opened
}

// Address is where other programs reach the broker, and what stands before all subjects there, with its dot.
func (b Broker) Address() (url, prefix string) {
	if b.prefix == "" {
		return b.url, ""
	}
	return b.url, b.prefix + "."
}
