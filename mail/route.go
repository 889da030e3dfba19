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
	maxRoute     = 200              // bytes
	tryTime      = 45 * time.Second // of TrySubmission
	loginBackoff = 10 * time.Minute // after a refused login: providers lock out clients that try too often
)

// errNoRoute drops a message without counting it as a bounce.
var errNoRoute = &permanentError{reply{stage: "route", code: 550, enhanced: [3]int{5, 4, 4}}}

// routeTransport delivers the messages with a Route over a connection of their own, and all others by the transport inside.
type routeTransport struct {
	transport
	mailer *Mailer

	client       *smtpClient // of the route; nil for none
	owner, route string
}

func (t *routeTransport) deliver(ctx context.Context, e envelope) error {
	if e.Route == "" {
		return t.transport.deliver(ctx, e)
	}
	network := t.mailer.networks[e.Owner]
	if network == nil {
		return errNoRoute
	}
	if t.client == nil || t.client.conn == nil || t.owner != e.Owner || t.route != e.Route {
		s, err := network.Submission(ctx, e.Route)
		if errors.Is(err, ErrNoRoute) || err == nil && s.Sender != e.From {
			return errNoRoute
		}
		if err == nil {
			err = t.use(s)
		}
		if err != nil {
			return fmt.Errorf("find route: %w", err)
		}
		t.owner, t.route = e.Owner, e.Route
	}
	err := t.client.deliver(ctx, e)
	if isUserRefused(err) {
		network.SubmissionRefused(ctx, e.Route)
	}
	return routeError(err)
}

func (t *routeTransport) use(s Submission) error {
	t.closeRoute()
	client, err := t.mailer.submissionClient(s)
	t.client = client
	return err
}

func (t *routeTransport) closeRoute() {
	if t.client != nil {
		t.client.close()
		t.client = nil
	}
}

func (t *routeTransport) close() {
	t.closeRoute()
	t.transport.close()
}

// isUserRefused reports whether the server refuses the login or the sender, and not this message.
func isUserRefused(err error) bool {
	var permanent *permanentError
	var temporary *temporaryError
	return errors.As(err, &permanent) && permanent.stage == "MAIL" ||
		errors.As(err, &temporary) && (temporary.stage == "AUTH" || temporary.stage == "MAIL") && temporary.code/100 == 5
}

// routeError interprets an error of a server that relays a user's messages to all recipients: whatever it defers, it defers because
// of the user, unless its status is about the recipient (X.1.X and X.2.X).
func routeError(err error) error {
	var permanent *permanentError
	var temporary *temporaryError
	switch {
	case isUserRefused(err) && errors.As(err, &permanent):
		return &destinationError{&temporaryError{permanent.reply}, loginBackoff}
	case isUserRefused(err):
		return &destinationError{err, loginBackoff}
	case errors.As(err, &temporary) && temporary.enhanced[1] != 1 && temporary.enhanced[1] != 2:
		return &destinationError{error: err}
	}
	return err
}

// submissionClient makes a client of a route's server. It does not connect.
func (m *Mailer) submissionClient(s Submission) (*smtpClient, error) {
	host, _, err := net.SplitHostPort(s.Server)
	if err != nil || m.config.Dial == nil {
		return nil, errors.New("the submission has no server, or the mailer no dialer")
	}
	config := &tls.Config{}
	if s.TLS != nil {
		config = s.TLS.Clone()
	}
	config.ServerName, config.MinVersion = host, tls.VersionTLS12
	c := &smtpClient{name: cmp.Or(m.config.Hostname, m.config.Domain), dialer: m.config.Dial,
		server: smtpServer{address: s.Server, tls: config, user: s.User, password: s.Password}}
	switch s.Security {
	case ImplicitTLS:
		c.server.encryption = implicitTLS
	case StartTLS:
		c.server.encryption = startTLS
	case NoTLS:
		c.server.encryption, c.dialer = plaintext, m.dialPrivate
	default:
		return nil, fmt.Errorf("unknown security %q", s.Security)
	}
	return c, nil
}

// dialPrivate connects only to this machine and to private networks. (Config.Dial reaches those only if the operator allows it.)
func (m *Mailer) dialPrivate(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := m.config.Dial(ctx, network, address)
	if err != nil {
		return nil, err
	}
	remote, err := netip.ParseAddrPort(conn.RemoteAddr().String())
	if ip := remote.Addr().Unmap(); err != nil || !ip.IsLoopback() && !ip.IsPrivate() {
		conn.Close()
		return nil, errors.New("refusing to send a password in the clear over the internet")
	}
	return conn, nil
}

// TrySubmission is Service.TrySubmission. It names the sender as recipient, too: many servers refuse a sender only at RCPT.
func (m *Mailer) TrySubmission(ctx context.Context, s Submission) error {
	ctx, cancel := context.WithTimeout(ctx, tryTime)
	defer cancel()
	c, err := m.submissionClient(s)
	if err == nil {
		err = c.probe(ctx, s.Sender)
		c.close()
	}
	if err == nil {
		return nil
	}
	var permanent *permanentError
	if errors.As(err, &permanent) || isUserRefused(err) {
		return bots.Revoked("", err)
	}
	return bots.Retry("", err)
}

// probe begins a message from the sender to itself, and aborts it.
func (c *smtpClient) probe(ctx context.Context, sender string) error {
	if err := c.connect(ctx); err != nil {
		return err
	}
	raw := c.raw
	defer context.AfterFunc(ctx, func() { raw.Close() })()
	stage, err := "MAIL", c.conn.Mail(sender, nil)
	if err == nil {
		stage, err = "RCPT", c.conn.Rcpt(sender, nil)
	}
	smtpErr := asSMTPError(err)
	switch {
	case err == nil:
		return c.conn.Reset()
	case smtpErr == nil:
		c.drop()
		return fmt.Errorf("%s: %w", stage, err)
	case isPermanent(smtpErr.Code):
		return &permanentError{newReply(stage, smtpErr)}
	}
	return &temporaryError{newReply(stage, smtpErr)}
}
