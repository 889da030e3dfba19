// Package inboundtest has what tests of inbound mail talk to: an IMAP server (IMAP4rev1, RFC 3501; go-imap's own) on loopback that checks that nothing
// in its mailboxes is changed, and fails on demand; and a client that speaks SMTP and LMTP word by word.
package inboundtest

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
)

// Password opens every mailbox.
const Password = "sesame"

// Fault is a way in which the server fails. The values are those of bottest.Fault.
type Fault string

// The faults. Others are ignored.
const (
	TooMany  Fault = "429"      // logins are refused with LIMIT
	Internal Fault = "500"      // logins are refused with UNAVAILABLE
	Refuse   Fault = "refuse"   // logins are refused without a code
	Revoke   Fault = "revoke"   // logins are refused with AUTHENTICATIONFAILED
	HTML     Fault = "html"     // it is a web server
	Truncate Fault = "truncate" // the greeting breaks off
	Hang     Fault = "hang"     // no greeting comes
	Swallow  Fault = "swallow"  // the same
)

// Server is a mail server with one mailbox for each address that was added.
type Server struct {
	t        testing.TB
	listener net.Listener
	server   *imapserver.Server

	mu       sync.Mutex
	boxes    map[string]*box
	conns    map[*conn]struct{}
	fault    Fault
	noIdle   bool
	noNext   bool
	withheld string
	logins   int
	idling   int
	breaches []string
}

// box is a mailbox. go-imap's never changes its UIDVALIDITY, so that a new one takes its place.
type box struct {
	user     *imapmemserver.User
	validity uint32
	mails    []mail
}

type mail struct {
	raw string
	at  time.Time
}

// New starts a server without encryption, which runs until the test ends.
func New(t testing.TB) *Server { return start(t, nil, false) }

// NewTLS starts a server with a certificate, for TLS from the beginning (RFC 8314) or for STARTTLS.
func NewTLS(t testing.TB, config *tls.Config, fromTheBeginning bool) *Server {
	return start(t, config, fromTheBeginning)
}

func start(t testing.TB, config *tls.Config, fromTheBeginning bool) *Server {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{t: t, boxes: map[string]*box{}, conns: map[*conn]struct{}{}}
	s.listener = &faultyListener{listener, s}
	if fromTheBeginning {
		s.listener = tls.NewListener(s.listener, config)
	}
	s.server = imapserver.New(&imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return &session{server: s}, nil, nil
		},
		InsecureAuth: config == nil, TLSConfig: config, Logger: log.New(io.Discard, "", 0), // tests break connections on purpose
	})
	served := make(chan struct{})
	go func() { defer close(served); s.server.Serve(s.listener) }()
	t.Cleanup(func() {
		s.server.Close()
		s.Drop()
		<-served
		for _, breach := range s.Breaches() {
			t.Errorf("in the mailbox: %s", breach)
		}
	})
	return s
}

// Host is the address of the server.
func (s *Server) Host() string { return "127.0.0.1" }

// Port is the port of the server, in decimal.
func (s *Server) Port() string {
	return strconv.Itoa(s.listener.Addr().(*net.TCPAddr).Port)
}

// Add makes an empty mailbox, unless there is one.
func (s *Server) Add(address string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.boxes[address] == nil {
		s.boxes[address] = &box{user: newUser(address), validity: 1}
	}
}

func newUser(address string) *imapmemserver.User {
	user := imapmemserver.NewUser(address, Password)
	user.Create("INBOX", nil) // which fails only if it is there
	return user
}

// Deliver puts a mail into a mailbox, which the server gets at the given time.
func (s *Server) Deliver(address, raw string, at time.Time) {
	s.mu.Lock()
	b := s.boxes[address]
	b.mails = append(b.mails, mail{raw, at})
	s.mu.Unlock()
	s.put(b.user, mail{raw, at})
}

func (s *Server) put(user *imapmemserver.User, m mail) {
	s.t.Helper()
	raw := bytes.ReplaceAll([]byte(m.raw), []byte("\n"), []byte("\r\n"))
	if _, err := user.Append("INBOX", literal{bytes.NewReader(raw), int64(len(raw))}, &imap.AppendOptions{Time: m.at}); err != nil {
		s.t.Error(err)
	}
}

type literal struct {
	io.Reader
	size int64
}

func (l literal) Size() int64 { return l.size }

// Renumber gives all mails new UIDs, in the opposite order, under a new UIDVALIDITY, and drops all connections, as when a mailbox
// is restored from a backup.
func (s *Server) Renumber(address string) {
	s.mu.Lock()
	b := s.boxes[address]
	next := &box{user: newUser(address), validity: b.validity + 1, mails: b.mails}
	for i := len(b.mails) - 1; i >= 0; i-- {
		s.put(next.user, b.mails[i])
	}
	s.boxes[address] = next
	s.mu.Unlock()
	s.Drop()
}

// Unseen counts the mails in a mailbox that are not marked as seen.
func (s *Server) Unseen(address string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	data, err := s.boxes[address].user.Status("INBOX", &imap.StatusOptions{NumUnseen: true})
	if err != nil {
		s.t.Fatal(err)
	}
	return int(*data.NumUnseen)
}

// Drop breaks all connections.
func (s *Server) Drop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for conn := range s.conns {
		conn.Close()
	}
}

// Silence discards everything that is sent on the open connections and leaves them open, as a router does that forgets them.
func (s *Server) Silence() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for conn := range s.conns {
		conn.silent.Store(true)
	}
}

// Fail makes the server fail for clients that connect from now on, and breaks all connections.
func (s *Server) Fail(f Fault) {
	s.mu.Lock()
	s.fault = f
	s.mu.Unlock()
	s.Drop()
}

// Heal ends Fail.
func (s *Server) Heal() { s.Fail("") }

// HideIdle makes the server hide that it knows IDLE.
func (s *Server) HideIdle() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.noIdle = true
}

// HideNext makes the server leave out UIDNEXT.
func (s *Server) HideNext() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.noNext = true
}

// Withhold makes the server refuse to hand out mails with a text in them, as if it could not read its disk.
func (s *Server) Withhold(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.withheld = text
}

// Logins counts the logins that succeeded.
func (s *Server) Logins() int { s.mu.Lock(); defer s.mu.Unlock(); return s.logins }

// Idling counts the connections in IDLE.
func (s *Server) Idling() int { s.mu.Lock(); defer s.mu.Unlock(); return s.idling }

// Breaches lists what should not have been done to a mailbox.
func (s *Server) Breaches() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.breaches...)
}

func (s *Server) breach(format string, args ...any) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.breaches = append(s.breaches, fmt.Sprintf(format, args...))
	return errors.New("not here")
}
