package testkit

import (
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"linienfunk/bus"
)

// Broker is a NATS server that several programs share: that of LINIENFUNK_TEST_NATS, or one on a port of its own.
type Broker struct{ url, prefix string }

// NewBroker starts a broker that runs until the test ends.
func NewBroker(t testing.TB) Broker {
	t.Helper()
	if url, prefix := NATS(t); url != "" {
		return Broker{url, prefix}
	}
	s := Server(t, server.Options{JetStream: true})
	if !s.ReadyForConnections(30 * time.Second) {
		t.Fatal("NATS does not start")
	}
	return Broker{url: s.ClientURL()}
}

// Connect opens a bus on the broker. The caller may close it; the end of the test does so anyway.
func (b Broker) Connect(t testing.TB) *bus.Bus {
	t.Helper()
	return openBus(t, bus.Config{URL: b.url, Prefix: b.prefix})
}

// JetStream connects to the broker beside the program. It returns the name that a stream has there, too.
func (b Broker) JetStream(t testing.TB, stream string) (js jetstream.JetStream, name string) {
	t.Helper()
	conn, err := nats.Connect(b.url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	if js, err = jetstream.New(conn); err != nil {
		t.Fatal(err)
	}
	if b.prefix != "" {
		stream = b.prefix + "-" + stream
	}
	return js, stream
}

// Address returns the URL of the broker for other programs, and the prefix of all subjects, including its dot.
func (b Broker) Address() (url, prefix string) {
	if b.prefix == "" {
		return b.url, ""
	}
	return b.url, b.prefix + "."
}
