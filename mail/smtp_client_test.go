package mail

import (
	"fmt"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

func TestManyMessagesShareFewConnections(t *testing.T) {
	t.Parallel()
	s, w := newSinkAndWorld(t)
	w.timeouts.idle = time.Hour // otherwise slow machines open more connections
	var mails []Message
	for i := range 450 {
		mail := newMessage(fmt.Sprint(i))
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
		t.Errorf("%d recipients instead of %d", len(seen), len(mails))
	}
	s.set(func() {
		if s.connections > 12 {
			t.Errorf("%d connections for %d messages", s.connections, len(mails))
		}
	})
}

func TestAConnectionClosedByTheServerIsReplacedWithoutBackoff(t *testing.T) {
	t.Parallel()
	s := newSink(t)
	s.set(func() { s.closeAfter = true })
	w := newWorld(t, Config{Smarthost: s.address})
	w.run(w.Mailer)
	for i := range 12 {
		w.enqueue(newMessage(fmt.Sprint(i)))
		s.next()
	}
	if len(w.retried) > 0 {
		t.Error("a message was retried")
	}
}

func TestConnectionsAreEncryptedAsConfigured(t *testing.T) {
	t.Parallel()
	config, ca := certificate(t)
	withTLS := func(s *smtp.Server) { s.TLSConfig = config }
	for name, c := range map[string]struct {
		scheme, ca string
		server     []func(*smtp.Server)
		delivered  bool
		encrypted  bool
	}{
		"loopback without STARTTLS is plaintext":               {"", "", nil, true, false},
		"loopback with STARTTLS is encrypted but not verified": {"smtp://", "", []func(*smtp.Server){withTLS}, true, true},
		"smtp+starttls requires STARTTLS":                      {"smtp+starttls://", ca, nil, false, false},
		"smtp+starttls requires a certificate that verifies":   {"smtp+starttls://", "", []func(*smtp.Server){withTLS}, false, false},
		"smtp+starttls trusts the configured authority":        {"smtp+starttls://", ca, []func(*smtp.Server){withTLS}, true, true},
		"smtp+insecure does not encrypt even if it could":      {"smtp+insecure://", "", []func(*smtp.Server){withTLS}, true, false},
		"the password is sent after STARTTLS":                  {"smtp+starttls://", ca, []func(*smtp.Server){withTLS}, true, true},
		"smtps requires TLS from the first byte":               {"smtps://", ca, []func(*smtp.Server){func(s *smtp.Server) { s.ReadTimeout = time.Second }}, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSink(t, c.server...)
			s.set(func() { s.login = "user:geheim" })
			w := newWorld(t, Config{Smarthost: c.scheme + s.address, CAFile: c.ca, User: "user", Password: "geheim"})
			w.run(w.Mailer)
			w.enqueue(newMessage("1"))
			if got, ok := w.outcome(s, c.delivered); ok && (got.TLS != c.encrypted || got.User != "user") {
				t.Errorf("TLS %v, user %q", got.TLS, got.User)
			}
		})
	}
}

// Postfix with smtpd_tls_auth_only does not offer AUTH before STARTTLS, and refuses it.
func TestThePasswordIsSentOnlyAfterSTARTTLS(t *testing.T) {
	t.Parallel()
	config, _ := certificate(t)
	s := newSink(t, func(s *smtp.Server) {
		s.TLSConfig, s.AllowInsecureAuth = config, false
	})
	s.set(func() { s.login = "user:geheim" })
	w := newWorld(t, Config{Smarthost: "smtp://" + s.address, User: "user", Password: "geheim"})
	w.run(w.Mailer)
	w.enqueue(newMessage("1"))
	select {
	case got := <-s.mails:
		if !got.TLS || got.User != "user" {
			t.Errorf("TLS %v, user %q", got.TLS, got.User)
		}
	case <-w.retried:
		t.Error("the message was retried")
	}
}

// As with Exchange.
func TestTheMechanismLOGINIsUsedIfThereIsNoOther(t *testing.T) {
	t.Parallel()
	s := newSink(t)
	s.set(func() { s.login, s.mechanism = "user:geheim", sasl.Login })
	w := newWorld(t, Config{Smarthost: s.address, User: "user", Password: "geheim"})
	w.run(w.Mailer)
	w.enqueue(newMessage("1"))
	select {
	case got := <-s.mails:
		if got.User != "user" {
			t.Errorf("user %q", got.User)
		}
	case <-w.retried:
		t.Error("the message was retried")
	}
}

func TestAWrongPasswordLosesNoMessage(t *testing.T) {
	t.Parallel()
	s := newSink(t)
	s.set(func() { s.login = "user:geheim" })
	w := newWorld(t, Config{Smarthost: s.address, User: "user", Password: "falsch"})
	w.run(w.Mailer)
	w.enqueue(newMessage("1"))
	<-w.retried
	s.set(func() { s.login = "user:falsch" })
	s.next()
}
