package bus

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"
)

// An earlier program received reports in the stream INTAKE, a work queue, and kept orders in the stream RELAY. The ledger has all that were in
// RELAY. What is left in INTAKE is moved; a crash while it is moved stores some reports twice, which the ledger recognises.

// makeRoomForReports takes the subjects of reports from INTAKE.
func (b *Bus) makeRoomForReports(ctx context.Context) error {
	stream, err := b.js.Stream(ctx, b.stream("INTAKE"))
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look for stream %s: %w", b.stream("INTAKE"), err)
	}
	config := stream.CachedInfo().Config
	config.Subjects = []string{b.subject("report.former.>")}
	if _, err := b.js.UpdateStream(ctx, config); err != nil {
		return fmt.Errorf("update stream %s: %w", b.stream("INTAKE"), err)
	}
	return nil
}

// deleteFormerStreams moves the reports in INTAKE and deletes both streams.
func (b *Bus) deleteFormerStreams(ctx context.Context) error {
	if err := b.moveReports(ctx); err != nil {
		return fmt.Errorf("move the reports in stream %s: %w", b.stream("INTAKE"), err)
	}
	for _, name := range []string{"INTAKE", "RELAY"} {
		if err := b.js.DeleteStream(ctx, b.stream(name)); err != nil && !errors.Is(err, jetstream.ErrStreamNotFound) {
			return fmt.Errorf("delete stream %s: %w", b.stream(name), err)
		}
	}
	return nil
}

func (b *Bus) moveReports(ctx context.Context) error {
	stream, err := b.js.Stream(ctx, b.stream("INTAKE"))
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	for seq := uint64(1); ; seq++ {
		msg, err := stream.GetMsg(ctx, seq, jetstream.WithGetMsgSubject(">"))
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		if _, err := b.js.Publish(ctx, msg.Subject, msg.Data); err != nil {
			return err
		}
		seq = msg.Sequence
	}
}

// deleteFormerConsumer deletes the consumer that the censors of all nodes shared in an earlier program.
func (b *Bus) deleteFormerConsumer(ctx context.Context) error {
	err := b.js.DeleteConsumer(ctx, b.stream("REPORTS"), "censor")
	if err != nil && !errors.Is(err, jetstream.ErrConsumerNotFound) {
		return fmt.Errorf("delete consumer: %w", err)
	}
	return nil
}
