package bus

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"linienfunk/internal/wait"
	"linienfunk/report"
)

// censorConsumer is the durable consumer that all censor workers share.
const censorConsumer = "censor"

// pulled is how many messages a worker holds at most, unacknowledges how many all workers hold together.
const (
	pulled         = 100
	unacknowledged = 1000
)

// pullExpiry is how long a request for reports is open. Until then the server gives reports to a node that has been stopped, whose connection
// is still there.
func (b *Bus) pullExpiry() time.Duration {
	if b.embedded != nil {
		return jetstream.DefaultExpires
	}
	return 5 * time.Second
}

// purgeInterval is how long the bytes of judged reports stay in REPORTS. Each purge waits for the disk.
const purgeInterval = 250 * time.Millisecond

// Msg is a report that stays in REPORTS until Ack. Without Ack, Requeue, Release or InProgress it is delivered again after AckWait.
type Msg struct {
	Value      report.Report
	Seq        uint64 // of its message in the stream; the same for every delivery
	Part       int    // which report of the message it is, from 0
	Deliveries uint64 // number of deliveries, this one included
	parcel     *parcel
}

// parcel is a message with one or more reports. It is acknowledged when all of them are.
type parcel struct {
	bus   *Bus
	raw   jetstream.Msg
	seq   uint64
	erase *eraser

	mu   sync.Mutex
	left int // reports that are not acknowledged
}

// Ack marks the report as done: it is removed from the stream soon. An acknowledgement that gets lost makes it be delivered again.
func (m Msg) Ack(ctx context.Context) error {
	p := m.parcel
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.left > 1 {
		p.left--
		return nil
	}
	if err := p.erase.acknowledged(ctx, p.seq); err != nil {
		return err
	}
	p.left--
	defer p.bus.noteAck()
	return p.raw.Ack()
}

// Requeue requests redelivery after a delay. A report that shares its message with others gets one of its own, and comes at once.
func (m Msg) Requeue(ctx context.Context, after time.Duration) error {
	p := m.parcel
	p.mu.Lock()
	shared := p.left > 1 || m.Part > 0
	p.mu.Unlock()
	if shared {
		if err := p.bus.PublishReport(ctx, m.Value); err != nil {
			return err
		}
		return m.Ack(ctx)
	}
	p.erase.requeued(p.seq)
	return p.raw.NakWithDelay(after)
}

// Release requests redelivery at once, to whoever works then.
func (m Msg) Release() error { return m.parcel.raw.Nak() }

// InProgress postpones redelivery by AckWait.
func (m Msg) InProgress() error {
	if err := m.parcel.raw.InProgress(); !errors.Is(err, jetstream.ErrMsgAlreadyAckd) {
		return err
	}
	return nil
}

// ConsumeReports calls f for each report in REPORTS, from one goroutine, until ctx ends or the server deletes the consumer.
// Concurrent callers, on any nodes, share the reports.
func (b *Bus) ConsumeReports(ctx context.Context, f func(Msg)) error {
	starting, cancelStart := context.WithCancel(ctx)
	defer cancelStart()
	if b.embedded != nil {
		defer context.AfterFunc(b.store.context(), cancelStart)() // a server that is restarted meanwhile will not answer
	}
	stream, err := b.js.Stream(starting, b.stream("REPORTS"))
	if err != nil {
		return fmt.Errorf("consume reports: %w", err)
	}
	consumer, err := stream.CreateOrUpdateConsumer(starting, jetstream.ConsumerConfig{
		Durable: censorConsumer, AckPolicy: jetstream.AckExplicitPolicy, AckWait: AckWait, MaxDeliver: -1, MaxAckPending: unacknowledged,
		MemoryStorage: b.embedded != nil, // a new process makes a new one: see deleteConsumer
	})
	if err != nil {
		return fmt.Errorf("consume reports: %w", err)
	}
	erase := &eraser{stream: stream, requeuedAt: map[uint64]time.Time{}}
	silent := make(chan struct{}, 1) // the server sends no heartbeats: this process was stopped, or another node has made a new consumer
	running, err := consumer.Consume(func(raw jetstream.Msg) {
		reports, err := b.unpack(raw, erase)
		if err != nil {
			b.config.Log.Error("dropping a message that cannot be decoded", "stream", "REPORTS", "err", err)
			raw.Term()
			return
		}
		if len(reports) == 0 { // see publishCheck
			raw.Ack()
			b.noteAck()
		}
		for _, msg := range reports {
			f(msg)
		}
	}, jetstream.PullMaxMessages(pulled), jetstream.PullExpiry(b.pullExpiry()), jetstream.ConsumeErrHandler(func(_ jetstream.ConsumeContext, err error) {
		b.config.Log.Warn("consuming from the stream failed", "stream", "REPORTS", "err", err)
		if errors.Is(err, jetstream.ErrNoHeartbeat) {
			select {
			case silent <- struct{}{}:
			default:
			}
		}
	}))
	if err != nil {
		return fmt.Errorf("consume reports: %w", err)
	}
	var failed <-chan struct{} // closed before the embedded server is restarted, which then knows no consumer
	if b.embedded != nil {
		failed = b.store.context().Done()
	}
	purging, cancel := context.WithCancel(ctx)
	var purge sync.WaitGroup
	purge.Go(func() { b.purge(purging, stream, consumer) })
	defer purge.Wait()
	defer cancel()
	select {
	case <-ctx.Done():
	case <-running.Closed():
		return errors.New("consume reports: the server closed the subscription")
	case <-failed:
		running.Stop()
		<-running.Closed()
		return fmt.Errorf("consume reports: %w", b.store.err())
	case <-silent:
		running.Stop()
		<-running.Closed()
		return fmt.Errorf("consume reports: %w", jetstream.ErrNoHeartbeat)
	}
	running.Stop()
	<-running.Closed()
	// The last pull request is still open on the server. A requeued message would be delivered to it and be lost until AckWait
	// is over. A request for the consumer's info makes the server drop pull requests without a subscriber
	// (processWaiting in nats-server's consumer.go).
	end, cancelEnd := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancelEnd()
	if _, err := consumer.Info(end); err != nil {
		b.config.Log.Warn("cannot close the pull request; a requeued message may be delayed", "stream", "REPORTS", "err", err)
	}
	return ctx.Err()
}

// unpack returns the reports of a message: of one, or of a list.
func (b *Bus) unpack(raw jetstream.Msg, erase *eraser) ([]Msg, error) {
	meta, err := raw.Metadata()
	if err != nil {
		return nil, err
	}
	reports := make([]report.Report, 1)
	if bytes.HasPrefix(raw.Data(), []byte("[")) {
		err = json.Unmarshal(raw.Data(), &reports)
	} else {
		err = json.Unmarshal(raw.Data(), &reports[0])
	}
	p := &parcel{bus: b, raw: raw, seq: meta.Sequence.Stream, erase: erase, left: len(reports)}
	list := make([]Msg, len(reports))
	for i, r := range reports {
		list[i] = Msg{Value: r, Seq: p.seq, Part: i, Deliveries: meta.NumDelivered, parcel: p}
	}
	return list, err
}

// purge removes what is acknowledged from the stream, until ctx ends. It is one write to the disk for all messages of an interval: the server
// would write for each message if it removed it by itself.
func (b *Bus) purge(ctx context.Context, stream jetstream.Stream, consumer jetstream.Consumer) {
	var purged, forgotten uint64
	watch := time.NewTicker(AckWait)
	defer watch.Stop()
	for {
		looks := false
		select {
		case <-ctx.Done():
			return
		case <-watch.C:
			looks = true
		case <-b.acked:
			wait.For(ctx, purgeInterval)
		}
		info, err := consumer.Info(ctx)
		if err == nil && info.AckFloor.Stream > purged {
			purged = info.AckFloor.Stream
			err = stream.Purge(ctx, jetstream.WithPurgeSequence(purged+1))
		}
		if err != nil && ctx.Err() == nil {
			b.config.Log.Warn("cannot remove judged reports from the stream; will retry", "err", err)
			if b.embedded != nil {
				b.checkStore()
			}
		}
		if err != nil || info.NumAckPending > 0 {
			b.noteAck()
		}
		if looks && err == nil {
			forgotten = b.watchForgotten(ctx, stream, info, forgotten)
		}
	}
}

// watchForgotten deletes the consumer if the server has forgotten a message: it is in the stream, but neither waits for its delivery nor for its
// acknowledgement. nats-server 2.9.10 did so in one of a few runs in which a node that reads was stopped with SIGSTOP and went on later. A new consumer gets
// all that is left. before is what the last call returned: a message must be forgotten twice.
func (b *Bus) watchForgotten(ctx context.Context, stream jetstream.Stream, info *jetstream.ConsumerInfo, before uint64) uint64 {
	if info.NumAckPending > 0 || info.NumPending > 0 {
		return 0
	}
	state, err := stream.Info(ctx)
	if err != nil || state.State.Msgs == 0 {
		return 0
	}
	if first := state.State.FirstSeq; first != before {
		return first
	}
	b.config.Log.Warn("the server has forgotten to deliver a report; it is asked again", "seq", before)
	if err := stream.DeleteConsumer(ctx, censorConsumer); err != nil && ctx.Err() == nil {
		b.config.Log.Error("cannot delete the consumer; will retry", "err", err)
	}
	return 0
}

// noteAck makes purge look.
func (b *Bus) noteAck() {
	select {
	case b.acked <- struct{}{}:
	default:
	}
}
