package mail

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// certificate creates a self-signed certificate for 127.0.0.1 and the hosts. It also returns the path of its file.
func certificate(t testing.TB, hosts ...string) (*tls.Config, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "sink"}, IsCA: true, BasicConstraintsValid: true, DNSNames: hosts,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	must(t, err)
	config := &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	return config, writePEM(t, "CERTIFICATE", der)
}

// trust returns a client's configuration that trusts the certificate.
func trust(t testing.TB, config *tls.Config) *tls.Config {
	t.Helper()
	leaf, err := x509.ParseCertificate(config.Certificates[0].Certificate[0])
	must(t, err)
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return &tls.Config{RootCAs: pool}
}

func writePEM(t testing.TB, kind string, der []byte) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "file.pem")
	must(t, os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600))
	return path
}

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
