package email

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-sasl"

	"linienfunk/bots"
)

// pace is how long the mailbox's server may take. go-imap itself limits only how long a server may take for the rest of an answer
// that it has begun.
type pace struct {
	step time.Duration // for the answer to one command: a mail of maxMessage, at most
	open time.Duration // connecting, encrypting, logging in and opening the mailbox
	idle time.Duration // in IDLE, until the connection is tried (RFC 2177 wants less than 29 minutes; routers forget sooner)
	poll time.Duration // between two looks at a server that has no IDLE
	lost time.Duration // before a login is tried again that was refused without a reason
}

var usualPace = pace{step: 3 * time.Minute, open: 45 * time.Second, idle: 9 * time.Minute, poll: 30 * time.Second, lost: 10 * time.Minute}

// maxAnswer is what the server may send for one step in bytes: a mail, or a list of UIDs, and what comes along unasked.
const maxAnswer = maxMessage + 4<<20

// inbox is the one folder that is read. Every server has it (RFC 9051, section 5.1).
const inbox = "INBOX"

// opened is a mailbox that is open for reading.
type opened struct {
	*imapclient.Client
	pace     pace
	conn     *metered
	selected *imap.SelectData
	news     chan struct{} // has a token when mails have come
	stop     func() bool
}

// metered is a connection that breaks off when the server says too much: it is a host that somebody has typed, and
// go-imap keeps whole answers in memory.
type metered struct {
	net.Conn
	left atomic.Int64
}

var errTooMuch = errors.New("the server says too much")

func (m *metered) Read(b []byte) (int, error) {
	n, err := m.Conn.Read(b)
	if m.left.Add(int64(-n)) < 0 && err == nil {
		m.Conn.Close()
		err = errTooMuch
	}
	return n, err
}

// step begins one, with room for its answer, until done is called. When it takes too long, the connection breaks off.
func (o *opened) step() (done func() bool) {
	o.conn.left.Store(maxAnswer)
	return time.AfterFunc(o.pace.step, func() { o.conn.Conn.Close() }).Stop
}

// openMailbox connects, logs in and opens the mailbox, for reading alone: EXAMINE leaves everything in it as it is. The
// connection ends with ctx. Its errors say what to do next.
func (b *Bot) openMailbox(ctx context.Context, m Mailbox, password string) (_ *opened, err error) {
	opening, cancel := context.WithTimeout(ctx, b.pace.open)
	defer cancel()
	raw, err := b.mail.Dial(opening, "tcp", m.server())
	if err != nil {
		return nil, bots.Retry("mailbox-unreachable", fmt.Errorf("connect to mailbox: %w", err))
	}
	hurry := context.AfterFunc(opening, func() { raw.Close() })
	defer hurry()
	o := &opened{pace: b.pace, conn: &metered{Conn: raw}, news: make(chan struct{}, 1)}
	o.conn.left.Store(maxAnswer)
	if err := o.begin(opening, m.Security, b.tlsFor(m.Host)); err != nil {
		raw.Close()
		return nil, bots.Retry("mailbox-unreachable", fmt.Errorf("greet mailbox: %w", err))
	}
	if err := o.login(m.Login, password); err != nil {
		o.close()
		return nil, b.loginError(err)
	}
	if o.selected, err = o.examine(); err != nil {
		o.close()
		return nil, bots.Retry("mailbox-unreachable", fmt.Errorf("open mailbox: %w", err))
	}
	if !hurry() {
		o.close()
		return nil, bots.Retry("mailbox-unreachable", fmt.Errorf("open mailbox: %w", context.DeadlineExceeded))
	}
	o.stop = context.AfterFunc(ctx, func() { raw.Close() })
	return o, nil
}

func (b *Bot) tlsFor(host string) *tls.Config {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if b.tls != nil {
		config = b.tls.Clone()
	}
	config.ServerName = host
	return config
}

// begin encrypts the connection and waits for the greeting.
func (o *opened) begin(ctx context.Context, security string, config *tls.Config) (err error) {
	options := &imapclient.Options{TLSConfig: config, UnilateralDataHandler: &imapclient.UnilateralDataHandler{
		Mailbox: func(data *imapclient.UnilateralDataMailbox) {
			if data.NumMessages != nil {
				o.tell()
			}
		},
	}}
	switch security {
	case secureTLS:
		config.NextProtos = []string{"imap"}
		secure := tls.Client(o.conn, config)
		if err := secure.HandshakeContext(ctx); err != nil {
			return err
		}
		o.Client = imapclient.New(secure, options)
	case secureSTARTTLS:
		if o.Client, err = imapclient.NewStartTLS(o.conn, options); err != nil {
			return err
		}
	case secureNone:
		if !near(o.conn.RemoteAddr()) {
			return errors.New("a password is not sent to the internet in the clear")
		}
		o.Client = imapclient.New(o.conn, options)
	default:
		return fmt.Errorf("no such encryption: %q", security)
	}
	return o.WaitGreeting()
}

// near says whether an address is this machine's or in a private network. mail.Service.Dial reaches those only if the operator allows it.
func near(address net.Addr) bool {
	remote, err := netip.ParseAddrPort(address.String())
	ip := remote.Addr().Unmap()
	return err == nil && (ip.IsLoopback() || ip.IsPrivate())
}

func (o *opened) tell() {
	select {
	case o.news <- struct{}{}:
	default:
	}
}

func (o *opened) login(user, password string) error {
	caps := o.Caps()
	switch {
	case caps.Has(imap.AuthCap("PLAIN")):
		return o.Authenticate(sasl.NewPlainClient("", user, password))
	case caps.Has(imap.CapLoginDisabled):
		return errors.New("the server offers no login with a password")
	}
	return o.Login(user, password).Wait()
}

// loginError says what a refused login means: RFC 5530, section 3. A server that does not give a reason may have none to
// turn the city away for good, but does not want to be asked every few seconds either.
func (b *Bot) loginError(err error) error {
	var refused *imap.Error
	if !errors.As(err, &refused) {
		return bots.Retry("mailbox-unreachable", fmt.Errorf("log into mailbox: %w", err))
	}
	// The server's words may repeat the login: they are not logged.
	cause := fmt.Errorf("log into mailbox: %s [%s]", refused.Type, refused.Code)
	switch refused.Code {
	case imap.ResponseCodeAuthenticationFailed, imap.ResponseCodeAuthorizationFailed, imap.ResponseCodeExpired:
		return bots.RevokedRecv("mailbox-login", cause)
	case imap.ResponseCodeUnavailable, imap.ResponseCodeServerBug, imap.ResponseCodeInUse, imap.ResponseCodeLimit:
		return bots.Retry("mailbox-unreachable", cause)
	}
	return bots.RetryAfter(b.pace.lost, "mailbox-login-unclear", cause)
}

// examine opens the mailbox. RFC 9051, section 6.3.2, wants the server to tell UIDNEXT; of one that does not, it follows the last mail.
func (o *opened) examine() (*imap.SelectData, error) {
	data, err := o.Select(inbox, &imap.SelectOptions{ReadOnly: true}).Wait()
	if err != nil || data.UIDNext > 0 || data.NumMessages == 0 {
		return data, err
	}
	last, err := o.Fetch(imap.SeqSetNum(data.NumMessages), &imap.FetchOptions{UID: true}).Collect()
	if err != nil || len(last) == 0 {
		return nil, errors.Join(err, errors.New("the last mail has no UID"))
	}
	data.UIDNext = last[len(last)-1].UID + 1
	return data, nil
}

// close ends the connection. All commands must be over.
func (o *opened) close() {
	if o.stop != nil {
		o.stop()
	}
	o.conn.Conn.Close()
	o.Client.Close() // its error says that the connection is gone
}

// wait returns when mails may have come. ctx ends the connection, and so the waiting. While mails are coming the first wait is short:
// some servers do not tell in IDLE of a mail that came right before it (github.com/cyrusimap/cyrus-imapd, issue 3668).
func (o *opened) wait(ctx context.Context, coming bool) error {
	if !o.Caps().Has(imap.CapIdle) {
		return o.pause(ctx)
	}
	done := o.step()
	idle, err := o.Idle()
	done()
	var refused *imap.Error
	if errors.As(err, &refused) {
		return o.pause(ctx)
	}
	if err != nil {
		return err
	}
	length := o.pace.idle
	if coming {
		length = min(length, o.pace.poll)
	}
	timer := time.NewTimer(length)
	defer timer.Stop()
	select {
	case <-o.news:
	case <-timer.C:
	case <-ctx.Done():
	case <-o.Closed():
		err = io.ErrUnexpectedEOF
	}
	defer o.step()()
	return errors.Join(err, idle.Close(), idle.Wait(), ctx.Err())
}

// pause lets time pass, and then asks the server whether it is still there.
func (o *opened) pause(ctx context.Context) error {
	timer := time.NewTimer(o.pace.poll)
	defer timer.Stop()
	select {
	case <-timer.C:
		defer o.step()()
		return o.Noop().Wait()
	case <-ctx.Done():
		return ctx.Err()
	case <-o.Closed():
		return io.ErrUnexpectedEOF
	}
}
