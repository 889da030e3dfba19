package bus

import (
	"context"
	"fmt"
)

// StreamSize is how much a stream holds.
type StreamSize struct {
	Name     string
	Messages uint64
	Bytes    uint64 // without what its files keep of messages that are gone
}

// Sizes returns how much the streams of all cities hold.
func (b *Bus) Sizes(ctx context.Context) (all []StreamSize, err error) {
	for _, name := range []string{"SETTINGS", "REPORTS"} {
		stream, err := b.js.Stream(ctx, b.stream(name))
		if err != nil {
			return nil, fmt.Errorf("look at stream %s: %w", name, err)
		}
		state := stream.CachedInfo().State
		all = append(all, StreamSize{name, state.Msgs, state.Bytes})
	}
	return all, nil
}
