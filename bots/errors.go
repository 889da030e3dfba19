package bots

import (
	"errors"
	"time"
)

// Error is an error that says what to do next. Say is for the city's admins: an id of the bot's texts, or a sentence.
// Err is for the operator's log. Neither holds a secret, an author or a report's text.
type Error struct {
	Kind  Kind
	Say   string
	After time.Duration // of a KindRetryAfter
	Err   error

	// RecvOnly says of a KindRevoked from Recv that sending does not need what the network turned away: only receiving
	// stops until the account's Revision changes (or the program starts anew, which tries it once).
	RecvOnly bool
}

// Kind says what to do about an Error.
type Kind int

// The kinds. Any error that is no *Error is tried again with growing, jittered pauses until the report expires.
const (
	KindRetry      Kind = iota // as any other error, but with a sentence for the admins
	KindPermanent              // record it and go on with the next report
	KindRetryAfter             // wait for After, then try again
	KindRevoked                // stop this account until its Revision changes, and tell the city's admins
)

func (e *Error) Error() string {
	if e.Err == nil {
		return e.Say
	}
	return e.Err.Error()
}

func (e *Error) Unwrap() error { return e.Err }

// Permanent says that this report will never be taken.
func Permanent(say string, err error) error { return &Error{Kind: KindPermanent, Say: say, Err: err} }

// RetryAfter says that the network wants to be left alone for d. The core waits for a second at least and an hour at most.
func RetryAfter(d time.Duration, say string, err error) error {
	return &Error{Kind: KindRetryAfter, Say: say, After: d, Err: err}
}

// Revoked says that the network no longer knows the account or its credentials.
func Revoked(say string, err error) error { return &Error{Kind: KindRevoked, Say: say, Err: err} }

// RevokedRecv is Revoked for a network that is received with credentials which sending does not use.
func RevokedRecv(say string, err error) error {
	return &Error{Kind: KindRevoked, Say: say, Err: err, RecvOnly: true}
}

// Retry is an ordinary failure, explained to the admins.
func Retry(say string, err error) error { return &Error{Kind: KindRetry, Say: say, Err: err} }

// AsError returns err's *Error; an ordinary error becomes a KindRetry without a sentence.
func AsError(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return &Error{Kind: KindRetry, Err: err}
}
