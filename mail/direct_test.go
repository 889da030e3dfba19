package mail

import (
	"crypto/tls"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
)

func messageTo(address string) Message {
	mail := newMessage(address)
	mail.To = address
	return mail
}

func TestAMessageGoesToTheMostPreferredServerThatResponds(t *testing.T) {
	t.Parallel()
	i, s := newInternet(t), newSink(t)
	i.mxs("example.org", "down.example.org", "up.example.org", "last.example.org")
	i.set(func() { i.hosts["down.example.org"] = []string{"192.0.2.1"} })
	i.serve("up.example.org", "192.0.2.2", s)
	i.serve("last.example.org", "192.0.2.3", newSink(t))
	w := newWorld(t, i.config())
	w.run(w.Mailer)
	w.enqueue(messageTo("rider@example.org"))
	if got := s.next(); got.To != "rider@example.org" || got.TLS {
		t.Errorf("got %+v", got)
	}
	if i.dialed[0] != "192.0.2.1:25" {
		t.Errorf("first dialed %s", i.dialed[0])
	}
	s.set(func() {
		if s.hello != "out.linienfunk.example" {
			t.Errorf("said EHLO %s", s.hello)
		}
	})
}

func TestADomainWithoutMXIsItsOwnServer(t *testing.T) {
	t.Parallel()
	i, s := newInternet(t), newSink(t)
	i.serve("example.org", "2001:db8::1", s)
	w := newWorld(t, i.config())
	w.run(w.Mailer)
	w.enqueue(messageTo("rider@example.org"))
	s.next()
}

func TestMessagesToADomainThatAcceptsNoMailFailAtOnce(t *testing.T) {
	t.Parallel()
	i := newInternet(t)
	i.mxs("null.example", "")
	i.mxs("nulls.example", "", "")
	w := newWorld(t, i.config())
	for _, address := range []string{"rider@null.example", "rider@nulls.example", "rider@none.example"} {
		d := &directTransport{directConfig: &directConfig{resolver: i, dial: i.dial, policies: newPolicies(i, i.client(), w.Now)}}
		err := d.deliver(t.Context(), envelope{To: address})
		var permanent *permanentError
		if !errors.As(err, &permanent) {
			t.Errorf("%s: %v", address, err)
		}
	}
}

func TestAMessageIsRetriedWhileTheDNSFails(t *testing.T) {
	t.Parallel()
	i, s := newInternet(t), newSink(t)
	i.mxs("example.org", "mx.example.org")
	i.serve("mx.example.org", "192.0.2.2", s)
	i.set(func() { i.broken["example.org"] = true })
	w := newWorld(t, i.config())
	w.run(w.Mailer)
	w.enqueue(messageTo("rider@example.org"))
	<-w.retried
	i.set(func() { i.broken["example.org"] = false })
	s.next()
}

func TestTLSIsOpportunisticAndPlaintextTheFallback(t *testing.T) {
	t.Parallel()
	config, _ := certificate(t)
	for name, c := range map[string]struct {
		config *tls.Config
		want   bool
	}{
		"with a self-signed certificate": {config, true},
		"with a failing handshake": {&tls.Config{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			return nil, errors.New("none")
		}}, false},
		"without STARTTLS": {nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			i, s := newInternet(t), newSink(t, func(s *smtp.Server) { s.TLSConfig = c.config })
			i.mxs("example.org", "mx.example.org")
			i.serve("mx.example.org", "192.0.2.2", s)
			w := newWorld(t, i.config())
			w.run(w.Mailer)
			w.enqueue(messageTo("rider@example.org"))
			if got := s.next(); got.TLS != c.want {
				t.Errorf("TLS %v", got.TLS)
			}
		})
	}
}

func TestASlowDomainDelaysNoOtherDomain(t *testing.T) {
	t.Parallel()
	i, slow, fast := newInternet(t), newSink(t), newSink(t)
	_, release := slow.hangAt("RCPT")
	defer release()
	i.serve("slow.example", "192.0.2.1", slow)
	i.serve("fast.example", "192.0.2.2", fast)
	w := newWorld(t, i.config())
	for n := range 50 {
		w.enqueue(messageTo(fmt.Sprintf("rider%d@slow.example", n)))
	}
	w.enqueue(messageTo("rider@fast.example"))
	w.run(w.Mailer)
	fast.next()
	slow.set(func() {
		if slow.connections > directLimits.connections {
			t.Errorf("%d connections at the same time", slow.connections)
		}
	})
}

func TestADomainGetsNoMoreMessagesAMinuteThanItsLimit(t *testing.T) {
	t.Parallel()
	i, s, other := newInternet(t), newSink(t), newSink(t)
	i.serve("example.org", "192.0.2.1", s)
	i.serve("example.net", "192.0.2.2", other)
	w := newWorld(t, i.config())
	w.limits.perMinute = 3
	for n := range 5 {
		w.enqueue(messageTo(fmt.Sprintf("rider%d@example.org", n)))
	}
	w.enqueue(messageTo("rider@example.net"))
	w.run(w.Mailer)
	other.next()
	for range 3 {
		s.next()
	}
	s.none()
	w.Advance(time.Minute)
	w.enqueue(messageTo("second@example.net")) // wakes the dispatcher, whose timer does not follow the test's clock
	for range 2 {
		s.next()
	}
}
