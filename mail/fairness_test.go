package mail

import (
	"fmt"
	"testing"
	"time"
)

// messagesFrom returns a city's messages to count recipients at one domain.
func messagesFrom(city string, count int) []Message {
	var mails []Message
	for n := range count {
		mail := messageTo(fmt.Sprintf("rider%d@example.org", n))
		mail.Key, mail.From = fmt.Sprint(city, n), city
		mails = append(mails, mail)
	}
	return mails
}

func TestAReportToManySubscribersDelaysNeitherOtherCitiesNorLogInMails(t *testing.T) {
	t.Parallel()
	for name, direct := range map[string]bool{"over a smarthost": false, "directly": true} {
		t.Run(name, func(t *testing.T) {
			s, i := newSink(t), newInternet(t)
			i.serve("example.org", "192.0.2.1", s)
			config := Config{Smarthost: s.address}
			if direct {
				config = i.config()
			}
			w := newWorld(t, config)
			w.limits.perMinute = 0
			w.enqueue(messagesFrom("zuerich", 500)...)
			w.enqueue(messagesFrom("ghent", 3)...)
			login := messageTo("admin@example.org")
			login.From = ""
			w.enqueue(login)
			w.run(w.Mailer)
			late := map[string]bool{"ghent": true, "noreply": true}
			for n := 0; len(late) > 0; n++ {
				if n == 200 {
					t.Fatalf("200 messages arrived, but none from %v", late)
				}
				delete(late, localOf(s.next().From))
			}
		})
	}
}

func TestAnIdleConnectionIsClosedForAnotherDomain(t *testing.T) {
	t.Parallel()
	i := newInternet(t)
	var sinks []*sink
	w := newWorld(t, i.config())
	w.limits.total = 1
	for n := range 4 {
		domain := fmt.Sprintf("d%d.example", n)
		sinks = append(sinks, newSink(t))
		i.serve(domain, fmt.Sprintf("192.0.2.%d", n), sinks[n])
		w.enqueue(messageTo("rider@" + domain))
	}
	w.timeouts.idle = time.Hour
	w.run(w.Mailer)
	for _, s := range sinks {
		s.next()
	}
}

func TestAnUnreachableServerIsTriedWithOneMessage(t *testing.T) {
	t.Parallel()
	i, s := newInternet(t), newSink(t)
	i.set(func() { i.hosts["example.org"] = []string{"192.0.2.1"} })
	i.serve("example.net", "192.0.2.2", s)
	w := newWorld(t, i.config())
	w.limits.connections = 1
	held := make(chan struct{}, 100)
	w.Mailer.destinationBackoff = func(int) time.Duration { held <- struct{}{}; return time.Hour }
	w.enqueue(messagesFrom("zuerich", 50)...)
	w.run(w.Mailer)
	<-held
	w.enqueue(messageTo("rider@example.net"))
	s.next()
	i.mu.Lock()
	if tried := len(i.dialed) - 1; tried != 1 {
		t.Errorf("%d connections", tried)
	}
	i.mu.Unlock()
	i.serve("example.org", "192.0.2.1", s)
	w.Advance(time.Hour)
	w.enqueue(messageTo("second@example.net")) // wakes the dispatcher, whose timer does not follow the test's clock
	for range 51 {
		s.next()
	}
}

func TestADeferredRecipientDelaysNoOtherRecipient(t *testing.T) {
	t.Parallel()
	i, s := newInternet(t), newSink(t)
	i.serve("example.org", "192.0.2.1", s)
	s.refuse = func(at, address string) error {
		if at == "RCPT" && address == "rider0@example.org" {
			return smtpReply(450, 4)
		}
		return nil
	}
	w := newWorld(t, i.config())
	w.limits.perMinute = 0
	w.Mailer.destinationBackoff = func(int) time.Duration { return time.Hour }
	w.enqueue(messagesFrom("zuerich", 50)...)
	w.run(w.Mailer)
	for range 49 {
		s.next()
	}
}
