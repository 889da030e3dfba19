// Package inboundtest has the peers of inbound mail in tests: an IMAP server on loopback (IMAP4rev1, RFC 3501; that of go-imap), which checks
// that its mailboxes are not changed, and fails on demand; and a client that sends SMTP and LMTP commands.
package inboundtest

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
)

// Password is the password of all mailboxes.
const Password = "sesame"

// Fault is a failure of the server. The values are those of bottest.Fault.
type Fault string

// The faults. Others are ignored.
const (
	TooMany  Fault = "429"      // logins are refused with LIMIT
	Internal Fault = "500"      // logins are refused with UNAVAILABLE
	Refuse   Fault = "refuse"   // logins are refused without a code
	Revoke   Fault = "revoke"   // logins are refused with AUTHENTICATIONFAILED
	HTML     Fault = "html"     // a web server answers
	Truncate Fault = "truncate" // the greeting is incomplete
	Hang     Fault = "hang"     // there is no greeting
	Swallow  Fault = "swallow"  // the same
	Surprise Fault = "surprise" // untagged answers of a kind that nobody knows, to all commands
)

// Server is a mail server with one mailbox for each address that was added.
type Server struct {
	t        testing.TB
	listener net.Listener
	server   *imapserver.Server

	mu         sync.Mutex
	boxes      map[string]*box
	conns      map[*conn]struct{}
	fault      Fault
	noIdle     bool
	noNext     bool
	withheld   string
	logins     int
	idling     int
	violations []string
}

// box is a mailbox. A mailbox of go-imap never changes its UIDVALIDITY; it is replaced with a new one.
type box struct {
	user     *imapmemserver.User
	validity uint32
	mails    []mail
	folders  []*imap.ListData // besides the inbox
}

type mail struct {
	raw string
	at  time.Time
}

// New starts a server without encryption, which runs until the test ends.
func New(t testing.TB) *Server { return start(t, nil, false) }

// NewTLS starts a server with a certificate, for TLS from the beginning (RFC 8314) or for STARTTLS.
func NewTLS(t testing.TB, config *tls.Config, implicitTLS bool) *Server {
	return start(t, config, implicitTLS)
}

func start(t testing.TB, config *tls.Config, implicitTLS bool) *Server {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{t: t, boxes: map[string]*box{}, conns: map[*conn]struct{}{}}
	s.listener = &faultyListener{listener, s}
	if implicitTLS {
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
		for _, violation := range s.Violations() {
			t.Errorf("in the mailbox: %s", violation)
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

// Add creates an empty mailbox, unless it exists.
func (s *Server) Add(address string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.boxes[address] == nil {
		s.boxes[address] = &box{user: newUser(address), validity: 1}
	}
}

func newUser(address string) *imapmemserver.User {
	user := imapmemserver.NewUser(address, Password)
	user.Create("INBOX", nil) // fails only if it exists
	return user
}

// AddFolder adds a folder to a mailbox, with attributes with which it is listed. The delimiter is "/". One with \\Noselect or \\NonExistent holds no mails.
func (s *Server) AddFolder(address, name string, attrs ...imap.MailboxAttr) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.boxes[address]
	b.folders = append(b.folders, &imap.ListData{Attrs: attrs, Delim: '/', Mailbox: name})
	if !slices.Contains(attrs, imap.MailboxAttrNoSelect) && !slices.Contains(attrs, imap.MailboxAttrNonExistent) {
		b.user.Create(name, nil) // fails only if it exists
	}
}

// RemoveFolder deletes a folder.
func (s *Server) RemoveFolder(address, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.boxes[address]
	b.folders = slices.DeleteFunc(b.folders, func(f *imap.ListData) bool { return f.Mailbox == name })
	if err := b.user.Delete(name); err != nil {
		s.t.Error(err)
	}
}

// DeliverTo adds a mail to a folder.
func (s *Server) DeliverTo(address, folder, raw string, at time.Time) {
	s.mu.Lock()
	user := s.boxes[address].user
	s.mu.Unlock()
	s.put(user, folder, mail{raw, at})
}

// Deliver adds a mail to the inbox of a mailbox, with the given time as its internal date.
func (s *Server) Deliver(address, raw string, at time.Time) {
	s.mu.Lock()
	b := s.boxes[address]
	b.mails = append(b.mails, mail{raw, at})
	s.mu.Unlock()
	s.put(b.user, "INBOX", mail{raw, at})
}

func (s *Server) put(user *imapmemserver.User, folder string, m mail) {
	s.t.Helper()
	raw := bytes.ReplaceAll([]byte(m.raw), []byte("\n"), []byte("\r\n"))
	if _, err := user.Append(folder, literal{bytes.NewReader(raw), int64(len(raw))}, &imap.AppendOptions{Time: m.at}); err != nil {
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
		s.put(next.user, "INBOX", b.mails[i])
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

// Drop closes all connections.
func (s *Server) Drop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for conn := range s.conns {
		conn.Close()
	}
}

// Silence discards everything that is sent on the open connections and leaves them open, like a router that has lost its state.
func (s *Server) Silence() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for conn := range s.conns {
		conn.silent.Store(true)
	}
}

// Fail makes the server fail for new connections, and closes all connections.
func (s *Server) Fail(f Fault) {
	s.mu.Lock()
	s.fault = f
	s.mu.Unlock()
	s.Drop()
}

// Heal ends Fail.
func (s *Server) Heal() { s.Fail("") }

// HideIdle removes IDLE from the server's capabilities.
func (s *Server) HideIdle() { s.mu.Lock(); defer s.mu.Unlock(); s.noIdle = true }

// HideNext makes the server omit UIDNEXT.
func (s *Server) HideNext() { s.mu.Lock(); defer s.mu.Unlock(); s.noNext = true }

// Withhold makes the server fail to fetch mails that contain the text, as if it could not read its disk.
func (s *Server) Withhold(text string) { s.mu.Lock(); defer s.mu.Unlock(); s.withheld = text }

// Logins counts the logins that succeeded.
func (s *Server) Logins() int { s.mu.Lock(); defer s.mu.Unlock(); return s.logins }

// Idling counts the connections in IDLE.
func (s *Server) Idling() int { s.mu.Lock(); defer s.mu.Unlock(); return s.idling }

// Violations lists the commands that would have changed a mailbox.
func (s *Server) Violations() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.violations...)
}

func (s *Server) violation(format string, args ...any) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.violations = append(s.violations, fmt.Sprintf(format, args...))
	return errors.New("not here")
}
