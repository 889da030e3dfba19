package inbound

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-sasl"
)

// maxAnswer is how many bytes the server may send for one command: a mail or a list of UIDs, and untagged answers.
const maxAnswer = maxMessage + 4<<20

// inboxFolder is the folder that is read unless another one is chosen. Every server has it (RFC 9051, section 5.1).
const inboxFolder = "INBOX"

// MailboxConn is a connection to a mailbox that is open for reading. It is used by one goroutine.
type MailboxConn struct {
	fetcher  *Fetcher
	account  Account
	client   *imapclient.Client
	conn     *limitedConn
	selected *imap.SelectData
	arrivals chan struct{} // has a token when mails have come
	stop     func() bool
}

// limitedConn breaks off when the server sends too much: users enter any host, and go-imap keeps whole answers in memory.
type limitedConn struct {
	net.Conn
	left atomic.Int64
}

var errTooMuch = errors.New("the server sends too much")

func (c *limitedConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if c.left.Add(int64(-n)) < 0 && err == nil {
		c.Conn.Close()
		err = errTooMuch
	}
	return n, err
}

// command begins a command, which lasts until done is called. When it takes too long, the connection breaks off.
func (m *MailboxConn) command() (done func() bool) {
	m.conn.left.Store(maxAnswer)
	return time.AfterFunc(m.fetcher.Timing.Step, func() { m.conn.Conn.Close() }).Stop
}

// Open connects, logs in and opens the folder with EXAMINE, which leaves everything in it as it is. The connection ends with ctx. The
// error is an *IMAPError.
func (f *Fetcher) Open(ctx context.Context, a Account) (*MailboxConn, error) {
	return f.open(ctx, a, func(m *MailboxConn) error {
		var err error
		m.selected, err = m.examine()
		return err
	})
}

// open connects and logs in, and then calls f, which opens a folder or does something else that must not take long.
func (f *Fetcher) open(ctx context.Context, a Account, then func(*MailboxConn) error) (*MailboxConn, error) {
	opening, cancel := context.WithTimeout(ctx, f.Timing.Open)
	defer cancel()
	raw, err := f.Dial(opening, "tcp", net.JoinHostPort(a.Host, strconv.Itoa(a.Port)))
	if err != nil {
		return nil, unreachable("connect to mailbox", err)
	}
	hurry := context.AfterFunc(opening, func() { raw.Close() })
	defer hurry()
	m := &MailboxConn{fetcher: f, account: a, conn: &limitedConn{Conn: raw}, arrivals: make(chan struct{}, 1)}
	m.conn.left.Store(maxAnswer)
	if err := m.greet(opening); err != nil {
		raw.Close()
		return nil, unreachable("greet mailbox", err)
	}
	if err := m.login(); err != nil {
		m.Close()
		return nil, loginError(err)
	}
	if err := then(m); err != nil {
		m.Close()
		return nil, folderError(err, a.Folder)
	}
	if !hurry() {
		m.Close()
		return nil, unreachable("open mailbox", context.DeadlineExceeded)
	}
	m.stop = context.AfterFunc(ctx, func() { raw.Close() })
	return m, nil
}

// folderError classifies the failure to open a folder. One that was chosen may have been deleted, renamed, or be none that holds mails.
func folderError(err error, folder string) error {
	var refused *imap.Error
	if !errors.As(err, &refused) {
		return unreachable("open mailbox", err)
	}
	cause := fmt.Errorf("open folder: %s [%s]", refused.Type, refused.Code)
	switch refused.Code {
	case imap.ResponseCodeUnavailable, imap.ResponseCodeServerBug, imap.ResponseCodeInUse, imap.ResponseCodeLimit:
		return &IMAPError{Unreachable, cause}
	}
	if folder == "" {
		return &IMAPError{Unreachable, cause}
	}
	return &IMAPError{NoFolder, cause}
}

// TLSFor returns the configuration for a server: config, or the defaults if it is nil.
func TLSFor(host string, config *tls.Config) *tls.Config {
	if config == nil {
		return &tls.Config{MinVersion: tls.VersionTLS12, ServerName: host}
	}
	config = config.Clone()
	config.ServerName = host
	return config
}

// greet encrypts the connection and waits for the greeting.
func (m *MailboxConn) greet(ctx context.Context) error {
	config := TLSFor(m.account.Host, m.fetcher.TLS)
	options := &imapclient.Options{TLSConfig: config, UnilateralDataHandler: &imapclient.UnilateralDataHandler{
		Mailbox: func(data *imapclient.UnilateralDataMailbox) {
			if data.NumMessages != nil {
				m.arrived()
			}
		},
	}}
	switch m.account.Security {
	case ImplicitTLS:
		config.NextProtos = []string{"imap"}
		secure := tls.Client(m.conn, config)
		if err := secure.HandshakeContext(ctx); err != nil {
			return err
		}
		m.client = imapclient.New(&knownOnly{Conn: secure}, options)
	case StartTLS:
		secure, err := startTLS(ctx, m.conn, config)
		if err != nil {
			return err
		}
		m.client = imapclient.New(secure, options)
	case NoTLS:
		if !isNear(m.conn.RemoteAddr()) {
			return errors.New("a password is not sent to the internet in the clear")
		}
		m.client = imapclient.New(&knownOnly{Conn: m.conn}, options)
	default:
		return fmt.Errorf("no such encryption: %q", m.account.Security)
	}
	return m.client.WaitGreeting()
}

// startTLS reads the greeting and encrypts the connection (RFC 9051, section 6.2.1). go-imap would do so above knownOnly. It gets a greeting of ours,
// and asks for the capabilities, of which those from before the encryption do not count. A server that takes the client for logged in is refused
// (section 7.1.4).
func startTLS(ctx context.Context, conn net.Conn, config *tls.Config) (net.Conn, error) {
	greeting, err := readLine(conn)
	if err != nil {
		return nil, err
	}
	if !strings.HasPrefix(strings.ToUpper(greeting), "* OK") {
		return nil, errors.New("the server does not greet with OK")
	}
	if _, err := io.WriteString(conn, "s STARTTLS\r\n"); err != nil {
		return nil, err
	}
	reply := ""
	for !strings.HasPrefix(reply, "s ") {
		if reply, err = readLine(conn); err != nil {
			return nil, err
		}
	}
	if !strings.HasPrefix(strings.ToUpper(reply), "S OK") {
		return nil, errors.New("the server does not offer STARTTLS")
	}
	secure := tls.Client(conn, config)
	if err := secure.HandshakeContext(ctx); err != nil {
		return nil, err
	}
	return &knownOnly{Conn: secure, responses: responses{ready: []byte("* OK encrypted\r\n")}}, nil
}

// readLine reads a line, and nothing of what follows.
func readLine(conn net.Conn) (string, error) {
	var line []byte
	for one := make([]byte, 1); len(line) < maxLine; {
		if _, err := io.ReadFull(conn, one); err != nil {
			return "", err
		}
		if line = append(line, one[0]); one[0] == '\n' {
			return string(line), nil
		}
	}
	return "", errTooMuch
}

// isNear reports whether an address is of this machine or of a private network. Dial reaches those only if the operator allows it.
func isNear(address net.Addr) bool {
	remote, err := netip.ParseAddrPort(address.String())
	ip := remote.Addr().Unmap()
	return err == nil && (ip.IsLoopback() || ip.IsPrivate())
}

// arrived reports whether mails may have arrived.
func (m *MailboxConn) arrived() {
	select {
	case m.arrivals <- struct{}{}:
	default:
	}
}

func (m *MailboxConn) login() error {
	caps := m.client.Caps()
	switch {
	case caps.Has(imap.AuthCap("PLAIN")):
		return m.client.Authenticate(sasl.NewPlainClient("", m.account.Login, m.account.Password))
	case caps.Has(imap.CapLoginDisabled):
		return errors.New("the server offers no login with a password")
	}
	return m.client.Login(m.account.Login, m.account.Password).Wait()
}

// loginError classifies a refused login by its response code (RFC 5530, section 3). Without a code the refusal may be temporary, but the
// server does not want a login every few seconds either.
func loginError(err error) error {
	var refused *imap.Error
	if !errors.As(err, &refused) {
		return unreachable("log into mailbox", err)
	}
	cause := fmt.Errorf("log into mailbox: %s [%s]", refused.Type, refused.Code)
	switch refused.Code {
	case imap.ResponseCodeAuthenticationFailed, imap.ResponseCodeAuthorizationFailed, imap.ResponseCodeExpired:
		return &IMAPError{LoginRefused, cause}
	case imap.ResponseCodeUnavailable, imap.ResponseCodeServerBug, imap.ResponseCodeInUse, imap.ResponseCodeLimit:
		return &IMAPError{Unreachable, cause}
	}
	return &IMAPError{LoginUnclear, cause}
}

// examine opens the folder. Servers must return UIDNEXT (RFC 9051, section 6.3.2); if one does not, it is one above the UID of the last mail.
func (m *MailboxConn) examine() (*imap.SelectData, error) {
	data, err := m.client.Select(cmp.Or(m.account.Folder, inboxFolder), &imap.SelectOptions{ReadOnly: true}).Wait()
	if err != nil || data.UIDNext > 0 || data.NumMessages == 0 {
		return data, err
	}
	last, err := m.client.Fetch(imap.SeqSetNum(data.NumMessages), &imap.FetchOptions{UID: true}).Collect()
	if err != nil || len(last) == 0 {
		return nil, errors.Join(err, errors.New("the last mail has no UID"))
	}
	data.UIDNext = last[len(last)-1].UID + 1
	return data, nil
}

// Close ends the connection. All commands must be over.
func (m *MailboxConn) Close() {
	if m.stop != nil {
		m.stop()
	}
	m.conn.Conn.Close()
	m.client.Close() // its error says that the connection is closed
}

// wait returns when mails may have come. ctx ends the connection, and so the waiting. While mails are coming the wait is short:
// some servers do not report in IDLE a mail that came right before it (github.com/cyrusimap/cyrus-imapd, issue 3668).
func (m *MailboxConn) wait(ctx context.Context, coming bool) error {
	if !m.client.Caps().Has(imap.CapIdle) {
		return m.pause(ctx)
	}
	done := m.command()
	idle, err := m.client.Idle()
	done()
	var refused *imap.Error
	if errors.As(err, &refused) {
		return m.pause(ctx)
	}
	if err != nil {
		return err
	}
	length := m.fetcher.Timing.Idle
	if coming {
		length = min(length, m.fetcher.Timing.Poll)
	}
	timer := time.NewTimer(length)
	defer timer.Stop()
	select {
	case <-m.arrivals:
	case <-timer.C:
	case <-ctx.Done():
	case <-m.client.Closed():
		err = io.ErrUnexpectedEOF
	}
	defer m.command()()
	return errors.Join(err, idle.Close(), idle.Wait(), ctx.Err())
}

// pause waits for a server without IDLE, then asks it for news.
func (m *MailboxConn) pause(ctx context.Context) error {
	timer := time.NewTimer(m.fetcher.Timing.Poll)
	defer timer.Stop()
	select {
	case <-timer.C:
		defer m.command()()
		return m.client.Noop().Wait()
	case <-ctx.Done():
		return ctx.Err()
	case <-m.client.Closed():
		return io.ErrUnexpectedEOF
	}
}
