package harness

import (
	"bytes"
	"io"
	"net"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"

	_ "github.com/emersion/go-message/charset"
	"github.com/emersion/go-message/mail"
	"github.com/emersion/go-sasl"
	gosmtp "github.com/emersion/go-smtp"

	"linienfunk/internal/testkit"
)

// MailServer is an SMTP server on loopback that accepts every mail and keeps it in memory. It is the smarthost of a program, and shows a
// test the mails to all recipients.
type MailServer struct {
	Address string // host:port

	mu    sync.Mutex
	mails []Mail
	login string // "user:password"; empty means that no login is required
	conns map[*gosmtp.Conn]bool
}

// Mail is one accepted mail.
type Mail struct {
	From, To           string // envelope
	MessageID, Subject string
	Text               string // the first part, decoded, with "\n" as line end
	Raw                string // the whole message as received
}

// NewMailServer runs a server until the test ends.
func NewMailServer(t testing.TB) *MailServer {
	t.Helper()
	s := &MailServer{conns: map[*gosmtp.Conn]bool{}}
	server := gosmtp.NewServer(gosmtp.BackendFunc(func(c *gosmtp.Conn) (gosmtp.Session, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.conns[c] = true
		return &mailSession{server: s}, nil
	}))
	server.AllowInsecureAuth = true
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.Address = listener.Addr().String()
	var serving sync.WaitGroup
	serving.Go(func() { server.Serve(listener) })
	t.Cleanup(func() {
		listener.Close() // Serve of go-smtp 0.25.1 keeps accepting if Close was called before it
		server.Close()
		serving.Wait()
	})
	return s
}

// RequireLogin makes the server accept mail only after a login, and only from the user as sender. login is "user:password".
func (s *MailServer) RequireLogin(login string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.login = login
}

// Disconnect closes all connections.
func (s *MailServer) Disconnect() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for conn := range s.conns {
		conn.Conn().Close()
	}
}

// MailsTo returns the mails to an address whose subject or text contains a text, the oldest first.
func (s *MailServer) MailsTo(address, text string) []Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []Mail
	for _, m := range s.mails {
		if m.To == address && strings.Contains(m.Subject+"\n"+m.Text, text) {
			found = append(found, m)
		}
	}
	return found
}

// WaitForMail waits for a mail to an address that contains a text, and returns the first.
func (s *MailServer) WaitForMail(t testing.TB, address, text string) Mail {
	t.Helper()
	testkit.Eventually(t, "a mail with "+text+" reaches "+address, func() bool { return len(s.MailsTo(address, text)) > 0 })
	return s.MailsTo(address, text)[0]
}

// WaitForLink waits for a mail to an address with a link that contains part, and returns the path and query of the newest one.
func (s *MailServer) WaitForLink(t testing.TB, address, part string) string {
	t.Helper()
	var link string
	links := regexp.MustCompile(`https?://[^/\s]+(\S*` + regexp.QuoteMeta(part) + `\S*)`)
	testkit.Eventually(t, "a mail with the link "+part+" reaches "+address, func() bool {
		for _, m := range s.MailsTo(address, "") {
			if found := links.FindStringSubmatch(m.Text); found != nil {
				link = found[1]
			}
		}
		return link != ""
	})
	return link
}

// mailSession is one SMTP connection.
type mailSession struct {
	server         *MailServer
	from, to, user string
}

func (m *mailSession) AuthMechanisms() []string { return []string{sasl.Plain} }

func (m *mailSession) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		m.server.mu.Lock()
		defer m.server.mu.Unlock()
		if user+":"+password != m.server.login {
			return gosmtp.ErrAuthFailed
		}
		m.user = user
		return nil
	}), nil
}

func (m *mailSession) Mail(from string, _ *gosmtp.MailOptions) error {
	m.server.mu.Lock()
	defer m.server.mu.Unlock()
	m.from = from
	if m.server.login != "" && m.user != from {
		return &gosmtp.SMTPError{Code: 553, EnhancedCode: gosmtp.EnhancedCode{5, 7, 1}, Message: "not yours"}
	}
	return nil
}
func (m *mailSession) Rcpt(to string, _ *gosmtp.RcptOptions) error { m.to = to; return nil }
func (m *mailSession) Reset()                                      {}
func (m *mailSession) Logout() error                               { return nil }

func (m *mailSession) Data(r io.Reader) error {
	var raw bytes.Buffer
	reader, err := mail.CreateReader(io.TeeReader(r, &raw))
	if err != nil {
		return err
	}
	got := Mail{From: m.from, To: m.to}
	got.Subject, _ = reader.Header.Subject()
	got.MessageID, _ = reader.Header.MessageID()
	part, err := reader.NextPart()
	if err != nil {
		return err
	}
	text, err := io.ReadAll(part.Body)
	got.Text, got.Raw = strings.ReplaceAll(string(text), "\r\n", "\n"), raw.String()
	m.server.mu.Lock()
	defer m.server.mu.Unlock()
	m.server.mails = append(m.server.mails, got)
	return err
}

// BounceReport returns a delivery status notification (RFC 3464) about a mail to a mailbox that does not exist. The text "Subject: [Zurich]
// kontrolle" in it stands for the header of the returned mail. It is for tests in folders of test.
func BounceReport(t testing.TB) string {
	t.Helper()
	text, err := os.ReadFile("../../mail/testdata/hard.eml")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
