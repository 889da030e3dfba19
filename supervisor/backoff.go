package supervisor

import (
	"context"
	"math/rand/v2"
	"time"

	"linienfunk/bots"
)

// Pauses between restarts: the first is a second long, each next one twice the last, up to five minutes; each is jittered by a
// half, so that what failed together does not come back together.
const (
	firstPause = time.Second
	lastPause  = 5 * time.Minute
	// longestAsked is the longest pause that a network may ask for.
	longestAsked = time.Hour
	// calm is how long something must run before its next failure counts as the first one.
	calm = time.Minute
)

// backoff counts failures.
type backoff struct{ failures int }

// next is the pause after one more failure.
func (b *backoff) next() time.Duration {
	pause := lastPause
	if b.failures < 9 {
		pause = min(firstPause<<b.failures, lastPause)
	}
	b.failures++
	return pause/2 + rand.N(pause/2+1)
}

func (b *backoff) reset() { b.failures = 0 }

// nextPause says what to do after err, and how long to wait before. What a network asks for is believed between a
// second and an hour.
func nextPause(err error, pauses *backoff) (bots.Kind, time.Duration) {
	e := bots.AsError(err)
	if e.Kind == bots.KindRetryAfter {
		return e.Kind, min(max(e.After, firstPause), longestAsked)
	}
	return e.Kind, pauses.next()
}

// sleep waits for d, or until ctx ends.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
