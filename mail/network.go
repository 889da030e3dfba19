package mail

import (
	"context"
	"crypto/tls"
	"net"
	"time"
)

// Network is a bot whose network is mail. The program finds it by type assertion and calls UseMail once, after the bot's New and before
// anything else. Methods may be called at the same time from different goroutines.
type Network interface {
	// UseMail gives the bot the services for mail. An error, such as one about the domain, stops the program.
	UseMail(Service) error

	// Bounced reports a bounce of a message that carried id as its BounceID, possibly days after the message was sent. After an
	// error the bounce is reported again, if the server that sent it tries again.
	Bounced(ctx context.Context, id string, b Bounce) error

	// Submission returns the mail server for the messages of a route. ErrNoRoute means that the route exists no longer: its messages are
	// dropped. After any other error they are retried. It is called before each connection, and the result is stored nowhere.
	Submission(ctx context.Context, route string) (Submission, error)

	// SubmissionRefused reports that the server of a route refuses the login or the sender. The messages stay in the queue; the
	// call is repeated at each attempt that fails for this reason.
	SubmissionRefused(ctx context.Context, route string)
}

// Service has the mail services of the program for a Network.
type Service struct {
	// Queue accepts the network's outgoing messages.
	Queue Queue

	// Domain is the part after the @ of the cities' addresses.
	Domain string

	// Listen opens the socket of the inbound SMTP server. It may be called again after the last listener was closed.
	Listen func() (net.Listener, error)

	// TLS is the configuration of the inbound SMTP server; nil without a certificate.
	TLS *tls.Config

	// Ended reports whether a city of this name was deleted lately, and the address to which it had moved, if it had.
	Ended func(ctx context.Context, city string) (ended bool, movedTo string, err error)

	// Suspended reports whether a city is switched off by the operator; nil for never.
	Suspended func(city string) bool

	// Bounces handles inbound messages that report a bounce. Nil for a program that ignores bounces.
	Bounces Bounces

	// Dial connects to a mail server, for IMAP for example: network is "tcp", address host:port. It limits connecting to 10 seconds and
	// refuses private addresses. The caller sets deadlines for what follows.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)

	// TrySubmission connects to a mail server and logs in, as for messages with a Route, but sends nothing. Its error is a *bots.Error
	// without Say: KindRevoked when the server refuses the login or the sender, else KindRetry.
	TrySubmission func(ctx context.Context, s Submission) error

	// Warn sends the city's admins a mail that asks them to do something about their account: say is an id of the bot's texts. It
	// sends one mail per key, such as the account's revision.
	Warn func(ctx context.Context, city, key, say string)
}

// Queue accepts outgoing messages.
type Queue interface {
	// Enqueue stores messages durably, all or none, and returns. Delivery starts at once. Of two messages with the same key only the
	// first is sent, if the second is enqueued before the first expires or within a day after that. A message that cannot be built
	// (an invalid address, a line break in a header field) is an error for all of them.
	Enqueue(ctx context.Context, messages ...Message) error

	// Cancel removes messages that have not been sent, by their keys, and returns how many of the keys belong to messages that have.
	// A message whose delivery is in progress is sent.
	Cancel(ctx context.Context, keys ...string) (sent int, err error)

	// Forget removes all queued messages with this BounceID, and ignores later bounces of those that were sent.
	Forget(ctx context.Context, bounceID string) error
}

// Message is one mail to one recipient.
type Message struct {
	// Key identifies the message; see Queue.Enqueue.
	Key string

	// From is the local part of the sender's address: the city, or empty for the program itself. With a Route it is the whole address.
	// FromName is the sender's display name.
	From     string
	FromName string

	// Route names a mail server of the network's own (see Network.Submission); at most 200 bytes, and stored. Empty for the program's way
	// of delivery.
	Route string

	To      string // one bare address
	Subject string
	Text    string // plain text, lines ending in \n
	Header  map[string]string

	// Ref is the part of the Message-ID before the @, 1 to 64 of a-z and 0-9, if an answer to the message has to show that it was received; then it must be a
	// secret. Empty for one that is made of Key.
	Ref string

	// InReplyTo is the Message-ID, without brackets, that the message answers; empty for none.
	InReplyTo string

	// BounceID is the network's own id for the recipient, such as that of a subscription, for Network.Bounced. At most 200 bytes. It
	// is stored in the clear and must not identify a person. Empty: bounces are ignored.
	BounceID string

	// Expires is when an undelivered message is dropped. Zero for messages that are tried for five days.
	Expires time.Time
}

// Bounce describes the bounces of one recipient.
type Bounce struct {
	Hard        bool      // the address does not exist; the other fields are zero then
	Complaint   bool      // its owner called our message spam (RFC 5965); the other fields are zero then
	Soft        int       // bounces for other reasons (full, unreachable) since the last delivery, including this one
	First, Last time.Time // of the soft bounces
}

// A recipient that bounces softly counts as dead after deadBounces within at least deadTime.
const (
	deadBounces = 3
	deadTime    = 3 * 24 * time.Hour
)

// Dead reports whether to stop sending to the recipient.
func (b Bounce) Dead() bool {
	return b.Hard || b.Complaint || b.Soft >= deadBounces && b.Last.Sub(b.First) >= deadTime
}

// Bounces handles inbound messages that report a bounce.
type Bounces interface {
	// Known reports whether a local part belongs to a bounce address, as the queue gives its messages as envelope senders.
	Known(ctx context.Context, local string) (bool, error)

	// Handle reads a message that arrived at a bounce address, and calls Network.Bounced unless it is an automatic reply, or reports no
	// failure. After an error the message must not be acknowledged, so that the sending server tries again.
	Handle(ctx context.Context, local string, message []byte) error

	// HandleFor is Handle for a message that arrived at another address, about a message that the network sent with this BounceID: it counts only
	// if its format is known. The caller must have verified the id: nobody else does.
	HandleFor(ctx context.Context, bounceID string, message []byte) error
}
