// Package bus carries reports between the parts of the program over NATS: through JetStream streams where nothing may get lost,
// through plain subjects where a hint is enough. The server is embedded, in process and without a port, unless
// the address of an external one is given.
//
//	INTAKE    <prefix>report.in.<city>.<bot>           work queue; the censor's workers share one consumer
//	RELAY     <prefix>report.out.<shard>.<city>.<bot>  work queue; one consumer per shard
//	SETTINGS  <prefix>settings.update.<hash>           everybody reads all of it, in the same order
package bus

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"log/slog"
	neturl "net/url"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// AckWait is how long a message may stay without a sign of life (Msg.Working) before it is delivered again.
const AckWait = 10 * time.Second

// repetition is how long JetStream recognises a message id. It covers the freshness of most reports; the ledger
// recognises repetitions for good.
const dedupWindow = time.Hour

// Config says where NATS is.
type Config struct {
	URL    string // of an external server; empty for the embedded one
	Dir    string // where the embedded one stores its streams
	Prefix string // before all subjects and stream names, for servers that serve others as well; letters, digits, dashes
	Shards int    // over which cities spread; must not change while RELAY holds messages
	Log    *slog.Logger
}

// Bus is a connection to NATS with our streams in place.
type Bus struct {
	config Config
	server *server.Server
	conn   *nats.Conn
	js     jetstream.JetStream
	closed chan struct{} // closed when the connection is
}

// Open starts or connects to NATS, and makes the streams.
func Open(ctx context.Context, config Config) (*Bus, error) {
	b := &Bus{config: config, closed: make(chan struct{})}
	if config.Shards < 1 {
		return nil, fmt.Errorf("open bus: %d shards", config.Shards)
	}
	if err := b.connect(); err != nil {
		b.Close()
		return nil, fmt.Errorf("open bus: %w", err)
	}
	if err := b.createStreams(ctx); err != nil {
		b.Close()
		return nil, fmt.Errorf("open bus: %w", err)
	}
	if b.server != nil {
		if err := b.deleteConsumers(ctx); err != nil {
			b.Close()
			return nil, fmt.Errorf("open bus: %w", err)
		}
	}
	return b, nil
}

func (b *Bus) connect() error {
	options := []nats.Option{
		nats.Name("linienfunk"), nats.MaxReconnects(-1), nats.ReconnectWait(200 * time.Millisecond),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { b.config.Log.Warn("nats", "err", err) }),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err != nil {
				b.config.Log.Warn("nats disconnected", "err", err)
			}
		}),
		nats.ClosedHandler(func(*nats.Conn) { close(b.closed) }),
	}
	url := b.config.URL
	if url == "" {
		if err := b.startEmbedded(); err != nil {
			return err
		}
		options = append(options, nats.InProcessServer(b.server))
	}
	var err error
	if b.conn, err = nats.Connect(url, options...); err != nil {
		var parse *neturl.Error
		if errors.As(err, &parse) { // its text has the whole address, with the password
			err = parse.Err
		}
		return fmt.Errorf("nats.url: connect to NATS: %w", err)
	}
	b.js, err = jetstream.New(b.conn, jetstream.WithDefaultTimeout(10*time.Second))
	return err
}

// embed starts a server that nobody else can reach. SyncAlways: JetStream acknowledges only what is on the disk.
func (b *Bus) startEmbedded() error {
	var err error
	b.server, err = server.NewServer(&server.Options{
		ServerName: "linienfunk", DontListen: true, NoSigs: true, NoLog: true,
		JetStream: true, StoreDir: b.config.Dir, SyncAlways: true,
		MaxPayload: 1 << 20,
	})
	if err != nil {
		return fmt.Errorf("embed NATS: %w", err)
	}
	b.server.SetLoggerV2(natsLog{b.config.Log}, false, false, false)
	go b.server.Start() // ends with Shutdown, which Close waits for
	if !b.server.ReadyForConnections(30 * time.Second) {
		return errors.New("embed NATS: not ready after 30 s")
	}
	return nil
}

func (b *Bus) createStreams(ctx context.Context) error {
	streams := []jetstream.StreamConfig{
		{Name: b.stream("SETTINGS"), Subjects: []string{b.subject("settings.update.*")}, MaxMsgSize: 1 << 20}, // see TrimUpdates
	}
	for _, stream := range []jetstream.StreamConfig{
		{Name: b.stream("INTAKE"), Subjects: []string{b.subject("report.in.>")}},
		{Name: b.stream("RELAY"), Subjects: []string{b.subject("report.out.>")}},
	} {
		stream.Retention = jetstream.WorkQueuePolicy
		stream.Duplicates = dedupWindow
		stream.MaxAge = 48 * time.Hour // far beyond any freshness: whatever is left by then has no reader
		streams = append(streams, stream)
	}
	for _, stream := range streams {
		stream.Storage = jetstream.FileStorage
		if _, err := b.js.CreateOrUpdateStream(ctx, stream); err != nil {
			return fmt.Errorf("make stream %s: %w", stream.Name, err)
		}
	}
	return nil
}

// forgetReaders deletes the consumers that an earlier process left in the embedded server. Nobody holds any message of
// theirs any more: without them all that is left in the streams comes at once and in order, not after AckWait.
func (b *Bus) deleteConsumers(ctx context.Context) error {
	names := map[string][]string{"INTAKE": {censorConsumer}}
	for shard := range b.config.Shards {
		names["RELAY"] = append(names["RELAY"], shardConsumer(shard))
	}
	for stream, consumers := range names {
		for _, name := range consumers {
			err := b.js.DeleteConsumer(ctx, b.stream(stream), name)
			if err != nil && !errors.Is(err, jetstream.ErrConsumerNotFound) {
				return fmt.Errorf("forget reader %s: %w", name, err)
			}
		}
	}
	return nil
}

// Close ends the connection and the embedded server.
func (b *Bus) Close() {
	if b.conn != nil {
		b.conn.Close()
	}
	if b.server != nil {
		b.server.Shutdown()
		b.server.WaitForShutdown()
	}
}

// Run returns when ctx ends, or with an error when the connection has ended for good, as it does if the server says that we
// have broken its protocol.
func (b *Bus) Run(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-b.closed:
		return fmt.Errorf("nats: %w", cmp.Or(b.conn.LastError(), nats.ErrConnectionClosed))
	}
}

// Shards is the number of shards.
func (b *Bus) Shards() int { return b.config.Shards }

// Healthy says whether NATS answers.
func (b *Bus) Healthy() bool { return b.conn.IsConnected() }

// Shard is where a city's reports go.
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

func (b *Bus) relaySubject(shard int, rest ...string) string {
	return b.subject(append([]string{"report", "out", strconv.Itoa(shard)}, rest...)...)
}

// natsLog passes on what the embedded server has to say, if it is serious.
type natsLog struct{ log *slog.Logger }

func (natsLog) Noticef(string, ...any)          {}
func (natsLog) Debugf(string, ...any)           {}
func (natsLog) Tracef(string, ...any)           {}
func (l natsLog) Warnf(format string, v ...any) { l.log.Warn("nats: " + fmt.Sprintf(format, v...)) }
func (l natsLog) Errorf(format string, v ...any) {
	l.log.Error("nats: " + fmt.Sprintf(format, v...))
}
func (l natsLog) Fatalf(format string, v ...any) {
	l.log.Error("nats: " + fmt.Sprintf(format, v...))
}
