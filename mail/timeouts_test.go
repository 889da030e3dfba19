package mail

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestAnAttemptEndsAfterAMinuteUnlessOnlyTheReplyIsMissing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, c := range []struct {
			sent, alive, ended time.Duration // since the beginning
		}{
			{time.Hour, 59 * time.Second, 61 * time.Second},
			{50 * time.Second, 10 * time.Minute, 12 * time.Minute},
		} {
			began := time.Now()
			ctx, messageSent, cancel := defaultTimeouts.context(t.Context())
			sent := time.AfterFunc(c.sent, messageSent)
			time.Sleep(c.alive)
			if ctx.Err() != nil {
				t.Errorf("sent after %v: ended within %v", c.sent, time.Since(began))
			}
			time.Sleep(c.ended - c.alive)
			if ctx.Err() == nil {
				t.Errorf("sent after %v: not ended within %v", c.sent, time.Since(began))
			}
			sent.Stop()
			cancel()
		}
	})
}
