package inbound

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"time"
)

// Account is a mailbox on a server that speaks IMAP (RFC 9051, RFC 3501).
type Account struct {
	Host     string
	Port     int
	Security Security
	Login    string
	Password string
	Folder   string // that is read; empty for the inbox
}

// Security is how a connection is encrypted.
type Security string

// The kinds. With STARTTLS the server must offer it. Without encryption only this machine and private networks are connected to.
const (
	ImplicitTLS Security = "tls"
	StartTLS    Security = "starttls"
	NoTLS       Security = "none"
)

// IMAPError is a failure of the server of a mailbox, or of the connection to it. It does not repeat the server's words, which may contain the login.
type IMAPError struct {
	Reason IMAPReason
	Err    error
}

// IMAPReason says what to do about an IMAPError.
type IMAPReason int

// The reasons.
const (
	Unreachable  IMAPReason = iota // try again
	LoginRefused                   // permanently: an admin must enter another password
	LoginUnclear                   // without a reason: try again much later
	NoFolder                       // the folder cannot be opened: an admin must choose another one, unless it comes back
)

func (e *IMAPError) Error() string { return e.Err.Error() }
func (e *IMAPError) Unwrap() error { return e.Err }

func unreachable(doing string, err error) error {
	return &IMAPError{Unreachable, fmt.Errorf("%s: %w", doing, err)}
}

// Timing is how long the server of a mailbox may take. go-imap itself limits only the time for the rest of an answer that has begun.
type Timing struct {
	Open time.Duration // connecting, encrypting, logging in and opening the mailbox
	Step time.Duration // the answer to one command: a mail of maxMessage at most
	Idle time.Duration // in IDLE, until the connection is tried (RFC 2177 wants less than 29 minutes; routers forget sooner)
	Poll time.Duration // interval of polling a server without IDLE
}

// DefaultTiming is the Timing for servers in the internet.
var DefaultTiming = Timing{Open: 45 * time.Second, Step: 3 * time.Minute, Idle: 9 * time.Minute, Poll: 30 * time.Second}

// Fetcher reads mailboxes. It must not be copied.
type Fetcher struct {
	Dial   func(ctx context.Context, network, address string) (net.Conn, error)
	TLS    *tls.Config // nil for the defaults
	Timing Timing
	Limits *Limits
	Now    func() time.Time
	Log    *slog.Logger

	attempts attempts
}
