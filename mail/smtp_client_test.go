package mail

import (
	"fmt"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

func TestManyMailsShareFewConnections(t *testing.T) {
	s := newSink(t)
	w := newWorld(t, Config{Smarthost: s.address})
	var mails []Message
	for i := range 450 {
		mail := letter(fmt.Sprint(i))
		mail.To = fmt.Sprintf("rider%d@example.org", i)
		mails = append(mails, mail)
	}
	w.enqueue(mails...)
	w.run(w.Mailer)
	seen := map[string]bool{}
	for range mails {
		seen[s.next().To] = true
	}
	if len(seen) != len(mails) {
		t.Errorf("%d riders got a mail, not %d", len(seen), len(mails))
	}
	s.set(func() {
		if s.connections > 12 {
			t.Errorf("%d connections for %d mails", s.connections, len(mails))
		}
	})
}

func TestAConnectionClosedByTheServerIsReplacedWithoutAPause(t *testing.T) {
	s := newSink(t)
	s.set(func() { s.closeAfter = true })
	w := newWorld(t, Config{Smarthost: s.address})
	w.run(w.Mailer)
	for i := range 12 {
		w.enqueue(letter(fmt.Sprint(i)))
		s.next()
	}
	if len(w.paused) > 0 {
		t.Error("a mail had to wait")
	}
}

func TestConnectionsAreEncryptedAsConfigured(t *testing.T) {
	config, ca := certificate(t)
	withTLS := func(s *smtp.Server) { s.TLSConfig = config }
	for name, c := range map[string]struct {
		scheme, ca string
		server     []func(*smtp.Server)
		delivered  bool
		encrypted  bool
	}{
		"loopback without STARTTLS is served in the clear":          {"", "", nil, true, false},
		"loopback with STARTTLS is encrypted without a check":       {"smtp://", "", []func(*smtp.Server){withTLS}, true, true},
		"smtp+starttls wants STARTTLS":                              {"smtp+starttls://", ca, nil, false, false},
		"smtp+starttls wants a certificate that it can check":       {"smtp+starttls://", "", []func(*smtp.Server){withTLS}, false, false},
		"smtp+starttls trusts the authority that is configured":     {"smtp+starttls://", ca, []func(*smtp.Server){withTLS}, true, true},
		"smtp+insecure does not encrypt even if it could be":        {"smtp+insecure://", "", []func(*smtp.Server){withTLS}, true, false},
		"the password goes to the smarthost after the encryption":   {"smtp+starttls://", ca, []func(*smtp.Server){withTLS}, true, true},
		"smtps against a server that does not speak it is no mail!": {"smtps://", ca, nil, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSink(t, append(c.server, func(s *smtp.Server) { s.ReadTimeout = time.Second })...)
			s.set(func() { s.login = "user:geheim" })
			w := newWorld(t, Config{Smarthost: c.scheme + s.address, CAFile: c.ca, User: "user", Password: "geheim"})
			w.run(w.Mailer)
			w.enqueue(letter("1"))
			if !c.delivered {
				<-w.paused
				s.none()
				return
			}
			if got := s.next(); got.TLS != c.encrypted || got.User != "user" {
				t.Errorf("TLS %v, user %q", got.TLS, got.User)
			}
		})
	}
}

// Postfix with smtpd_tls_auth_only does not offer AUTH before STARTTLS, and refuses it.
func TestThePasswordIsSaidOnlyBehindSTARTTLS(t *testing.T) {
	config, _ := certificate(t)
	s := newSink(t, func(s *smtp.Server) {
		s.TLSConfig, s.AllowInsecureAuth = config, false
	})
	s.set(func() { s.login = "user:geheim" })
	w := newWorld(t, Config{Smarthost: "smtp://" + s.address, User: "user", Password: "geheim"})
	w.run(w.Mailer)
	w.enqueue(letter("1"))
	select {
	case got := <-s.mails:
		if !got.TLS || got.User != "user" {
			t.Errorf("TLS %v, user %q", got.TLS, got.User)
		}
	case <-w.paused:
		t.Error("the mail was not taken")
	}
}

// Exchange offers no other.
func TestAServerThatOffersTheMechanismLOGINAloneIsServed(t *testing.T) {
	s := newSink(t)
	s.set(func() { s.login, s.mechanism = "user:geheim", sasl.Login })
	w := newWorld(t, Config{Smarthost: s.address, User: "user", Password: "geheim"})
	w.run(w.Mailer)
	w.enqueue(letter("1"))
	select {
	case got := <-s.mails:
		if got.User != "user" {
			t.Errorf("user %q", got.User)
		}
	case <-w.paused:
		t.Error("the mail was not taken")
	}
}

func TestAWrongPasswordOfOursLosesNoMail(t *testing.T) {
	s := newSink(t)
	s.set(func() { s.login = "user:geheim" })
	w := newWorld(t, Config{Smarthost: s.address, User: "user", Password: "falsch"})
	w.run(w.Mailer)
	w.enqueue(letter("1"))
	<-w.paused
	s.set(func() { s.login = "user:falsch" })
	s.next()
}
