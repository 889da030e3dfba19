package mail

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// maxUses is how many messages are sent over one connection.
const maxUses = 100

// smtpServer is a server to connect to, and the login there.
type smtpServer struct {
	address        string // host:port
	encryption     encryption
	tls            *tls.Config
	user, password string // no login if user is empty
}

// encryption of the connection to a server.
type encryption int

const (
	startTLS      encryption = iota // required
	opportunistic                   // STARTTLS if it is offered; the certificate is not verified
	implicitTLS
	plaintext
)

// dialer connects to a server.
type dialer func(ctx context.Context, network, address string) (net.Conn, error)

// smtpClient is a transport over one connection to one server, which it keeps for the next message.
type smtpClient struct {
	server smtpServer
	name   string // for EHLO
	dialer dialer // nil for net.Dialer

	conn *smtp.Client // nil while not connected
	raw  net.Conn
	uses int
}

func (c *smtpClient) deliver(ctx context.Context, e envelope) error {
	reused := c.conn != nil
	err := c.transact(ctx, e)
	var lost *lostError
	if reused && errors.As(err, &lost) {
		// The server had closed the idle connection, so the message is not known to it yet.
		err = c.transact(ctx, e)
	}
	return err
}

// lostError says that the connection broke before the transaction began.
type lostError struct{ error }

func (e *lostError) Unwrap() error { return e.error }

func (c *smtpClient) transact(ctx context.Context, e envelope) error {
	if err := c.connect(ctx); err != nil {
		return err
	}
	raw := c.raw
	stop := context.AfterFunc(ctx, func() { raw.Close() })
	defer stop()

	stage, err := c.send(e)
	c.uses++
	if err == nil {
		if c.uses >= maxUses {
			c.quit()
		}
		return nil
	}
	var smtpErr *smtp.SMTPError
	if !errors.As(err, &smtpErr) {
		c.drop()
		err = fmt.Errorf("%s: %w", stage, err)
		if stage == "MAIL" && ctx.Err() == nil {
			return &lostError{err}
		}
		return err
	}
	if smtpErr.Code == 421 || c.conn.Reset() != nil { // 421: the server closes the connection
		c.drop()
	}
	if smtpErr.Code == 421 && stage == "MAIL" {
		return &lostError{&temporaryError{newReply(stage, smtpErr)}}
	}
	if isPermanent(smtpErr.Code) {
		return &permanentError{newReply(stage, smtpErr)}
	}
	return &temporaryError{newReply(stage, smtpErr)}
}

// send sends one message, and returns the stage that failed.
func (c *smtpClient) send(e envelope) (stage string, err error) {
	if err := c.conn.Mail(e.From, nil); err != nil {
		return "MAIL", err
	}
	if err := c.conn.Rcpt(e.To, nil); err != nil {
		return "RCPT", err
	}
	data, err := c.conn.Data()
	if err != nil {
		return "DATA", err
	}
	if _, err := bytes.NewReader(e.Message).WriteTo(data); err != nil {
		return "message", err
	}
	if e.onSent != nil {
		e.onSent()
	}
	return "message", data.Close()
}

// connect connects and logs in, unless it is connected.
func (c *smtpClient) connect(ctx context.Context) error {
	if c.conn != nil {
		return nil
	}
	conn, raw, err := c.dial(ctx)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	c.conn, c.raw, c.uses = conn, raw, 0
	return nil
}

func (c *smtpClient) dial(ctx context.Context) (*smtp.Client, net.Conn, error) {
	dial := c.dialer
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	raw, err := dial(ctx, "tcp", c.server.address)
	if err != nil {
		return nil, nil, err
	}
	stop := context.AfterFunc(ctx, func() { raw.Close() })
	defer stop()
	conn, err := c.greet(&limitedConn{Conn: raw})
	if err != nil {
		raw.Close()
		return nil, nil, err
	}
	return conn, raw, nil
}

// greet negotiates encryption, sends EHLO and logs in.
func (c *smtpClient) greet(raw net.Conn) (*smtp.Client, error) {
	switch enc := c.server.encryption; enc {
	case startTLS, opportunistic:
		upgraded, err := negotiateTLS(raw, c.name, enc == startTLS, c.server.tls)
		if err != nil {
			return nil, err
		}
		raw = upgraded
	case implicitTLS:
		raw = tls.Client(raw, c.server.tls)
	}
	conn := smtp.NewClient(raw)
	conn.CommandTimeout, conn.SubmissionTimeout = defaultTimeouts.attempt, defaultTimeouts.reply
	if err := conn.Hello(c.name); err != nil {
		return nil, stageError("EHLO", err)
	}
	if c.server.user != "" {
		mechanism := sasl.NewPlainClient("", c.server.user, c.server.password)
		if !conn.SupportsAuth(sasl.Plain) && conn.SupportsAuth(sasl.Login) { // e.g. Exchange
			mechanism = sasl.NewLoginClient(c.server.user, c.server.password)
		}
		if err := conn.Auth(mechanism); err != nil {
			return nil, stageError("AUTH", err)
		}
	}
	return conn, nil
}

func (c *smtpClient) close() { c.quit() }

// quit ends the session with QUIT, and waits at most a second for the reply.
func (c *smtpClient) quit() {
	if c.conn != nil {
		c.conn.CommandTimeout = time.Second
		if c.conn.Quit() == nil {
			c.conn = nil
			return
		}
	}
	c.drop()
}

func (c *smtpClient) drop() {
	if c.conn != nil {
		c.conn.Close()
		c.conn = nil
	}
}
