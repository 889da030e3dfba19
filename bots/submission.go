package bots

import (
	"context"
	"crypto/tls"
	"errors"
)

// Submitter is a network some of whose mails leave through mail servers that its cities have named: those with a Mail.Route.
type Submitter interface {
	// Submission says how the mails of a route leave, or ErrNoRoute when there is no such way any more: they are dropped then. After
	// another error they wait. It is asked before each connection, and the answer is stored nowhere.
	Submission(ctx context.Context, route string) (Submission, error)

	// SubmissionRefused is told that the server turns down the login, or the sender. The mails wait; it is told again each time that
	// they are tried.
	SubmissionRefused(ctx context.Context, route string)
}

// Submission is a way out through a mail server that knows us: RFC 6409.
type Submission struct {
	Server   string      // host:port; private addresses are refused as by Core.Dial
	Security Security    // of the connection
	TLS      *tls.Config // nil for none
	User     string      // the login, and its password
	Password string
	Sender   string // the one address that mails may come from
}

// Security is how a connection to a mail server is encrypted.
type Security string

// The kinds. STARTTLS must be offered. None sends the password in the clear, and only to this machine or a private network.
const (
	ImplicitTLS Security = "tls"
	StartTLS    Security = "starttls"
	NoTLS       Security = "none"
)

// ErrNoRoute says that a Mail.Route leads nowhere any more.
var ErrNoRoute = errors.New("no such route")
