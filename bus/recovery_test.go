package bus

import (
	"context"
	"errors"
	"testing"
	"time"
)

// A publish to REPORTS may succeed while one to SETTINGS has just failed.
func TestAPublishThatSucceedsDoesNotHideThatAnotherStreamCannotStore(t *testing.T) {
	t.Parallel()
	b := &Bus{config: Config{Timeout: time.Minute}, embedded: &embedded{}, store: newStoreState()}
	full := errors.New("no space left on device")
	err := b.storing(t.Context(), func(context.Context) error {
		b.store.fails(full)
		return nil
	})
	if err != nil || !errors.Is(b.store.err(), full) {
		t.Errorf("publish: %v; state: %v", err, b.store.err())
	}
}
