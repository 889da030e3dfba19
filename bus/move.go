package bus

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/nats-io/nats.go/jetstream"
)

// Kept is one of the streams.
type Kept struct{ name, subject string }

// The streams: what is not judged, and changes of settings.
var (
	KeptReports = Kept{"REPORTS", "report.in."}
	KeptUpdates = Kept{"SETTINGS", "settings.update."}
)

// String is the name of the stream, without the prefix.
func (k Kept) String() string { return k.name }

// Stored is a message of a stream.
type Stored struct {
	Subject string `json:"subject"` // behind what all of the stream begin with: the same with any prefix
	Data    []byte `json:"data"`
}

// ReadStored calls f for what is in a stream, from a sequence number on and up to the newest message at this moment. next is the number behind it. missed
// reports whether messages from there on had been removed before.
func (b *Bus) ReadStored(ctx context.Context, k Kept, from uint64, f func(Stored) error) (next uint64, missed bool, err error) {
	stream, err := b.js.Stream(ctx, b.stream(k.name))
	if err != nil {
		return from, false, err
	}
	state := stream.CachedInfo().State
	missed = state.FirstSeq > max(from, 1)
	for seq := max(from, state.FirstSeq); seq <= state.LastSeq; seq++ {
		raw, err := stream.GetMsg(ctx, seq)
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			missed = true
			continue
		}
		if err != nil {
			return seq, missed, err
		}
		rest, ours := strings.CutPrefix(raw.Subject, b.subject(k.subject))
		if !ours {
			continue // another program has changed the stream's subjects
		}
		if err := f(Stored{rest, raw.Data}); err != nil {
			return seq, missed, err
		}
	}
	return max(from, state.LastSeq+1), missed, nil
}

// Store appends a message to a stream.
func (b *Bus) Store(ctx context.Context, k Kept, m Stored) error {
	_, err := b.js.Publish(ctx, b.subject(k.subject)+m.Subject, m.Data)
	return err
}

// CountStored returns how many messages are in a stream.
func (b *Bus) CountStored(ctx context.Context, k Kept) (int, error) {
	stream, err := b.js.Stream(ctx, b.stream(k.name))
	if err != nil {
		return 0, err
	}
	return int(stream.CachedInfo().State.Msgs), nil
}

// DropStored removes all messages of a stream.
func (b *Bus) DropStored(ctx context.Context, k Kept) error {
	stream, err := b.js.Stream(ctx, b.stream(k.name))
	if err != nil {
		return err
	}
	return stream.Purge(ctx)
}

// Waiting is how much is left in the streams.
type Waiting struct{ Reports, Updates int }

// CopyTo stores in another bus what is left here: the messages of REPORTS, each of which may have several reports, and the updates behind the sequence
// number written, or all if the stream SETTINGS is another one than the one named. Nothing here is changed. What is copied twice does no harm: the
// ledger knows a report, and a patch wins once.
func (b *Bus) CopyTo(ctx context.Context, to *Bus, stream string, written uint64) (copied Waiting, err error) {
	copying := func(k Kept, from uint64, count *int) error {
		_, _, err := b.ReadStored(ctx, k, from, func(m Stored) error {
			*count++
			return to.Store(ctx, k, m)
		})
		return err
	}
	if err := copying(KeptReports, 1, &copied.Reports); err != nil {
		return copied, fmt.Errorf("copy reports that wait: %w", err)
	}
	first, err := b.FirstUnwritten(ctx, stream, written)
	if err != nil {
		return copied, err
	}
	if err := copying(KeptUpdates, first, &copied.Updates); err != nil {
		return copied, fmt.Errorf("copy changes of settings that wait: %w", err)
	}
	return copied, nil
}

// FirstUnwritten returns the sequence number of the first update that is not written, where those up to written of the named stream are.
func (b *Bus) FirstUnwritten(ctx context.Context, stream string, written uint64) (uint64, error) {
	state, err := b.UpdatesState(ctx)
	if err != nil {
		return 0, err
	}
	if state.Stream == stream {
		return max(state.First, written+1), nil
	}
	return state.First, nil
}
