package mail

import (
	"crypto/tls"
	"errors"
)

// Submission is a mail server that accepts messages from one of its users: RFC 6409.
type Submission struct {
	Server   string      // host:port; private addresses are refused, as by Service.Dial
	Security Security    // of the connection
	TLS      *tls.Config // nil for the defaults
	User     string
	Password string
	Sender   string // the user's address, the only one that messages may come from
}

// Security is how the connection to a mail server is encrypted.
type Security string

// The kinds. With StartTLS the server must offer it. NoTLS sends the password in the clear, and connects only to this machine or a private
// network.
const (
	ImplicitTLS Security = "tls"
	StartTLS    Security = "starttls"
	NoTLS       Security = "none"
)

// ErrNoRoute means that a Message.Route exists no longer.
var ErrNoRoute = errors.New("no such route")
