package mail

import (
	"fmt"
	"testing"
	"time"
)

// manyMails are a city's report to many at one domain.
func manyMails(city string, count int) []Message {
	var mails []Message
	for n := range count {
		mail := to(fmt.Sprintf("rider%d@example.org", n))
		mail.Key, mail.From = fmt.Sprint(city, n), city
		mails = append(mails, mail)
	}
	return mails
}

// A report must hold up neither the next city's nor log-in mails, which come later and go to the same server.
func TestAReportToManyHoldsUpNeitherOtherCitiesNorLogInMails(t *testing.T) {
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
			w.enqueue(manyMails("zuerich", 500)...)
			w.enqueue(manyMails("ghent", 3)...)
			login := to("admin@example.org")
			login.From = ""
			w.enqueue(login)
			w.run(w.Mailer)
			late := map[string]bool{"ghent": true, "noreply": true}
			for n := 0; len(late) > 0; n++ {
				if n == 200 {
					t.Fatalf("200 mails came, but none of %v", late)
				}
				delete(late, localOf(s.next().From))
			}
		})
	}
}

// Connections are kept for a while, but not while another domain waits for one.
func TestADomainDoesNotWaitForAConnectionThatNobodyUses(t *testing.T) {
	i := newInternet(t)
	var sinks []*sink
	w := newWorld(t, i.config())
	w.limits.total = 1
	for n := range 4 {
		domain := fmt.Sprintf("d%d.example", n)
		sinks = append(sinks, newSink(t))
		i.serve(domain, fmt.Sprintf("192.0.2.%d", n), sinks[n])
		w.enqueue(to("rider@" + domain))
	}
	began := time.Now()
	w.run(w.Mailer)
	for _, s := range sinks {
		s.next()
	}
	if took := time.Since(began); took >= idleTime {
		t.Errorf("it took %s", took)
	}
}

// A server that is away is asked by one mail now and then, and not by each that waits for it.
func TestWhileAServerIsAwayItsOtherMailsWait(t *testing.T) {
	i, s := newInternet(t), newSink(t)
	i.set(func() { i.hosts["example.org"] = []string{"192.0.2.1"} })
	i.serve("example.net", "192.0.2.2", s)
	w := newWorld(t, i.config())
	w.limits.connections = 1
	held := make(chan struct{}, 100)
	w.Mailer.destinationBackoff = func(int) time.Duration { held <- struct{}{}; return time.Hour }
	w.enqueue(manyMails("zuerich", 50)...)
	w.run(w.Mailer)
	<-held
	w.enqueue(to("rider@example.net"))
	s.next()
	i.mu.Lock()
	if tried := len(i.dialed) - 1; tried != 1 {
		t.Errorf("it was tried %d times", tried)
	}
	i.mu.Unlock()
	i.serve("example.org", "192.0.2.1", s)
	w.skew.Add(int64(time.Hour))
	w.enqueue(to("second@example.net")) // wakes the queue, whose timer knows nothing of the test's clock
	for range 51 {
		s.next()
	}
}

// An answer about one mailbox does not speak of the others.
func TestAMailboxThatPutsMailOffHoldsUpNobodyElse(t *testing.T) {
	i, s := newInternet(t), newSink(t)
	i.serve("example.org", "192.0.2.1", s)
	s.refuse = func(at, address string) error {
		if at == "RCPT" && address == "rider0@example.org" {
			return answerOf(450, 4)
		}
		return nil
	}
	w := newWorld(t, i.config())
	w.limits.perMinute = 0
	w.Mailer.destinationBackoff = func(int) time.Duration { return time.Hour }
	w.enqueue(manyMails("zuerich", 50)...)
	w.run(w.Mailer)
	for range 49 {
		s.next()
	}
}
