package bus

import (
	"context"
	"fmt"
	"time"
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
