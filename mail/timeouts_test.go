package mail

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestAServerThatReadsAMessageForLongBeforeItTakesItGetsItOnceFromOneNode(t *testing.T) {
	s := newSink(t)
	reading, read := make(chan struct{}, 10), make(chan struct{})
	s.refuse = func(at, _ string) error {
		if at == "DATA" {
			reading <- struct{}{}
			s.mu.Unlock()
			<-read
			s.mu.Lock()
		}
		return nil
	}
	w := newWorld(t, Config{Smarthost: s.address})
	for _, node := range []*Mailer{w.Mailer, w.mailer()} {
		node.timeouts.renew = time.Millisecond
		w.run(node)
	}
	w.enqueue(letter("1"))
	<-reading
	for range 4 {
		w.skew.Add(int64(leaseTime / 2))
		for renewed := w.now().Add(leaseTime / 2).UnixMilli(); w.rows()[0].DueAt < renewed; {
			<-w.changed
		}
	}
	close(read)
	s.next()
	for w.rows()[0].Open {
		<-w.changed
	}
	s.none()
	if attempts := w.rows()[0].Attempts; attempts != 0 {
		t.Errorf("%d attempts before it was taken", attempts)
	}
}

func TestAnAttemptIsOverAfterAMinuteUnlessTheAnswerAloneIsMissing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, c := range []struct {
			sent, alive, over time.Duration // after the beginning
		}{
			{time.Hour, 59 * time.Second, 61 * time.Second},
			{50 * time.Second, 10 * time.Minute, 12 * time.Minute},
		} {
			began := time.Now()
			ctx, whole, done := defaultTimeouts.context(t.Context())
			sent := time.AfterFunc(c.sent, whole)
			time.Sleep(c.alive)
			if ctx.Err() != nil {
				t.Errorf("sent after %v, and over %v after the beginning", c.sent, time.Since(began))
			}
			time.Sleep(c.over - c.alive)
			if ctx.Err() == nil {
				t.Errorf("sent after %v, and not over %v after the beginning", c.sent, time.Since(began))
			}
			sent.Stop()
			done()
		}
	})
}
