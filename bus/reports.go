package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"linienfunk/report"
)

// censorConsumer is the durable consumer that all censor workers share.
const censorConsumer = "censor"

// Msg is a message that stays in its stream until Ack. Without Ack, Requeue or InProgress it is delivered again after AckWait.
type Msg[T any] struct {
	Value      T
	Seq        uint64 // in the stream; the same for every delivery of a message
	Deliveries uint64 // number of deliveries, this one included
	raw        jetstream.Msg
	erase      *eraser // nil for messages without a text
}

// Ack removes the message from the stream, soon: an acknowledgement that gets lost makes it be delivered again.
func (m Msg[T]) Ack(ctx context.Context) error {
	if err := m.erase.acknowledged(ctx, m.Seq); err != nil {
		return err
	}
	return m.raw.Ack()
}

// Requeue requests redelivery after a delay.
func (m Msg[T]) Requeue(after time.Duration) error {
	m.erase.requeued(m.Seq)
	return m.raw.NakWithDelay(after)
}

// InProgress postpones redelivery by AckWait.
func (m Msg[T]) InProgress() error {
	if err := m.raw.InProgress(); !errors.Is(err, jetstream.ErrMsgAlreadyAckd) {
		return err
	}
	return nil
}

// PublishReport stores a received report, or its withdrawal, in INTAKE. It returns nil once the message is on disk, also if it
// was there already.
func (b *Bus) PublishReport(ctx context.Context, r report.Report) error {
	id := r.Key()
	if r.Withdrawn != "" {
		id += " withdrawn" // keys contain no space
	}
	return b.publish(ctx, b.subject("report.in", r.City, r.Bot), id, r)
}

func (b *Bus) publish(ctx context.Context, subject, id string, value any) error {
	data, err := json.Marshal(value)
	if err != nil {
		return err
	}
	err = b.storing(ctx, func(ctx context.Context) error {
		_, err := b.js.Publish(ctx, subject, data, jetstream.WithMsgID(id))
		return err
	})
	if err != nil {
		return fmt.Errorf("store on %s: %w", subject, err)
	}
	return nil
}

// ConsumeReports calls f for each report in INTAKE, from one goroutine, until ctx ends or the server deletes the consumer.
// Concurrent callers, on any nodes, share the reports.
func (b *Bus) ConsumeReports(ctx context.Context, f func(Msg[report.Report])) error {
	stream, err := b.js.Stream(ctx, b.stream("INTAKE"))
	if err != nil {
		return fmt.Errorf("consume reports: %w", err)
	}
	erase := &eraser{stream: stream, requeuedAt: map[uint64]time.Time{}}
	return consume(ctx, b, b.stream("INTAKE"), jetstream.ConsumerConfig{
		Durable: censorConsumer, FilterSubject: b.subject("report.in.>"), MaxAckPending: 2000,
	}, 500, func(msg Msg[report.Report]) {
		msg.erase = erase
		f(msg)
	})
}

func (b *Bus) consumer(ctx context.Context, stream string, config jetstream.ConsumerConfig) (jetstream.Consumer, error) {
	config.AckPolicy = jetstream.AckExplicitPolicy
	config.AckWait = AckWait
	config.MaxDeliver = -1
	consumer, err := b.js.CreateOrUpdateConsumer(ctx, stream, config)
	if err != nil {
		return nil, fmt.Errorf("consume %s: %w", stream, err)
	}
	return consumer, nil
}

func consume[T any](ctx context.Context, b *Bus, stream string, config jetstream.ConsumerConfig, batch int, f func(Msg[T])) error {
	consumer, err := b.consumer(ctx, stream, config)
	if err != nil {
		return err
	}
	running, err := consumer.Consume(func(raw jetstream.Msg) {
		msg, err := decode[T](raw)
		if err != nil {
			b.config.Log.Error("dropping a message that cannot be decoded", "stream", stream, "err", err)
			raw.Term()
			return
		}
		f(msg)
	}, jetstream.PullMaxMessages(batch), jetstream.ConsumeErrHandler(func(_ jetstream.ConsumeContext, err error) {
		b.config.Log.Warn("consuming from the stream failed", "stream", stream, "err", err)
	}))
	if err != nil {
		return fmt.Errorf("consume %s: %w", stream, err)
	}
	select {
	case <-ctx.Done():
	case <-running.Closed():
		return fmt.Errorf("consume %s: the server closed the subscription", stream)
	}
	running.Stop()
	<-running.Closed()
	// The last pull request is still open on the server. A requeued message would be delivered to it and be lost until AckWait
	// is over. A request for the consumer's info makes the server drop pull requests without a subscriber
	// (processWaiting in nats-server's consumer.go).
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	if _, err := consumer.Info(end); err != nil {
		b.config.Log.Warn("cannot close the pull request; a requeued message may be delayed", "stream", stream, "err", err)
	}
	return ctx.Err()
}

func decode[T any](raw jetstream.Msg) (Msg[T], error) {
	msg := Msg[T]{raw: raw}
	meta, err := raw.Metadata()
	if err != nil {
		return msg, err
	}
	msg.Seq, msg.Deliveries = meta.Sequence.Stream, meta.NumDelivered
	return msg, json.Unmarshal(raw.Data(), &msg.Value)
}
