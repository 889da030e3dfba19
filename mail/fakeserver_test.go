package mail

import (
	"cmp"
	"io"
	"log"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"linienfunk/internal/testkit"
)

// sink is an SMTP server on loopback that records what it gets.
type sink struct {
	t       testing.TB
	mails   chan received
	address string
	server  *smtp.Server

	mu          sync.Mutex
	refuse      func(stage, address string) error // called with mu locked; nil accepts everything
	connections int
	login       string // accepted user and password
	closeAfter  bool   // close the connection after each mail
	hello       string // name in the last EHLO
	mechanism   string // of AUTH; PLAIN if empty
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
	s.serve(listener)
	return s
}

// serve serves until the test ends. It closes the listener itself: in go-smtp 0.25.1, Serve does not return after an earlier Close.
func (s *sink) serve(listener net.Listener) {
	var serving sync.WaitGroup
	serving.Go(func() { s.server.Serve(listener) })
	s.t.Cleanup(func() {
		listener.Close()
		s.server.Close()
		serving.Wait()
	})
}

// hangAt makes the sink hang at a stage until release is called. It sends to reached at each call.
func (s *sink) hangAt(stage string) (reached <-chan struct{}, release func()) {
	hanging, end := make(chan struct{}, 1000), make(chan struct{})
	s.refuse = func(at, _ string) error {
		if at == stage {
			s.mu.Unlock()
			defer s.mu.Lock()
			hanging <- struct{}{}
			<-end
		}
		return nil
	}
	return hanging, func() { close(end) }
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
	var want string
	s.sink.set(func() { want = s.sink.login })
	if user+":"+password != want {
		return smtp.ErrAuthFailed
	}
	s.user = user
	return nil
}

// loginServer is the server side of the mechanism LOGIN (draft-murchison-sasl-login-00): go-sasl has only the client side.
type loginServer struct {
	session *sinkSession
	replies []string
}

func (l *loginServer) Next(response []byte) (challenge []byte, done bool, err error) {
	if response != nil {
		l.replies = append(l.replies, string(response))
	}
	switch len(l.replies) {
	case 0:
		return []byte("Username:"), false, nil
	case 1:
		return []byte("Password:"), false, nil
	}
	return nil, true, l.session.login(l.replies[0], l.replies[1])
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
		s.conn.Conn().SetReadDeadline(time.Unix(1, 0)) // the reply is still sent
	}
	return nil
}

func (s *sink) next() received {
	s.t.Helper()
	return testkit.Next(s.t, s.mails)
}

// none fails if the sink has received another message.
func (s *sink) none() {
	s.t.Helper()
	select {
	case mail := <-s.mails:
		s.t.Fatalf("unexpected message for %s", mail.To)
	default:
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
