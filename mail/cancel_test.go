package mail

import (
	"fmt"
	"testing"
)

func TestCanceledMessagesAreNotSentEvenIfTheyAreLeased(t *testing.T) {
	t.Parallel()
	s := newSink(t)
	reached, release := s.hangAt("RCPT")
	w := newWorld(t, Config{Smarthost: s.address})
	w.limits.connections = 1
	const count = 1000 // more than are leased at once
	var keys []string
	for _, mail := range messagesFrom("zuerich", count) {
		keys = append(keys, mail.Key)
		w.enqueue(mail)
	}
	w.enqueue(newMessage("another"))
	w.run(w.Mailer)
	<-reached
	for range 2 {
		sent, err := w.Cancel(t.Context(), append(keys, "never enqueued")...)
		must(t, err)
		if sent != 0 {
			t.Errorf("%d were sent", sent)
		}
	}
	release()
	got := map[string]bool{s.next().To: true, s.next().To: true} // the one in progress, and the other flow's
	if !got["rider@example.org"] || len(got) != 2 {
		t.Errorf("got %v", got)
	}
	w.enqueue(newMessage("the last"))
	s.next()
	s.none()
	w.wantFinished(w.items()[:count])
}

func TestASentMessageCannotBeCanceledNorSentAgain(t *testing.T) {
	t.Parallel()
	s, w := newSinkAndWorld(t)
	stop := w.run(w.Mailer)
	w.enqueue(newMessage("1"))
	s.next()
	for w.items()[0].Open {
		<-w.changed
	}
	stop()
	w.enqueue(newMessage("2"))
	sent, err := w.Cancel(t.Context(), "1", "2")
	if err != nil || sent != 1 {
		t.Errorf("%d were sent, %v", sent, err)
	}
	w.enqueue(newMessage("2")) // as after a crash in the middle of a broadcast
	w.run(w.Mailer)
	w.enqueue(newMessage("3"))
	s.next()
	s.none()
	if rows := w.items(); len(rows) != 3 {
		t.Error(fmt.Sprint(rows))
	}
}

func TestAForgottenRecipientGetsNoQueuedMessages(t *testing.T) {
	t.Parallel()
	s, w := newSinkAndWorld(t)
	bot := w.as("email")
	for i := range 5 {
		for _, name := range []string{"marta", "rosa"} {
			mail := newMessage(fmt.Sprint(name, i))
			mail.To, mail.BounceID = name+"@example.org", name
			must(t, bot.Enqueue(t.Context(), mail))
		}
	}
	must(t, w.as("another").Forget(t.Context(), "rosa"))
	must(t, bot.Forget(t.Context(), "marta"))
	w.run(w.Mailer)
	for range 5 {
		if got := s.next(); got.To != "rosa@example.org" {
			t.Errorf("a message for %s", got.To)
		}
	}
	s.none()
	again := newMessage("again")
	again.To, again.BounceID = "marta@example.org", "marta"
	must(t, bot.Enqueue(t.Context(), again))
	if got := s.next(); got.To != "marta@example.org" {
		t.Errorf("a message for %s", got.To)
	}
}
