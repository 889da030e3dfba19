package mail

import (
	"fmt"
	"testing"
)

func TestMailsThatAreCanceledDoNotLeaveEvenIfTheyAreBeingHandedOut(t *testing.T) {
	s := newSink(t)
	hang, reached := make(chan struct{}), make(chan struct{}, 100)
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
	w.limits.connections = 1
	const count = 1000 // more than are leased at once
	var keys []string
	for _, mail := range manyMails("zuerich", count) {
		keys = append(keys, mail.Key)
		w.enqueue(mail)
	}
	w.enqueue(letter("another"))
	w.run(w.Mailer)
	<-reached
	for range 2 {
		left, err := w.Cancel(t.Context(), append(keys, "never enqueued")...)
		must(t, err)
		if left != 0 {
			t.Errorf("%d have left", left)
		}
	}
	close(hang)
	got := map[string]bool{s.next().To: true, s.next().To: true} // the one that was on its way, and another's
	if !got["rider@example.org"] || len(got) != 2 {
		t.Errorf("got %v", got)
	}
	w.enqueue(letter("the last"))
	s.next()
	s.none()
	for _, row := range w.rows()[:count] {
		if row.Open || row.Sealed != nil {
			t.Fatalf("row %+v", row)
		}
	}
}

func TestAMailThatHasLeftCannotBeCanceledNorComeAgain(t *testing.T) {
	s := newSink(t)
	w := newWorld(t, Config{Smarthost: s.address})
	stop := w.run(w.Mailer)
	w.enqueue(letter("1"))
	s.next()
	for w.rows()[0].Open {
		<-w.changed
	}
	stop()
	w.enqueue(letter("2"))
	left, err := w.Cancel(t.Context(), "1", "2")
	if err != nil || left != 1 {
		t.Errorf("%d have left, %v", left, err)
	}
	w.enqueue(letter("2")) // the broadcast goes on after a crash
	w.run(w.Mailer)
	w.enqueue(letter("3"))
	s.next()
	s.none()
	if rows := w.rows(); len(rows) != 3 {
		t.Error(fmt.Sprint(rows))
	}
}

func TestWhoeverHasLeftGetsNoMailThatStillWaits(t *testing.T) {
	s := newSink(t)
	w := newWorld(t, Config{Smarthost: s.address})
	bot := w.as("email")
	for i := range 5 {
		for _, who := range []string{"marta", "rosa"} {
			mail := letter(fmt.Sprint(who, i))
			mail.To, mail.BounceID = who+"@example.org", who
			must(t, bot.Enqueue(t.Context(), mail))
		}
	}
	must(t, w.as("another").Forget(t.Context(), "rosa"))
	must(t, bot.Forget(t.Context(), "marta"))
	w.run(w.Mailer)
	for range 5 {
		if got := s.next(); got.To != "rosa@example.org" {
			t.Errorf("a mail for %s", got.To)
		}
	}
	s.none()
	again := letter("again")
	again.To, again.BounceID = "marta@example.org", "marta"
	must(t, bot.Enqueue(t.Context(), again))
	if got := s.next(); got.To != "marta@example.org" {
		t.Errorf("a mail for %s", got.To)
	}
}
