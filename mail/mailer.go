// Package mail builds, queues, signs and delivers outgoing mail, and handles the bounces.
//
// Mailer.Enqueue stores messages in the database; Mailer.Run delivers them: to a smarthost, to the recipients' own servers, or as files
// into a directory. A message with a Route goes to a mail server that the network names. Delivery is at least once: if the program dies
// between the server's 250 and the update of the database, the same message with the same Message-ID is sent again when its lease
// expires. Addresses and contents are sealed in the database, and deleted when the message is delivered or given up. Neither they
// nor servers' replies are logged. Any number of nodes may share one database.
//
// Network is the contract for the bot whose network is mail: see Network, Service and Message.
//
// # Files, from the ground up
//
//	message.go                      builds a message and checks addresses
//	reply.go words.go classify.go   SMTP replies as errors; what their words say; which of them count as bounces
//	dsn.go dsn_text.go dsn_parts.go parse bounce messages: reports for machines, notices for people, and their parts
//	dkim.go                         signs
//	starttls.go untrusted.go        STARTTLS; bounds on what a server can do to us
//	smtp_client.go                  one SMTP connection
//	smarthost.go                    delivery to a smarthost
//	mx.go mtasts.go direct.go       delivery to the recipients' servers
//	network.go submission.go        what a network of mail implements; its own mail server and login
//	route.go                        delivery through that server
//	outbox.go                       delivery into a directory
//	store.go bounce.go              the tables of queued messages and of bounce addresses
//	leases.go timeouts.go           renewal of leases; time limits of a delivery
//	attempt.go backoff.go           one delivery and its result
//	destination.go pool.go          fair queues per destination, and the workers that serve them
//	mailer.go config.go run.go      what the program uses
//	dump.go                         prints the queue, for the operator
//	check.go check_auth.go          checks the domain's DNS records, for the operator
package mail

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"gorm.io/gorm"

	"linienfunk/internal/secret"
)

// Lifetime is that of a message without Expires.
const Lifetime = 5 * 24 * time.Hour

const cancelBatch = 200 // keys in one query

// Mailer stores messages and delivers them. It is a Queue for messages whose bounces are ignored; Service returns one for a network.
type Mailer struct {
	store        *store
	config       Config
	signer       *signer                          // nil for no signatures
	newTransport func() (func() transport, error) // called once per Run; the returned function once per worker
	limits       limits                           // of destinations
	timeouts     timeouts
	log          *slog.Logger
	now          func() time.Time
	networks     map[string]Network // by the owner of messages

	retryBackoff       func(attempts int) time.Duration // of a message
	destinationBackoff func(failures int) time.Duration

	leases       leases
	leasedUntil  atomic.Int64 // when the last renewed leases expire, milliseconds since 1970
	lastAccepted atomic.Int64 // when a server last accepted a message, milliseconds since 1970
}

var (
	_ Queue   = (*Mailer)(nil)
	_ Queue   = owned{}
	_ Bounces = owned{}
)

// New makes a Mailer on a handle that prefixes tables with "mail_". It reads the DKIM key, but connects to nothing and starts nothing:
// that is Run.
func New(db *gorm.DB, box *secret.Box, config Config, log *slog.Logger, now func() time.Time) (*Mailer, error) {
	if config.DefaultFrom == "" {
		config.DefaultFrom = "noreply"
	}
	if config.Domain == "" {
		return nil, errors.New("mail: the domain of senders is missing")
	}
	m := &Mailer{
		store:  &store{db: db, box: box, now: now, wake: make(chan struct{}, 1)},
		config: config, limits: smarthostLimits, timeouts: defaultTimeouts, log: log, now: now, networks: map[string]Network{},
		retryBackoff: retryBackoff, destinationBackoff: destinationBackoff,
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

// Register sets the network that is called about the messages enqueued under this name. Call it before Run and before mail arrives.
func (m *Mailer) Register(name string, n Network) { m.networks[name] = n }

// Service returns the mail services for the network of this name. The caller adds Listen, TLS and Warn.
func (m *Mailer) Service(name string) Service {
	own := owned{m, name}
	return Service{Queue: own, Bounces: own, Domain: m.config.Domain, Dial: m.config.Dial, TrySubmission: m.TrySubmission}
}

// owned is the Mailer as one network uses it: the bounces and routes of its messages are that network's.
type owned struct {
	*Mailer
	owner string
}

// Enqueue implements Queue.
func (o owned) Enqueue(ctx context.Context, messages ...Message) error {
	return o.enqueue(ctx, o.owner, messages)
}

// Forget implements Queue.
func (o owned) Forget(ctx context.Context, bounceID string) error {
	return o.deleteBounceAddress(ctx, o.owner, bounceID)
}

// HandleFor implements Bounces.
func (o owned) HandleFor(ctx context.Context, bounceID string, message []byte) error {
	return o.handleCopy(ctx, bouncePrefix+o.bounceToken(o.owner, bounceID), message)
}

// Enqueue implements Queue.
func (m *Mailer) Enqueue(ctx context.Context, messages ...Message) error {
	return m.enqueue(ctx, "", messages)
}

// Forget implements Queue. Bounces of messages that no network owns are ignored anyway.
func (m *Mailer) Forget(context.Context, string) error { return nil }

// Cancel implements Queue.
func (m *Mailer) Cancel(ctx context.Context, keys ...string) (sent int, err error) {
	hashed := make([]string, len(keys))
	for i, key := range keys {
		hashed[i] = m.hashKey(key)
	}
	for batch := range slices.Chunk(hashed, cancelBatch) {
		n, err := m.store.cancel(ctx, batch)
		if err != nil {
			return sent, err
		}
		sent += n
	}
	return sent, nil
}

// hashKey returns the key of a message in the database.
func (m *Mailer) hashKey(key string) string { return m.store.box.Digest("mail key", key) }

func (m *Mailer) enqueue(ctx context.Context, owner string, messages []Message) error {
	items := make([]item, 0, len(messages))
	var addresses []bounceAddress
	known := map[string]bool{}
	for i, message := range messages {
		address, err := m.newBounceAddress(owner, message.BounceID)
		if err == nil {
			var it item
			it, err = m.newItem(owner, message, address)
			items = append(items, it)
		}
		if err != nil {
			return fmt.Errorf("enqueue message %d of %d: %w", i+1, len(messages), err)
		}
		if address != nil && !known[address.Token] {
			known[address.Token], addresses = true, append(addresses, *address)
		}
	}
	if err := m.store.insert(ctx, items, addresses); err != nil {
		return fmt.Errorf("enqueue %d messages: %w", len(messages), err)
	}
	if m.config.Queued != nil {
		m.config.Queued()
	}
	return nil
}

// Wake has Run look at once for messages that another node has stored.
func (m *Mailer) Wake() { m.store.wakeRun() }

// newItem builds and seals a message. Its bounce address may be nil.
func (m *Mailer) newItem(owner string, message Message, address *bounceAddress) (item, error) {
	if message.Key == "" {
		return item{}, errors.New("the message has no key")
	}
	if len(message.Route) > maxRoute {
		return item{}, fmt.Errorf("the route is longer than %d bytes", maxRoute)
	}
	if message.From == "" && message.Route == "" {
		message.From = m.config.DefaultFrom
	}
	now := m.now()
	if message.Expires.IsZero() {
		message.Expires = now.Add(Lifetime)
	}
	key := m.hashKey(message.Key)
	e, err := build(message, key, m.config.Domain, now)
	if err != nil {
		return item{}, err
	}
	if e.Route != "" {
		e.Owner = owner
	}
	if address != nil {
		e.BounceLocal = bouncePrefix + address.Token
		if e.Route == "" { // the server of a route accepts no envelope sender but its user's address
			e.From = e.BounceLocal + "@" + m.config.Domain
		}
	}
	it, err := m.store.seal(key, e, message.Expires)
	it.Flow = m.flowOf(message.From, e)
	return it, err
}

// flowOf names the flow of a message: its destination, then its sender. Both are keyed hashes, so that the database does not show
// domains. The labels must not change: queued messages would be in other flows than new ones.
func (m *Mailer) flowOf(from string, e envelope) string {
	sender := m.store.box.Digest("mail sender", from)[:destinationSize]
	switch {
	case e.Route != "":
		return routeMark + m.store.box.Digest("mail route", e.Owner+"\x00"+e.Route)[:destinationSize-len(routeMark)] + sender
	case m.config.Direct:
		return m.store.box.Digest("mail lane", domainOf(e.To))[:destinationSize] + sender
	}
	return m.store.box.Digest("mail lane", "")[:destinationSize] + sender
}
