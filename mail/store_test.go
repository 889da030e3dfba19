package mail

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"gorm.io/gorm"

	"linienfunk/internal/testkit"
)

func TestARepeatedKeyIsIgnoredUntilADayAfterTheMessageExpired(t *testing.T) {
	t.Parallel()
	s, w := newSinkAndWorld(t)
	passed := time.Duration(0)
	for _, step := range []struct {
		after     time.Duration
		delivered []string
	}{
		{0, []string{"short", "long"}},
		{24 * time.Hour, nil},
		{26 * time.Hour, []string{"short"}},
		{(5*24 + 23) * time.Hour, []string{"short"}},
		{(6*24 + 1) * time.Hour, []string{"long"}},
	} {
		w.Advance(step.after - passed)
		passed = step.after
		must(t, w.store.prune(t.Context()))
		short, long := newMessage("short"), newMessage("long") // long lives for five days
		short.Expires = w.Now().Add(time.Hour)
		w.enqueue(short, long, short)
		open := 0
		for _, row := range w.items() {
			if row.Open {
				open++
			}
		}
		if open != len(step.delivered) {
			t.Fatalf("after %s: %d messages are queued, want %v", step.after, open, step.delivered)
		}
		stop := w.run(w.Mailer)
		for range step.delivered {
			s.next()
		}
		stop()
		s.none()
	}
}

func TestAMessageIsDroppedWhenItExpires(t *testing.T) {
	t.Parallel()
	s := newSink(t)
	s.refuse = func(string, string) error { return smtpReply(451, 4) }
	w := newWorld(t, Config{Smarthost: s.address})
	stop := w.run(w.Mailer)
	mail := newMessage("1")
	mail.Expires = w.Now().Add(time.Hour)
	w.enqueue(mail)
	<-w.retried
	stop()
	w.Advance(2 * time.Hour)
	s.set(func() { s.refuse = nil })
	stop = w.run(w.Mailer)
	w.deliversOnly(s, newMessage("2"), stop)
}

func TestAMessageIsSentAgainAfterACrashBeforeItsResultWasStored(t *testing.T) {
	t.Parallel()
	s, w := newSinkAndWorld(t)
	first := w.deliver(s, newMessage("1"))
	// After a crash the row is still leased.
	sealed, err := build(newMessage("1"), w.items()[0].Key, "linienfunk.example", w.Now())
	must(t, err)
	row, err := w.store.seal(w.items()[0].Key, sealed, w.Now().Add(time.Hour))
	must(t, err)
	must(t, w.handle.Model(&item{}).Where("1 = 1").Updates(map[string]any{
		"open": true, "lease": "crashed", "due_at": w.Now().Add(leaseTime).UnixMilli(), "sealed": row.Sealed,
	}).Error)
	w.Advance(leaseTime) // in PostgreSQL, where the lease may be another node's
	w.run(w.mailer())
	second := s.next()
	if id(t, first) != id(t, second) {
		t.Errorf("%s is not %s", id(t, first), id(t, second))
	}
}

func TestTwoNodesDoNotSendTheSameMessage(t *testing.T) {
	t.Parallel()
	s, w := newSinkAndWorld(t)
	other := w.mailer()
	stopFirst, stopSecond := w.run(w.Mailer), w.run(other)
	const count = 200
	for i := range count {
		m := w.Mailer
		if i%2 == 0 {
			m = other
		}
		must(t, m.Enqueue(t.Context(), newMessage(fmt.Sprint(i))))
	}
	for range count {
		s.next()
	}
	stopFirst()
	stopSecond()
	s.none()
}

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
		for renewed := w.Now().Add(leaseTime / 2).UnixMilli(); w.items()[0].DueAt <= renewed; {
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

func TestRunReturnsWhileAServerHangs(t *testing.T) {
	t.Parallel()
	s := newSink(t)
	reached, release := s.hangAt("RCPT")
	w := newWorld(t, Config{Smarthost: s.address})
	stop := w.run(w.Mailer)
	w.enqueue(newMessage("1"))
	<-reached
	stop()
	release()
	if graceTime >= writeTime || writeTime >= 5*time.Second {
		t.Error("Run may take longer than its comment says")
	}
	if row := w.items()[0]; !row.Open || row.Lease != "" || row.Attempts != 0 {
		t.Errorf("the message was not requeued: %+v", row)
	}
}

func TestAFailingDatabaseIsQueriedAgainAfterFiveSeconds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		// Not PostgreSQL: in the bubble, time passes only while nothing waits for the network.
		w := newWorldAt(t, filepath.Join(t.TempDir(), "test.db"), Config{Outbox: t.TempDir()})
		w.enqueue(newMessage("1"))
		queries := 0
		must(t, w.handle.Callback().Update().Before("gorm:update").Register("fail", func(tx *gorm.DB) {
			queries++
			tx.AddError(errors.New("disk full"))
		}))
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute+time.Second)
		defer cancel()
		w.dispatch(ctx, ctx, newDispatcher(w.Mailer, nil, ctx, ctx))
		if queries != 13 {
			t.Errorf("%d queries in a minute", queries)
		}
	})
}

func TestAMessageIsNotSentTwiceIfTheDatabaseFailsAfterItWasSent(t *testing.T) {
	t.Parallel()
	s, w := newSinkAndWorld(t)
	failures := 3
	must(t, w.handle.Callback().Update().Before("gorm:update").Register("fail", func(tx *gorm.DB) {
		values, _ := tx.Statement.Dest.(map[string]any)
		if open, ok := values["open"]; ok && open == false && failures > 0 {
			failures--
			tx.AddError(errors.New("disk I/O error"))
		}
	}))
	w.enqueue(newMessage("1"))
	stop := w.run(w.Mailer)
	s.next()
	testkit.Eventually(t, "it is recorded as sent", func() bool { return !w.items()[0].Open })
	stop()
	w.Advance(time.Hour)
	w.run(w.Mailer)
	w.enqueue(newMessage("2"))
	s.next()
	s.none()
}
