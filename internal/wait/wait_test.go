package wait

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

func TestForEndsWithItsTimeOrItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		began := time.Now()
		For(ctx, time.Second)
		For(ctx, time.Hour)
		if passed := time.Since(began); passed != time.Minute {
			t.Errorf("waited for %s", passed)
		}
	})
}

func TestEveryRepeatsUntilItsContextEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 3500*time.Millisecond)
		defer cancel()
		calls := 0
		Every(ctx, time.Second, func() { calls++ })
		if calls != 3 {
			t.Errorf("%d calls", calls)
		}
	})
}
