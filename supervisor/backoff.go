package supervisor

import (
	"context"
	"math/rand/v2"
	"time"

	"linienfunk/bots"
)

// Pauses between retries are a second in the first minute, so that the reports of a short outage leave right after it, then double up to
// five minutes. Jitter of up to a half keeps accounts that failed together from retrying together.
const (
	minPause    = time.Second
	maxPause    = 5 * time.Minute
	shortOutage = time.Minute
	// maxRetryAfter is the longest pause that a network may request.
	maxRetryAfter = time.Hour
	// resetAfter is how long a call must run for its next failure to count as the first one.
	resetAfter = time.Minute
)

// backoff counts consecutive failures.
type backoff struct {
	since    time.Time // the first failure
	failures int       // since the end of the first minute
}

// next counts one more failure and returns the pause after it.
func (b *backoff) next() time.Duration { return b.nextAt(time.Now()) }

func (b *backoff) nextAt(now time.Time) time.Duration {
	if b.since.IsZero() {
		b.since = now
	}
	pause := minPause
	if now.Sub(b.since) >= shortOutage {
		b.failures++
		pause = maxPause
		if b.failures < 9 {
			pause = min(minPause<<b.failures, maxPause)
		}
	}
	return pause/2 + rand.N(pause/2+1)
}

func (b *backoff) reset() { *b = backoff{} }

// nextPause returns the kind of err and the pause before the next attempt. A pause that the network requests is limited to between a
// second and an hour.
func nextPause(err error, pauses *backoff) (bots.Kind, time.Duration) {
	e := bots.AsError(err)
	if e.Kind == bots.KindRetryAfter {
		return e.Kind, min(max(e.After, minPause), maxRetryAfter)
	}
	return e.Kind, pauses.next()
}

// sleep waits for d or until ctx ends.
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
