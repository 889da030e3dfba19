package bus_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"linienfunk/bus"
	"linienfunk/internal/testkit"
)

// openOn opens a bus on external servers until the test ends.
func openOn(t *testing.T, c bus.Config) *bus.Bus {
	t.Helper()
	c.Shards, c.Log = 4, testkit.Log(t)
	b, err := bus.Open(t.Context(), c)
	check(t, err)
	t.Cleanup(b.Close)
	return b
}

// replicas returns how many servers store each message of a stream.
func replicas(t *testing.T, addresses, stream string) int {
	t.Helper()
	conn, err := nats.Connect(addresses)
	check(t, err)
	defer conn.Close()
	js, err := jetstream.New(conn)
	check(t, err)
	found, err := js.Stream(t.Context(), stream)
	check(t, err)
	return found.CachedInfo().Config.Replicas
}

func TestStreamsGetTheReplicasThatAreConfigured(t *testing.T) {
	t.Parallel()
	_, addresses := testkit.NewCluster(t, 3)
	for _, want := range []int{1, 3, 1} {
		b := openOn(t, bus.Config{URL: addresses, Replicas: want, Timeout: time.Minute})
		for _, stream := range []string{"REPORTS", "SETTINGS"} {
			if got := replicas(t, addresses, stream); got != want {
				t.Errorf("%s has %d replicas, not %d", stream, got, want)
			}
		}
		b.Close()
	}
}

// leader returns the server that leads a stream; nil while the cluster elects one.
func leader(servers []*server.Server, stream string) *server.Server {
	for _, s := range servers {
		if s.Running() && s.JetStreamIsStreamLeader("$G", stream) {
			return s
		}
	}
	return nil
}

func TestReportsAreAcceptedAndReadOnceAndInOrderWhenTheLeaderOfTheClusterDies(t *testing.T) {
	t.Parallel()
	servers, addresses := testkit.NewCluster(t, 3)
	b := openOn(t, bus.Config{URL: addresses, Replicas: 3, Timeout: time.Minute})
	got := consumeReports(t, b)
	const many = 60
	for i := range many {
		if i == many/3 {
			first := leader(servers, "REPORTS")
			first.Shutdown()
		}
		check(t, b.PublishReport(t.Context(), newReport(fmt.Sprint(i))))
	}
	for i := range many {
		m := testkit.Next(t, got)
		if m.Value.ID != fmt.Sprint(i) {
			t.Fatalf("report %s came as number %d", m.Value.ID, i)
		}
		m.Ack()
	}
}
