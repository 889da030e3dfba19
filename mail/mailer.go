// Package mail builds, signs, queues and delivers outgoing mail.
//
// Enqueue stores mails in the database; Run delivers them, to a smarthost or the recipients' own servers over
// SMTP, or into a directory. A mail is
// delivered at least once: if the program dies after the smarthost has said 250 and before the database knows of it,
// the same mail with the same Message-ID goes out again when its lease is over. Addresses and contents are sealed in
// the database and are deleted from it as soon as the mail is delivered or given up. Nothing of them is logged.
//
// The parts: message.go builds, sign.go signs, queue.go keeps, lanes.go takes turns, staff.go and worker.go deliver, client.go speaks
// SMTP, with a smarthost, with a server of somebody's own by route.go or, by direct.go, mx.go and sts.go, with a domain's servers; guard.go
// keeps those in bounds. outbox.go writes files.
// What comes back is read by dsn.go, judged by verdict.go and told by bounce.go.
package mail

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"gorm.io/gorm"

	"linienfunk/internal/secret"
)

// Config says from where to where mail goes.
type Config struct {
	// Domain stands behind the @ of senders, and is the name that Mailer calls itself in EHLO.
	Domain string

	// DefaultFrom is the local part of the sender of mails that name none; "noreply" if empty.
	DefaultFrom string

	// Smarthost is the mail server that takes everything: host:port, or with one of these schemes in front:
	//
	//	smtp://           STARTTLS is used when it is offered, and must be unless the host is loopback; the default
	//	smtp+starttls://  STARTTLS must be offered, on loopback as well
	//	smtps://          TLS from the first byte
	//	smtp+insecure://  no TLS; password and mails can be read on the way
	//
	// The port is 587 unless given (465 for smtps).
	Smarthost string

	// User and Password are sent by AUTH PLAIN, or LOGIN where there is nothing else, if User is not empty.
	User, Password string

	// CAFile has the certificates (PEM) of authorities to trust besides the system's, for a smarthost with
	// a certificate of its own.
	CAFile string

	// Outbox is a directory that takes the mails as files, instead of a smarthost. It is made if it is missing.
	Outbox string

	// Direct delivers to the servers of the recipients' domains, instead of a smarthost. Hostname is then the name of
	// this machine that Mailer calls itself in EHLO, Domain if empty: receivers want its address to lead back to it.
	Direct   bool
	Hostname string

	// Resolver, Dial and HTTP are for direct delivery: to look up servers, to connect to them, and to fetch their
	// domains' MTA-STS policies. Dial is for routes as well. They must not reach private addresses, since users type any domain.
	Resolver Resolver
	Dial     func(ctx context.Context, network, address string) (net.Conn, error)
	HTTP     *http.Client

	// DKIMKey is the path of a private key (PEM; RSA or Ed25519) to sign with under DKIMSelector; empty for no
	// signatures.
	DKIMKey, DKIMSelector string
}

// Limits of the queue.
const (
	defaultLife = 5 * 24 * time.Hour // of a mail without Expires
	keepKeys    = 24 * time.Hour     // how long the key of a finished mail is remembered after it expired
	leaseTime   = 20 * time.Second   // for how long a node has a mail to itself, unless it renews that: others deliver what it leaves behind
	batchSize   = 20                 // mails leased at once
	idleTime    = 10 * time.Second   // after which a worker closes its connection
	failTime    = 5 * time.Second    // after the database failed
	pollTime    = time.Minute        // how often to look for mails that another node left behind
	graceTime   = 3 * time.Second    // for deliveries under way when the program ends
	writeTime   = 4 * time.Second    // for writing down what came of them
)

// transport delivers messages, one at a time. Each worker has its own.
type transport interface {
	// deliver returns nil when the message was taken, an error that unwraps to *refusal when it never will be,
	// any other error when it may be taken later.
	deliver(ctx context.Context, m envelope) error
	// close is called in the end, and when there has been nothing to deliver for a while.
	close()
}

// Mailer stores messages and delivers them. It is a Queue for messages whose bounces nobody wants to know of.
type Mailer struct {
	queue        *queue
	config       Config
	signer       *signer
	newTransport func() (func() transport, error) // the outer one is called once for each Run
	limits       limits
	times        times
	log          *slog.Logger
	now          func() time.Time
	pause        func(attempts int) time.Duration // of a mail
	hold         func(failed int) time.Duration   // of a place
	hand         hand                             // mails that are leased
	renewed      atomic.Int64                     // until when they surely are, milliseconds since 1970
	accepted     atomic.Int64                     // when a server last took a mail, milliseconds since 1970
	networks     map[string]Network               // by the owner of messages
}

var (
	_ Queue   = (*Mailer)(nil)
	_ Bounces = owned{}
)

// New makes a Mailer on a handle that prefixes tables with "mail_". It reads the DKIM key, but connects to nothing
// and starts nothing: call Run for that.
func New(db *gorm.DB, box *secret.Box, config Config, log *slog.Logger, now func() time.Time) (*Mailer, error) {
	if config.DefaultFrom == "" {
		config.DefaultFrom = "noreply"
	}
	if config.Domain == "" {
		return nil, errors.New("mail: the domain of senders is missing")
	}
	m := &Mailer{
		queue:  &queue{db: db, box: box, now: now, wake: make(chan struct{}, 1)},
		config: config, limits: onePlace, times: usualTimes, log: log, now: now, pause: pauseAfter, hold: holdAfter,
		networks: map[string]Network{},
	}
	var err error
	if m.signer, err = newSigner(config); err != nil {
		return nil, fmt.Errorf("mail: %w", err)
	}
	if m.newTransport, err = m.transports(); err != nil {
		return nil, fmt.Errorf("mail: %w", err)
	}
	return m, nil
}

func (m *Mailer) transports() (func() (func() transport, error), error) {
	switch {
	case m.config.Smarthost != "" && m.config.Outbox != "":
		return nil, errors.New("smarthost and outbox are both set: one of them must be empty")
	case m.config.Direct && m.config.Smarthost+m.config.Outbox != "":
		return nil, errors.New("direct delivery needs neither smarthost nor outbox: they must be empty")
	case m.config.Direct:
		return m.couriers()
	case m.config.Smarthost != "":
		host, err := parseSmarthost(m.config)
		if err != nil {
			return nil, err
		}
		return func() (func() transport, error) {
			return func() transport { return &client{host: host, name: m.config.Domain} }, nil
		}, nil
	case m.config.Outbox != "":
		return func() (func() transport, error) {
			o, err := newOutbox(m.config.Outbox)
			return func() transport { return o }, err
		}, nil
	}
	return nil, errors.New("neither smarthost nor outbox is set, nor direct delivery")
}

func (m *Mailer) couriers() (func() (func() transport, error), error) {
	c := m.config
	if c.Resolver == nil || c.Dial == nil || c.HTTP == nil {
		return nil, errors.New("direct delivery needs a resolver, a dialer and an HTTP client")
	}
	roots, err := authorities(c.CAFile)
	if err != nil {
		return nil, err
	}
	m.limits = manyPlaces
	shared := &courier{
		name: cmp.Or(c.Hostname, c.Domain), resolver: c.Resolver, dial: c.Dial, roots: roots,
		policies: newPolicies(c.Resolver, c.HTTP, m.now),
	}
	return func() (func() transport, error) {
		return func() transport { return &direct{courier: shared} }, nil
	}, nil
}

// lane names where a mail waits: its first half is the place that it goes to, its second the sender. Hashes keep the domain out of the
// database.
func (m *Mailer) lane(from string, e envelope) string {
	sender := m.queue.box.Digest("mail sender", from)[:placeSize]
	switch {
	case e.Route != "":
		return ownMark + m.queue.box.Digest("mail route", e.Owner+"\x00"+e.Route)[:placeSize-len(ownMark)] + sender
	case m.config.Direct:
		return m.queue.box.Digest("mail lane", domainOf(e.To))[:placeSize] + sender
	}
	return m.queue.box.Digest("mail lane", "")[:placeSize] + sender
}

// Enqueue implements Queue.
func (m *Mailer) Enqueue(ctx context.Context, mails ...Message) error {
	return m.enqueue(ctx, "", mails)
}

// Cancel implements Queue.
func (m *Mailer) Cancel(ctx context.Context, keys ...string) (sent int, err error) {
	hashed := make([]string, len(keys))
	for i, key := range keys {
		hashed[i] = m.key(key)
	}
	for page := range slices.Chunk(hashed, 200) {
		n, err := m.queue.cancel(ctx, page)
		if err != nil {
			return sent, err
		}
		sent += n
	}
	return sent, nil
}

// key is what stands for the key of a mail in the queue.
func (m *Mailer) key(key string) string { return m.queue.box.Digest("mail key", key) }

func (m *Mailer) enqueue(ctx context.Context, owner string, mails []Message) error {
	rows := make([]item, 0, len(mails))
	var returns []Return
	known := map[string]bool{}
	for i, mail := range mails {
		back, err := m.back(owner, mail.BounceID)
		if err == nil {
			var row item
			row, err = m.row(owner, mail, back)
			rows = append(rows, row)
		}
		if err != nil {
			return fmt.Errorf("enqueue mail %d of %d: %w", i+1, len(mails), err)
		}
		if back != nil && !known[back.Token] {
			known[back.Token], returns = true, append(returns, *back)
		}
	}
	if err := m.queue.put(ctx, rows, returns); err != nil {
		return fmt.Errorf("enqueue %d mails: %w", len(mails), err)
	}
	return nil
}

func (m *Mailer) row(owner string, mail Message, back *Return) (item, error) {
	if mail.Key == "" {
		return item{}, errors.New("mail has no key")
	}
	if len(mail.Route) > maxRoute {
		return item{}, fmt.Errorf("the route is longer than %d bytes", maxRoute)
	}
	if mail.From == "" && mail.Route == "" {
		mail.From = m.config.DefaultFrom
	}
	now := m.now()
	if mail.Expires.IsZero() {
		mail.Expires = now.Add(defaultLife)
	}
	key := m.key(mail.Key)
	e, err := build(mail, key, m.config.Domain, now)
	if err != nil {
		return item{}, err
	}
	if e.Route != "" {
		e.Owner = owner
	}
	if back != nil {
		e.Back = bouncePrefix + back.Token
		if e.Route == "" { // a provider takes no other sender than the mailbox
			e.From = e.Back + "@" + m.config.Domain
		}
	}
	row, err := m.queue.seal(key, e, mail.Expires)
	row.Lane = m.lane(mail.From, e)
	return row, err
}
