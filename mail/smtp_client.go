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

// maxUses is how many mails go over one connection.
const maxUses = 100

// client delivers over one connection to a server, which it keeps for the next mail.
type client struct {
	host   smarthost
	name   string // for EHLO
	dialer dialer // nil for a plain one
	conn   *smtp.Client
	raw    net.Conn
	uses   int
}

func (c *client) deliver(ctx context.Context, e envelope) error {
	reused := c.conn != nil
	err := c.transact(ctx, e)
	var lost *lostError
	if reused && errors.As(err, &lost) {
		// The server closed the connection while it was idle: nothing of this mail was said yet.
		err = c.transact(ctx, e)
	}
	return err
}

// lostError says that the connection broke at the very beginning of the transaction.
type lostError struct{ error }

func (e *lostError) Unwrap() error { return e.error }

func (c *client) transact(ctx context.Context, e envelope) error {
	if err := c.connect(ctx); err != nil {
		return err
	}
	raw := c.raw
	stop := context.AfterFunc(ctx, func() { raw.Close() })
	defer stop()

	stage, err := c.talk(e)
	c.uses++
	if err == nil {
		if c.uses >= maxUses {
			c.quit()
		}
		return nil
	}
	var said *smtp.SMTPError
	if !errors.As(err, &said) {
		c.drop()
		err = fmt.Errorf("%s: %w", stage, err)
		if stage == "MAIL" && ctx.Err() == nil {
			return &lostError{err}
		}
		return err
	}
	if said.Code == 421 || c.conn.Reset() != nil { // 421: the server closes the connection
		c.drop()
	}
	if said.Code == 421 && stage == "MAIL" {
		return &lostError{&delay{answered(stage, said)}}
	}
	if permanent(said.Code) {
		return &refusal{answered(stage, said)}
	}
	return &delay{answered(stage, said)}
}

// permanent leaves out the 5xx that are about the connection or our login, which the operator can mend: RFC 5321,
// section 4.2.3 and RFC 4954, section 6.
func permanent(code int) bool {
	switch code {
	case 500, 502, 503, 530, 534, 535, 538:
		return false
	}
	return code >= 500 && code <= 599
}

// talk says one mail, and returns the stage in which it failed.
func (c *client) talk(e envelope) (stage string, err error) {
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
	if e.whole != nil {
		e.whole()
	}
	return "message", data.Close()
}

// connect makes the connection ready, unless it is.
func (c *client) connect(ctx context.Context) error {
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

func (c *client) dial(ctx context.Context) (*smtp.Client, net.Conn, error) {
	dial := c.dialer
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	raw, err := dial(ctx, "tcp", c.host.address)
	if err != nil {
		return nil, nil, err
	}
	stop := context.AfterFunc(ctx, func() { raw.Close() })
	defer stop()
	conn, err := c.greet(&metered{Conn: raw})
	if err != nil {
		raw.Close()
		return nil, nil, err
	}
	return conn, raw, nil
}

// greet does all that comes before the first mail. The password is said only when encryption has begun, if it can begin.
func (c *client) greet(raw net.Conn) (*smtp.Client, error) {
	switch how := c.host.encryption; how {
	case startTLS, opportunist:
		upgraded, err := upgrade(raw, c.name, how == startTLS, c.host.tls)
		if err != nil {
			return nil, err
		}
		raw = upgraded
	case implicitTLS:
		raw = tls.Client(raw, c.host.tls)
	}
	conn := smtp.NewClient(raw)
	conn.CommandTimeout, conn.SubmissionTimeout = usualTimes.attempt, usualTimes.answer
	if err := conn.Hello(c.name); err != nil {
		return nil, plainly("EHLO", err)
	}
	if c.host.user != "" {
		how := sasl.NewPlainClient("", c.host.user, c.host.password)
		if !conn.SupportsAuth(sasl.Plain) && conn.SupportsAuth(sasl.Login) { // Exchange, for example
			how = sasl.NewLoginClient(c.host.user, c.host.password)
		}
		if err := conn.Auth(how); err != nil {
			return nil, plainly("AUTH", err)
		}
	}
	return conn, nil
}

// plainly names the stage, and the code instead of the server's words.
func plainly(stage string, err error) error {
	if said := smtpError(err); said != nil {
		return &delay{answered(stage, said)}
	}
	return fmt.Errorf("%s: %w", stage, err)
}

// close ends the connection as it should be, or else quickly.
func (c *client) close() { c.quit() }

func (c *client) quit() {
	if c.conn != nil {
		c.conn.CommandTimeout = time.Second
		if c.conn.Quit() == nil {
			c.conn = nil
			return
		}
	}
	c.drop()
}

func (c *client) drop() {
	if c.conn != nil {
		c.conn.Close()
		c.conn = nil
	}
}
