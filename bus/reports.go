package bus

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"linienfunk/internal/wait"
	"linienfunk/report"
)

// pulled is how many messages are requested at once, unacknowledged how many the caller of ConsumeReports holds at most.
const (
	pulled         = 100
	unacknowledged = 1000
)

// purgeInterval is how long the bytes of judged reports stay in REPORTS. Each purge waits for the disk.
const purgeInterval = 250 * time.Millisecond

// resumeDelay is the pause before reading is resumed after a failure, resumeTime how long the server may take to begin.
const (
	resumeDelay = 500 * time.Millisecond
	resumeTime  = 3 * time.Second
)

// Msg is a report that stays in REPORTS until Ack.
type Msg struct {
	Value  report.Report
	Seq    uint64 // of its message in the stream
	Part   int    // which report of the message it is, from 0
	parcel *parcel
}

// parcel is a message with any number of reports. It is done when all of them are.
type parcel struct {
	reading *reading
	seq     uint64
	left    int // reports that are not acknowledged; reading.mu protects it
}

// Ack marks the report as done: it is removed from the stream soon. After a crash it may be delivered again.
func (m Msg) Ack() { m.parcel.reading.done(m.parcel) }

// Requeue delivers the report again after a delay, behind those that have come by then.
func (m Msg) Requeue(delay time.Duration) {
	b := m.parcel.reading.bus
	b.running.Go(func() {
		for {
			if wait.For(b.stopped, delay); b.stopped.Err() != nil {
				return // it is still in the stream
			}
			err := b.PublishReport(b.stopped, m.Value)
			if err == nil {
				m.Ack()
				return
			}
			b.config.Log.Warn("cannot put a report back; will retry", "err", err, "delay", delay)
		}
	})
}

// ConsumeReports calls f for each report in REPORTS, from one goroutine and in the order of the stream, until ctx ends. It begins with all that
// are not acknowledged, and goes on after failures. Reports of one city are judged in order only if one node reads at a time; of two that do,
// both get all of them.
func (b *Bus) ConsumeReports(ctx context.Context, f func(Msg)) error {
	r := &reading{bus: b, open: map[uint64]*parcel{}, room: make(chan struct{}, 1), acked: make(chan struct{}, 1)}
	for ctx.Err() == nil {
		if err := r.read(ctx, f); ctx.Err() == nil {
			b.config.Log.Warn("reading reports was interrupted; will resume", "err", err, "delay", resumeDelay)
			wait.For(ctx, resumeDelay)
		}
	}
	return ctx.Err()
}

// reading is one call of ConsumeReports. It gives each message of the stream to the caller once, however often the server does.
type reading struct {
	bus *Bus

	mu      sync.Mutex
	created time.Time          // of the stream; another one begins its numbers again
	open    map[uint64]*parcel // what the caller has and has not acknowledged
	last    uint64             // the newest message that the caller got
	room    chan struct{}      // receives when the caller may get more
	acked   chan struct{}      // receives when there may be something to remove
}

// read reads the stream until ctx ends, or the server does not answer any more.
func (r *reading) read(ctx context.Context, f func(Msg)) error {
	b := r.bus
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if b.embedded != nil { // is closed before the server is restarted, which then knows no consumer
		defer context.AfterFunc(b.store.context(), func() { cancel(b.store.err()) })()
	}
	stream, messages, err := r.begin(ctx)
	if err != nil {
		return err
	}
	var parts sync.WaitGroup
	defer parts.Wait()
	parts.Go(func() {
		<-ctx.Done()
		messages.Stop()
	})
	parts.Go(func() { r.purge(ctx, stream) })
	defer cancel(nil)
	for delivered := uint64(1); ; delivered++ {
		if !r.waitForRoom(ctx) {
			return context.Cause(ctx)
		}
		raw, err := messages.Next()
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil {
			return err
		}
		meta, err := raw.Metadata()
		if err != nil {
			return err
		}
		if meta.Sequence.Consumer != delivered {
			return fmt.Errorf("message %d came instead of %d", meta.Sequence.Consumer, delivered)
		}
		r.handOver(meta.Sequence.Stream, raw.Data(), f)
	}
}

// begin makes a consumer, which delivers the whole stream in its order, without acknowledgements.
func (r *reading) begin(ctx context.Context) (jetstream.Stream, jetstream.MessagesContext, error) {
	if r.bus.embedded == nil {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, resumeTime)
		defer cancel()
	}
	stream, err := r.bus.js.Stream(ctx, r.bus.stream("REPORTS"))
	if err != nil {
		return nil, nil, err
	}
	r.follow(stream.CachedInfo().Created)
	consumer, err := stream.CreateConsumer(ctx, jetstream.ConsumerConfig{
		AckPolicy: jetstream.AckNonePolicy, DeliverPolicy: jetstream.DeliverAllPolicy, MemoryStorage: true, Replicas: 1, InactiveThreshold: time.Minute,
	})
	if err != nil {
		return nil, nil, err
	}
	messages, err := consumer.Messages(jetstream.PullMaxMessages(pulled), jetstream.PullHeartbeat(time.Second))
	return stream, messages, err
}

// follow forgets what the caller has if the stream is a new one.
func (r *reading) follow(created time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.created.Equal(created) {
		r.created, r.open, r.last = created, map[uint64]*parcel{}, 0
	}
}

// waitForRoom returns true once the caller may get another message, false if ctx ends.
func (r *reading) waitForRoom(ctx context.Context) bool {
	for {
		r.mu.Lock()
		full := len(r.open) >= unacknowledged
		r.mu.Unlock()
		if !full {
			return ctx.Err() == nil
		}
		select {
		case <-ctx.Done():
			return false
		case <-r.room:
		}
	}
}

// handOver calls f for the reports of a message, unless it has done so before.
func (r *reading) handOver(seq uint64, data []byte, f func(Msg)) {
	reports, err := unpack(data)
	if err != nil {
		r.bus.config.Log.Error("dropping a message that cannot be decoded", "stream", "REPORTS", "err", err)
	}
	p := &parcel{reading: r, seq: seq, left: len(reports)}
	r.mu.Lock()
	again := seq <= r.last
	r.last = max(r.last, seq)
	if !again && p.left > 0 {
		r.open[seq] = p
	}
	r.mu.Unlock()
	if again {
		return
	}
	if len(reports) == 0 {
		notify(r.acked)
	}
	for i, value := range reports {
		f(Msg{Value: value, Seq: seq, Part: i, parcel: p})
	}
}

// unpack returns the reports of a message: of one, or of a list.
func unpack(data []byte) (reports []report.Report, err error) {
	if bytes.HasPrefix(data, []byte("[")) {
		err = json.Unmarshal(data, &reports)
		return reports, err
	}
	var one report.Report
	if err := json.Unmarshal(data, &one); err != nil {
		return nil, err
	}
	return []report.Report{one}, nil
}

// done notes that one report of a message is acknowledged.
func (r *reading) done(p *parcel) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if p.left--; p.left == 0 && r.open[p.seq] == p {
		delete(r.open, p.seq)
		notify(r.room)
		notify(r.acked)
	}
}

// judged returns the newest message before which all are acknowledged, itself included.
func (r *reading) judged() uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	judged := r.last
	for seq := range r.open {
		judged = min(judged, seq-1)
	}
	return judged
}

// purge removes what is acknowledged from the stream, until ctx ends. It is one write to the disk for all messages of an interval: the server
// would write for each message if it removed it by itself.
func (r *reading) purge(ctx context.Context, stream jetstream.Stream) {
	var purged uint64
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.acked:
			wait.For(ctx, purgeInterval)
		}
		judged := r.judged()
		if judged <= purged || ctx.Err() != nil {
			continue
		}
		err := stream.Purge(ctx, jetstream.WithPurgeSequence(judged+1))
		if err == nil {
			purged = judged
		} else if ctx.Err() == nil {
			r.bus.config.Log.Warn("cannot remove judged reports from the stream; will retry", "err", err)
			if r.bus.embedded != nil {
				r.bus.checkStore()
			}
			notify(r.acked)
		}
	}
}

// notify has the receiver look, if it does not do so already.
func notify(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
