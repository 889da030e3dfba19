package mail

import (
	"cmp"
	"context"
	"errors"
	"net"
	"net/http"
)

// Config says how mail is delivered: exactly one of Smarthost, Outbox and Direct must be set.
type Config struct {
	// Domain is the part after the @ of senders, and the name in EHLO to a smarthost.
	Domain string

	// DefaultFrom is the sender's local part for messages that name none; "noreply" if empty.
	DefaultFrom string

	// Smarthost is the mail server that relays all messages: host:port, or with one of these schemes in front:
	//
	//	smtp://           STARTTLS is used when it is offered, and must be unless the host is loopback; the default
	//	smtp+starttls://  STARTTLS must be offered, on loopback as well
	//	smtps://          TLS from the first byte
	//	smtp+insecure://  no TLS; password and messages can be read in transit
	//
	// The port is 587 by default (465 for smtps).
	Smarthost string

	// User and Password are for the smarthost, by AUTH PLAIN or, where the server offers nothing else, LOGIN. No login if User is empty.
	User, Password string

	// CAFile has certificates (PEM) of authorities to trust besides the system's, e.g. for a smarthost with a private one.
	CAFile string

	// Outbox is a directory for messages as files, which are deleted after a day. It is created if it is missing.
	Outbox string

	// Direct delivers to the servers of the recipients' domains. Hostname is then the name of this machine in EHLO, Domain if
	// empty; receivers expect its address to resolve back to it.
	Direct   bool
	Hostname string

	// Resolver, Dial and HTTP are for direct delivery: to look up servers, connect to them and fetch MTA-STS policies. Dial is for
	// routes as well. They must refuse private addresses, since anybody may type any domain.
	Resolver Resolver
	Dial     func(ctx context.Context, network, address string) (net.Conn, error)
	HTTP     *http.Client

	// Queued is called after messages have been stored, on a node that does not deliver: it calls Wake on one that does, which otherwise finds
	// them within a minute. May be nil.
	Queued func()

	// DKIMKey is the path of a private key (PEM; RSA or Ed25519), DKIMSelector the selector of its public key. Both empty for
	// no signatures.
	DKIMKey, DKIMSelector string
}

// transport delivers messages, one at a time. Each worker has its own.
type transport interface {
	// deliver returns nil when the message was accepted, an error that wraps a *permanentError when it never will be, and any
	// other error when it may be accepted later.
	deliver(ctx context.Context, e envelope) error
	// close is called when the worker ends. A closed transport may be used again.
	close()
}

// transports returns the constructor of the configured transport.
func (m *Mailer) transports() (func() (func() transport, error), error) {
	switch {
	case m.config.Smarthost != "" && m.config.Outbox != "":
		return nil, errors.New("smarthost and outbox are both set: one of them must be empty")
	case m.config.Direct && m.config.Smarthost+m.config.Outbox != "":
		return nil, errors.New("direct delivery needs neither smarthost nor outbox: they must be empty")
	case m.config.Direct:
		return m.directTransports()
	case m.config.Smarthost != "":
		server, err := parseSmarthost(m.config)
		if err != nil {
			return nil, err
		}
		return func() (func() transport, error) {
			return func() transport { return &smtpClient{server: server, name: m.config.Domain} }, nil
		}, nil
	case m.config.Outbox != "":
		return func() (func() transport, error) {
			o, err := newOutbox(m.config.Outbox)
			return func() transport { return o }, err
		}, nil
	}
	return nil, errors.New("neither smarthost nor outbox is set, nor direct delivery")
}

func (m *Mailer) directTransports() (func() (func() transport, error), error) {
	c := m.config
	if c.Resolver == nil || c.Dial == nil || c.HTTP == nil {
		return nil, errors.New("direct delivery needs a resolver, a dialer and an HTTP client")
	}
	roots, err := authorities(c.CAFile)
	if err != nil {
		return nil, err
	}
	m.limits = directLimits
	shared := &directConfig{
		name: cmp.Or(c.Hostname, c.Domain), resolver: c.Resolver, dial: c.Dial, roots: roots,
		policies: newPolicies(c.Resolver, c.HTTP, m.now),
	}
	return func() (func() transport, error) {
		return func() transport { return &directTransport{directConfig: shared} }, nil
	}, nil
}
