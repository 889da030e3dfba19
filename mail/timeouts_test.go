package mail

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestAServerThatScansAMessageForLongGetsItOnceFromOneNode(t *testing.T) {
	t.Parallel()
	s := newSink(t)
	scanning, release := s.hangAt("DATA")
	w := newWorld(t, Config{Smarthost: s.address})
	for _, node := range []*Mailer{w.Mailer, w.mailer()} {
		node.timeouts.renew = time.Millisecond
		w.run(node)
	}
	w.enqueue(newMessage("1"))
	<-scanning
	for range 4 {
		w.Advance(leaseTime / 2)
		for renewed := w.Now().Add(leaseTime / 2).UnixMilli(); w.items()[0].DueAt < renewed; {
			<-w.changed
		}
	}
	release()
	s.next()
	for w.items()[0].Open {
		<-w.changed
	}
	s.none()
	if attempts := w.items()[0].Attempts; attempts != 0 {
		t.Errorf("%d failed attempts", attempts)
	}
}

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
