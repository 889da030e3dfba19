package bus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"linienfunk/report"
)

// Unjudged returns how many messages with reports are in REPORTS, and when the oldest was stored; the zero time if there is none. Those that were
// judged in the last purgeInterval count, too.
func (b *Bus) Unjudged(ctx context.Context) (messages uint64, oldest time.Time, err error) {
	stream, err := b.js.Stream(ctx, b.stream("REPORTS"))
	if err != nil {
		return 0, time.Time{}, fmt.Errorf("look at the reports that are not judged: %w", err)
	}
	state := stream.CachedInfo().State
	if state.Msgs > 0 {
		oldest = state.FirstTime
	}
	return state.Msgs, oldest, nil
}

// OldReport is a message of REPORTS.
type OldReport struct {
	Sequence uint64
	Reports  []report.Report // none if it cannot be decoded
}

// OldReports calls f for the messages of REPORTS that were stored before a time, the oldest first.
func (b *Bus) OldReports(ctx context.Context, before time.Time, f func(OldReport) error) error {
	stream, err := b.js.Stream(ctx, b.stream("REPORTS"))
	if err != nil {
		return fmt.Errorf("look at the reports that are not judged: %w", err)
	}
	state := stream.CachedInfo().State
	for seq := max(state.FirstSeq, 1); seq <= state.LastSeq; seq++ { // both are 0 in a stream that never had any
		raw, err := stream.GetMsg(ctx, seq)
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			continue
		}
		if err != nil {
			return fmt.Errorf("look at the reports that are not judged: %w", err)
		}
		if !raw.Time.Before(before) {
			return nil
		}
		reports, _ := unpack(raw.Data)
		if err := f(OldReport{seq, reports}); err != nil {
			return err
		}
	}
	return nil
}

// DropJudged removes the messages of REPORTS up to a sequence number.
func (b *Bus) DropJudged(ctx context.Context, last uint64) error {
	stream, err := b.js.Stream(ctx, b.stream("REPORTS"))
	if err == nil {
		err = stream.Purge(ctx, jetstream.WithPurgeSequence(last+1))
	}
	return err
}
