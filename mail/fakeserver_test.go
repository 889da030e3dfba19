package mail

import (
	"cmp"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// sink is a smarthost on loopback.
type sink struct {
	t       testing.TB
	mails   chan received
	address string
	server  *smtp.Server

	mu          sync.Mutex
	refuse      func(stage, address string) error // nil accepts
	connections int
	login       string // user and password wanted
	closeAfter  bool   // close the connection after each mail
	hello       string // the last name in EHLO
	mechanism   string // of the login; PLAIN if empty
}

type received struct {
	From, To string
	Message  []byte
	TLS      bool
	User     string
}

func newSink(t testing.TB, with ...func(*smtp.Server)) *sink {
	t.Helper()
	return newSinkAt(t, "127.0.0.1:0", with...)
}

func newSinkAt(t testing.TB, address string, with ...func(*smtp.Server)) *sink {
	t.Helper()
	s := &sink{t: t, mails: make(chan received, 1000)}
	s.server = smtp.NewServer(s)
	s.server.Domain = "sink.example"
	s.server.ErrorLog = log.New(t.Output(), "sink ", 0)
	s.server.AllowInsecureAuth = true
	for _, f := range with {
		f(s.server)
	}
	listener, err := net.Listen("tcp", address)
	must(t, err)
	s.address = listener.Addr().String()
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.server.Serve(listener)
	}()
	t.Cleanup(func() {
		s.server.Close()
		<-done
	})
	return s
}

func (s *sink) set(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}

func (s *sink) answer(stage, address string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refuse == nil {
		return nil
	}
	return s.refuse(stage, address)
}

func (s *sink) NewSession(c *smtp.Conn) (smtp.Session, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.connections++
	s.hello = c.Hostname()
	_, secure := c.TLSConnectionState()
	return &sinkSession{sink: s, conn: c, mail: received{TLS: secure}}, nil
}

type sinkSession struct {
	sink *sink
	conn *smtp.Conn
	mail received
	user string
}

func (s *sinkSession) Reset()        {}
func (s *sinkSession) Logout() error { return nil }

func (s *sinkSession) AuthMechanisms() []string {
	s.sink.mu.Lock()
	defer s.sink.mu.Unlock()
	return []string{cmp.Or(s.sink.mechanism, sasl.Plain)}
}

func (s *sinkSession) Auth(mechanism string) (sasl.Server, error) {
	if mechanism != s.AuthMechanisms()[0] {
		return nil, smtp.ErrAuthUnknownMechanism
	}
	if mechanism == sasl.Login {
		return &loginServer{session: s}, nil
	}
	return sasl.NewPlainServer(func(_, user, password string) error { return s.login(user, password) }), nil
}

func (s *sinkSession) login(user, password string) error {
	s.sink.mu.Lock()
	defer s.sink.mu.Unlock()
	if user+":"+password != s.sink.login {
		return smtp.ErrAuthFailed
	}
	s.user = user
	return nil
}

// loginServer is the mechanism LOGIN, which go-sasl has for clients only: draft-murchison-sasl-login-00.
type loginServer struct {
	session *sinkSession
	heard   []string
}

func (l *loginServer) Next(response []byte) (challenge []byte, done bool, err error) {
	if response != nil {
		l.heard = append(l.heard, string(response))
	}
	switch len(l.heard) {
	case 0:
		return []byte("Username:"), false, nil
	case 1:
		return []byte("Password:"), false, nil
	}
	return nil, true, l.session.login(l.heard[0], l.heard[1])
}

func (s *sinkSession) Mail(from string, _ *smtp.MailOptions) error {
	s.mail.From = from
	return s.sink.answer("MAIL", from)
}

func (s *sinkSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.mail.To = to
	return s.sink.answer("RCPT", to)
}

func (s *sinkSession) Data(r io.Reader) error {
	message, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if err := s.sink.answer("DATA", s.mail.To); err != nil {
		return err
	}
	mail := s.mail
	mail.Message, mail.User = message, s.user
	s.sink.mails <- mail
	s.sink.mu.Lock()
	defer s.sink.mu.Unlock()
	if s.sink.closeAfter {
		s.conn.Conn().SetReadDeadline(time.Unix(1, 0)) // the answer still goes out
	}
	return nil
}

func (s *sink) next() received {
	s.t.Helper()
	select {
	case mail := <-s.mails:
		return mail
	case <-time.After(20 * time.Second):
		s.t.Fatal("no mail came")
		return received{}
	}
}

func (s *sink) greeted() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.hello
}

func (s *sink) none() {
	s.t.Helper()
	select {
	case mail := <-s.mails:
		s.t.Fatalf("a mail too many came, for %s", mail.To)
	default:
	}
}

func answerOf(code, class int) error {
	return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{class, 0, 0}, Message: "words of the server"}
}

// certificate makes one for 127.0.0.1, and the file of its authority: itself.
func certificate(t testing.TB) (*tls.Config, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "sink"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	must(t, err)
	path := filepath.Join(t.TempDir(), "ca.pem")
	must(t, os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, path
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// gone is an answer for a mailbox that does not exist.
var gone = &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such user"}
