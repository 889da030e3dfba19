package mail

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"linienfunk/bots"
)

const (
	maxRoute   = 200              // bytes
	tryTime    = 45 * time.Second // of TrySubmission
	loginPause = 10 * time.Minute // after a refused login: providers lock out who tries too often
)

// errNoRoute drops a mail without blaming its recipient.
var errNoRoute = &refusal{answer{stage: "route", code: 550, enhanced: [3]int{5, 4, 4}}}

// routed delivers the mails with a route over a connection of their own, and all others as usual.
type routed struct {
	transport
	mailer *Mailer
	owner  string // of conn
	route  string
	conn   *client
}

func (r *routed) deliver(ctx context.Context, e envelope) error {
	if e.Route == "" {
		return r.transport.deliver(ctx, e)
	}
	network := r.mailer.networks[e.Owner]
	if network == nil {
		return errNoRoute
	}
	if r.conn == nil || r.conn.conn == nil || r.owner != e.Owner || r.route != e.Route {
		s, err := network.Submission(ctx, e.Route)
		if errors.Is(err, ErrNoRoute) || err == nil && s.Sender != e.From {
			return errNoRoute
		}
		if err == nil {
			err = r.use(s)
		}
		if err != nil {
			return fmt.Errorf("find route: %w", err)
		}
		r.owner, r.route = e.Owner, e.Route
	}
	err := r.conn.deliver(ctx, e)
	if turnedDown(err) {
		network.SubmissionRefused(ctx, e.Route)
	}
	return aboutRoute(err)
}

func (r *routed) use(s Submission) error {
	r.hangUp()
	conn, err := r.mailer.submission(s)
	r.conn = conn
	return err
}

func (r *routed) hangUp() {
	if r.conn != nil {
		r.conn.close()
		r.conn = nil
	}
}

func (r *routed) close() {
	r.hangUp()
	r.transport.close()
}

// turnedDown says whether a server does not take the login, or the sender: the mail is not to blame.
func turnedDown(err error) bool {
	var refused *refusal
	var delayed *delay
	return errors.As(err, &refused) && refused.stage == "MAIL" ||
		errors.As(err, &delayed) && (delayed.stage == "AUTH" || delayed.stage == "MAIL") && delayed.code/100 == 5
}

// aboutRoute turns an error into what it means of a server that takes mail for all recipients and knows us: what it puts off,
// it puts off because of us, unless it speaks of the mailbox (X.1.X and X.2.X).
func aboutRoute(err error) error {
	var refused *refusal
	var delayed *delay
	switch {
	case turnedDown(err) && errors.As(err, &refused):
		return &awayError{&delay{refused.answer}, loginPause}
	case turnedDown(err):
		return &awayError{err, loginPause}
	case errors.As(err, &delayed) && delayed.enhanced[1] != 1 && delayed.enhanced[1] != 2:
		return &awayError{error: err}
	}
	return err
}

// submission is a client of somebody's mail server. It does not connect yet.
func (m *Mailer) submission(s Submission) (*client, error) {
	name, _, err := net.SplitHostPort(s.Server)
	if err != nil || m.config.Dial == nil {
		return nil, errors.New("no server, or no way to connect to it")
	}
	config := &tls.Config{}
	if s.TLS != nil {
		config = s.TLS.Clone()
	}
	config.ServerName, config.MinVersion = name, tls.VersionTLS12
	c := &client{name: cmp.Or(m.config.Hostname, m.config.Domain), dialer: m.config.Dial,
		host: smarthost{address: s.Server, tls: config, user: s.User, password: s.Password}}
	switch s.Security {
	case ImplicitTLS:
		c.host.encryption = implicitTLS
	case StartTLS:
		c.host.encryption = startTLS
	case NoTLS:
		c.host.encryption, c.dialer = plaintext, m.dialNear
	default:
		return nil, fmt.Errorf("no such encryption: %q", s.Security)
	}
	return c, nil
}

// dialNear connects to this machine and to private networks alone. (The dialer reaches those only if the operator allows it.)
func (m *Mailer) dialNear(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := m.config.Dial(ctx, network, address)
	if err != nil {
		return nil, err
	}
	remote, err := netip.ParseAddrPort(conn.RemoteAddr().String())
	if ip := remote.Addr().Unmap(); err != nil || !ip.IsLoopback() && !ip.IsPrivate() {
		conn.Close()
		return nil, errors.New("a password is not sent to the internet in the clear")
	}
	return conn, nil
}

// TrySubmission is for Service.TrySubmission. It asks whether the sender may write to itself: many servers say only of a recipient that
// they do not let the sender through.
func (m *Mailer) TrySubmission(ctx context.Context, s Submission) error {
	ctx, cancel := context.WithTimeout(ctx, tryTime)
	defer cancel()
	c, err := m.submission(s)
	if err == nil {
		err = c.try(ctx, s.Sender)
		c.close()
	}
	if err == nil {
		return nil
	}
	var refused *refusal
	if errors.As(err, &refused) || turnedDown(err) {
		return bots.Revoked("", err)
	}
	return bots.Retry("", err)
}

// try begins a mail from the sender to itself, and takes it back.
func (c *client) try(ctx context.Context, sender string) error {
	if err := c.connect(ctx); err != nil {
		return err
	}
	raw := c.raw
	defer context.AfterFunc(ctx, func() { raw.Close() })()
	stage, err := "MAIL", c.conn.Mail(sender, nil)
	if err == nil {
		stage, err = "RCPT", c.conn.Rcpt(sender, nil)
	}
	said := smtpError(err)
	switch {
	case err == nil:
		return c.conn.Reset()
	case said == nil:
		c.drop()
		return fmt.Errorf("%s: %w", stage, err)
	case permanent(said.Code):
		return &refusal{answered(stage, said)}
	}
	return &delay{answered(stage, said)}
}
