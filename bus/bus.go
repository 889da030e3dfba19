// Package bus carries messages between the parts of the program over NATS: in JetStream streams where none may be lost, on
// plain subjects where losing one is harmless. The server is embedded, in process and without a port, unless
// Config.URL names external ones.
//
//	REPORTS   <prefix>report.in.<city>.<bot>      what was received and is not judged yet; one node reads it at a time
//	SETTINGS  <prefix>settings.update.<hash>      every node reads the whole stream, in the same order
//	(none)    <prefix>report.out.<shard>.<city>   orders to send what the ledger says is due
//
// Programs that cities run elsewhere have a server of their own, see Config.Listen, or subjects below <prefix>remote.
package bus

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"hash/fnv"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// messageAge is how long REPORTS keeps a message: longer than any freshness limit, so that what is left by then has no consumer.
const messageAge = 48 * time.Hour

// Config configures the connection to NATS.
type Config struct {
	URL    string // addresses of external servers, those of a cluster separated by commas; empty for the embedded one
	Access Access // to external servers
	Dir    string // store directory of the embedded server
	Prefix string // of all subjects and streams, for a shared server; letters, digits, dashes
	Shards int    // number of shards, into which cities are divided
	Log    *slog.Logger

	// Replicas is how many servers store each message; 0 for one. Streams that exist are changed to it.
	Replicas int

	Timeout time.Duration // of a request to the server; 0 for 10 seconds

	Listen Listen // for programs of cities; not with URL
}

// Bus is a connection to NATS.
type Bus struct {
	config   Config
	embedded *embedded       // nil with an external server
	programs *programsServer // nil unless Config.Listen names a port
	conn     *nats.Conn
	js       jetstream.JetStream
	closed   chan struct{} // closed when the connection is
	lost     chan struct{} // see OrdersLost
	reports  chan publishing
	id       string          // new with each start
	ordering sync.Mutex      // for ordered, and the order of publication
	ordered  uint64          // how many orders were published
	stopped  context.Context // ends with Close
	stop     context.CancelCauseFunc
	running  sync.WaitGroup
	store    *storeState
}

// Open starts the embedded server or connects to the external one, and creates the streams.
func Open(ctx context.Context, config Config) (*Bus, error) {
	config.Timeout = cmp.Or(config.Timeout, 10*time.Second)
	b := &Bus{config: config, closed: make(chan struct{}), lost: make(chan struct{}, 1), reports: make(chan publishing), id: rand.Text(), store: newStoreState()}
	b.stopped, b.stop = context.WithCancelCause(context.Background())
	if config.Shards < 1 {
		return nil, fmt.Errorf("open bus: %d shards", config.Shards)
	}
	if err := b.connect(); err != nil {
		b.Close()
		return nil, fmt.Errorf("open bus: %w", err)
	}
	for _, step := range []func(context.Context) error{b.findJetStream, b.createStreams} {
		if err := b.whileElecting(ctx, step); err != nil {
			b.Close()
			return nil, fmt.Errorf("open bus: %w", b.explainJetStream(err))
		}
	}
	if err := errors.Join(b.deleteFormerConsumer(ctx), b.deleteFormerStreams(ctx)); err != nil {
		b.Close()
		return nil, fmt.Errorf("open bus: %w", err)
	}
	if config.Listen.Address != "" && config.URL == "" {
		var err error
		if b.programs, err = startProgramsServer(config.Listen, config.Log, 3*config.Timeout); err != nil {
			b.Close()
			return nil, fmt.Errorf("open bus: %w", err)
		}
	}
	b.running.Go(b.publishReports)
	return b, nil
}

// Close closes the connection and shuts the embedded server down.
func (b *Bus) Close() {
	b.stop(nats.ErrConnectionClosed)
	b.running.Wait()
	if b.programs != nil {
		b.programs.stop()
	}
	if b.conn != nil {
		b.conn.Close()
	}
	if b.embedded != nil {
		b.embedded.stop()
	}
}

// Run makes the embedded server store again after a full disk. It returns when ctx ends, or with an error once the connection is closed
// permanently, e.g. after a protocol error that the server reported.
func (b *Bus) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	var keeping sync.WaitGroup
	if b.embedded != nil {
		keeping.Go(func() { b.keepStoring(ctx) })
	}
	defer keeping.Wait()
	defer cancel()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-b.closed:
		return fmt.Errorf("nats: %w", cmp.Or(b.conn.LastError(), nats.ErrConnectionClosed))
	}
}

// Shards is the number of shards.
func (b *Bus) Shards() int { return b.config.Shards }

// Healthy reports whether the connection to NATS is up.
func (b *Bus) Healthy() bool { return b.conn.IsConnected() }

// Ping returns nil if JetStream answers and the last message could be stored. The error wraps syscall.ENOSPC if the disk of the embedded
// server is full.
func (b *Bus) Ping(ctx context.Context) error {
	if err := b.store.err(); err != nil {
		return err
	}
	_, err := b.js.AccountInfo(ctx)
	if err != nil && b.embedded != nil {
		b.embedded.suspect() // it may be stuck, and nobody else may ask for long
	}
	return err
}

// Shard returns the number of the shard that carries a city's orders.
func (b *Bus) Shard(city string) int {
	h := fnv.New32a()
	h.Write([]byte(city))
	return int(h.Sum32() % uint32(b.config.Shards))
}

func (b *Bus) stream(name string) string {
	if b.config.Prefix == "" {
		return name
	}
	return b.config.Prefix + "-" + name
}

func (b *Bus) subject(parts ...string) string {
	subject := strings.Join(parts, ".")
	if b.config.Prefix == "" {
		return subject
	}
	return b.config.Prefix + "." + subject
}
