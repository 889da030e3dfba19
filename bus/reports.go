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

// Order is a report that passed the censor, on its way to one bot of its city.
type Order struct {
	Report report.Report `json:"report"`
	Entry  uint          `json:"entry"`  // in the ledger
	Bot    string        `json:"bot"`    // that shall send it
	Expire time.Time     `json:"expire"` // after this it is not sent any more

	// Retract is set when the report was withdrawn: what the bot sent of it shall be taken back. The text is not in it.
	Retract bool `json:"retract,omitempty"`
}

// The names of the durable consumers.
const censorConsumer = "censor"

func shardConsumer(shard int) string { return fmt.Sprintf("shard-%d", shard) }

// Msg is a message that stays in its stream until Done. Without Done, Again or Working it is delivered again after AckWait.
type Msg[T any] struct {
	Value      T
	Seq        uint64 // in the stream: equal for two deliveries of the same message
	Deliveries uint64 // how often it was delivered, this time included
	raw        jetstream.Msg
}

// Done removes the message from the stream. It returns when the server has it.
func (m Msg[T]) Ack(ctx context.Context) error { return m.raw.DoubleAck(ctx) }

// Again asks for another delivery after a pause.
func (m Msg[T]) Requeue(after time.Duration) error { return m.raw.NakWithDelay(after) }

// Working postpones the next delivery by AckWait.
func (m Msg[T]) InProgress() error {
	if err := m.raw.InProgress(); !errors.Is(err, jetstream.ErrMsgAlreadyAckd) {
		return err
	}
	return nil
}

// PutReport stores a received report, or that one is withdrawn. It returns nil when it is on the disk, or when it was there already.
func (b *Bus) PublishReport(ctx context.Context, r report.Report) error {
	id := r.Key()
	if r.Withdrawn != "" {
		id += " withdrawn" // no key has a space
	}
	return b.publish(ctx, b.subject("report.in", r.City, r.Bot), id, r)
}

// PutOrder stores a passed report for the bot that shall send it, or take it back.
func (b *Bus) PublishOrder(ctx context.Context, o Order) error {
	id := o.Report.Key() + ">" + o.Bot
	if o.Retract {
		id += " withdrawn"
	}
	return b.publish(ctx, b.relaySubject(b.Shard(o.Report.City), o.Report.City, o.Bot), id, o)
}

func (b *Bus) publish(ctx context.Context, subject, id string, value any) error {
	data, err := json.Marshal(value)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if _, err := b.js.Publish(ctx, subject, data, jetstream.WithMsgID(id)); err != nil {
		return fmt.Errorf("store on %s: %w", subject, err)
	}
	return nil
}

// Reports calls f for each received report, from one goroutine, until ctx ends or the server ends it. Several callers, on any nodes, share
// the reports among them.
func (b *Bus) ConsumeReports(ctx context.Context, f func(Msg[report.Report])) error {
	return consume(ctx, b, b.stream("INTAKE"), jetstream.ConsumerConfig{
		Durable: censorConsumer, FilterSubject: b.subject("report.in.>"), MaxAckPending: 1000,
	}, 16, f)
}

// Orders calls f for each order of one shard, from one goroutine, until ctx ends or the server ends it: new ones in the order of the stream. There is no
// limit to how many f may keep waiting: a bot that hangs must not stop the others of its shard.
func (b *Bus) ConsumeOrders(ctx context.Context, shard int, f func(Msg[Order])) error {
	return consume(ctx, b, b.stream("RELAY"), jetstream.ConsumerConfig{
		Durable: shardConsumer(shard), FilterSubject: b.relaySubject(shard, ">"), MaxAckPending: -1,
	}, 256, f)
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
			b.config.Log.Error("drop a message that is none of ours", "stream", stream, "err", err)
			raw.Term()
			return
		}
		f(msg)
	}, jetstream.PullMaxMessages(batch), jetstream.ConsumeErrHandler(func(_ jetstream.ConsumeContext, err error) {
		b.config.Log.Warn("consume", "stream", stream, "err", err)
	}))
	if err != nil {
		return fmt.Errorf("consume %s: %w", stream, err)
	}
	select {
	case <-ctx.Done():
	case <-running.Closed():
		return fmt.Errorf("consume %s: the server has ended it", stream)
	}
	running.Stop()
	<-running.Closed()
	// The request for more messages is still open at the server, which would give it a message that is handed back, and
	// notice only after bus.AckWait that nobody took it. Asked for its state it looks whether somebody still
	// listens (processWaiting in nats-server's consumer.go).
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	if _, err := consumer.Info(end); err != nil {
		b.config.Log.Warn("consume", "stream", stream, "err", err)
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
