package bus

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/nats-io/nats.go/jetstream"
)

// Waiting is how much is left in the streams.
type Waiting struct{ Reports, Updates int }

// CopyTo stores in another bus what is left here: the messages of REPORTS, each of which may have several reports, and the updates behind the sequence
// number written, or all if the stream SETTINGS is another one than the one named. Nothing here is changed. What is copied twice does no harm: the
// ledger knows a report, and a patch wins once.
func (b *Bus) CopyTo(ctx context.Context, to *Bus, stream string, written uint64) (copied Waiting, err error) {
	if copied.Reports, err = b.copyStream(ctx, to, "REPORTS", "report.in.", 1); err != nil {
		return copied, fmt.Errorf("copy reports that wait: %w", err)
	}
	state, err := b.UpdatesState(ctx)
	if err != nil {
		return copied, err
	}
	first := state.First
	if state.Stream == stream {
		first = max(first, written+1)
	}
	if copied.Updates, err = b.copyStream(ctx, to, "SETTINGS", "settings.update.", first); err != nil {
		return copied, fmt.Errorf("copy changes of settings that wait: %w", err)
	}
	return copied, nil
}

func (b *Bus) copyStream(ctx context.Context, to *Bus, name, subject string, first uint64) (count int, err error) {
	stream, err := b.js.Stream(ctx, b.stream(name))
	if err != nil {
		return 0, err
	}
	state := stream.CachedInfo().State
	for seq := max(first, state.FirstSeq); seq <= state.LastSeq; seq++ {
		raw, err := stream.GetMsg(ctx, seq)
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			continue
		}
		if err != nil {
			return count, err
		}
		rest, ours := strings.CutPrefix(raw.Subject, b.subject(subject))
		if !ours {
			continue // another program has changed the stream's subjects
		}
		if _, err := to.js.Publish(ctx, to.subject(subject)+rest, raw.Data); err != nil {
			return count, err
		}
		count++
	}
	return count, nil
}
