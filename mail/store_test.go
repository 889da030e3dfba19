package mail

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"gorm.io/gorm"
)

func TestARepeatedKeyVanishesUntilADayAfterTheMailExpired(t *testing.T) {
	s := newSink(t)
	w := newWorld(t, Config{Smarthost: s.address})
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
		w.skew.Store(int64(step.after))
		must(t, w.store.prune(t.Context()))
		short, long := letter("short"), letter("long") // the long one has five days
		short.Expires = w.now().Add(time.Hour)
		w.enqueue(short, long, short)
		open := 0
		for _, row := range w.rows() {
			if row.Open {
				open++
			}
		}
		if open != len(step.delivered) {
			t.Fatalf("after %s: %d mails wait, want %v", step.after, open, step.delivered)
		}
		stop := w.run(w.Mailer)
		for range step.delivered {
			s.next()
		}
		stop()
		s.none()
	}
}

func TestAMailIsDroppedWhenItExpires(t *testing.T) {
	s := newSink(t)
	s.refuse = func(string, string) error { return answerOf(451, 4) }
	w := newWorld(t, Config{Smarthost: s.address})
	stop := w.run(w.Mailer)
	mail := letter("1")
	mail.Expires = w.now().Add(time.Hour)
	w.enqueue(mail)
	<-w.paused
	stop()
	w.skew.Add(int64(2 * time.Hour))
	s.set(func() { s.refuse = nil })
	stop = w.run(w.Mailer)
	w.enqueue(letter("2"))
	s.next()
	stop()
	s.none()
	for _, row := range w.rows() {
		if row.Open {
			t.Errorf("row %+v", row)
		}
	}
}

// A mail whose acceptance was not written down goes out again, under the same Message-ID.
func TestAMailIsRepeatedAfterACrashThatFollowsItsAcceptance(t *testing.T) {
	s := newSink(t)
	w := newWorld(t, Config{Smarthost: s.address})
	stop := w.run(w.Mailer)
	w.enqueue(letter("1"))
	first := s.next()
	stop()
	// What a crash leaves: the row as it was when it was leased.
	sealed, err := build(letter("1"), w.rows()[0].Key, "linienfunk.example", w.now())
	must(t, err)
	row, err := w.store.seal(w.rows()[0].Key, sealed, w.now().Add(time.Hour))
	must(t, err)
	must(t, w.handle.Model(&item{}).Where("1 = 1").Updates(map[string]any{
		"open": true, "lease": "crashed", "due_at": w.now().Add(leaseTime).UnixMilli(), "sealed": row.Sealed,
	}).Error)
	w.skew.Add(int64(leaseTime)) // PostgreSQL keeps the lease, another node may have it
	w.run(w.mailer())
	second := s.next()
	if id(t, first) != id(t, second) {
		t.Errorf("%s is not %s", id(t, first), id(t, second))
	}
}

func TestTwoNodesDoNotDeliverTheSameMail(t *testing.T) {
	s := newSink(t)
	w := newWorld(t, Config{Smarthost: s.address})
	other := w.mailer()
	stopFirst, stopSecond := w.run(w.Mailer), w.run(other)
	const count = 200
	for i := range count {
		m := w.Mailer
		if i%2 == 0 {
			m = other
		}
		must(t, m.Enqueue(t.Context(), letter(fmt.Sprint(i))))
	}
	for range count {
		s.next()
	}
	stopFirst()
	stopSecond()
	s.none()
}

func TestRunEndsWithinItsTimeWhileAServerHangs(t *testing.T) {
	s := newSink(t)
	hang, reached := make(chan struct{}), make(chan struct{}, 10)
	s.refuse = func(at, _ string) error {
		if at == "RCPT" {
			reached <- struct{}{}
			s.mu.Unlock()
			<-hang
			s.mu.Lock()
		}
		return nil
	}
	w := newWorld(t, Config{Smarthost: s.address})
	stop := w.run(w.Mailer)
	w.enqueue(letter("1"))
	<-reached
	begin := time.Now()
	stop()
	close(hang)
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("Run took %s to end", took)
	}
	if row := w.rows()[0]; !row.Open || row.Lease != "" || row.Attempts != 0 {
		t.Errorf("the mail was not put back: %+v", row)
	}
}

func TestADatabaseThatFailsIsAskedAgainAfterFiveSeconds(t *testing.T) {
	t.Setenv("LINIENFUNK_TEST_POSTGRES", "") // time passes in the bubble only if nothing waits for a network
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, Config{Outbox: t.TempDir()})
		w.enqueue(letter("1"))
		asked := 0
		must(t, w.handle.Callback().Update().Before("gorm:update").Register("fail", func(tx *gorm.DB) {
			asked++
			tx.AddError(errors.New("disk full"))
		}))
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute+time.Second)
		defer cancel()
		w.dispatch(ctx, ctx, newDispatcher(w.Mailer, nil, ctx, ctx))
		if asked != 13 {
			t.Errorf("asked %d times in a minute", asked)
		}
	})
}
