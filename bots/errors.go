package bots

import (
	"errors"
	"time"
)

// Error is an error that tells the core what to do next. Neither Say nor Err contains a secret, an author or a report's text.
type Error struct {
	Kind  Kind
	Say   string        // for the city's admins: an id of the bot's texts, or a sentence
	After time.Duration // of a KindRetryAfter
	Err   error         // for the operator's log

	// RecvOnly, with KindRevoked from Recv, stops receiving only: sending does not use the revoked credentials.
	RecvOnly bool
}

// Kind is how the core handles an Error.
type Kind int

// The kinds. Any other error is a KindRetry without a sentence.
const (
	KindRetry      Kind = iota // retry with backoff until the report expires
	KindPermanent              // record it and continue with the next report
	KindRetryAfter             // wait for After, then retry
	KindRevoked                // stop the account until its Revision changes, and notify the city's admins
)

func (e *Error) Error() string {
	if e.Err == nil {
		return e.Say
	}
	return e.Err.Error()
}

func (e *Error) Unwrap() error { return e.Err }

// Permanent returns an Error for a report that the network will never accept.
func Permanent(say string, err error) error { return &Error{Kind: KindPermanent, Say: say, Err: err} }

// RetryAfter returns an Error for a rate limit. The core waits for d, but at least a second and at most an hour.
func RetryAfter(d time.Duration, say string, err error) error {
	return &Error{Kind: KindRetryAfter, Say: say, After: d, Err: err}
}

// Revoked returns an Error for an account that the network does not take.
func Revoked(say string, err error) error { return &Error{Kind: KindRevoked, Say: say, Err: err} }

// RevokedRecv is Revoked with RecvOnly.
func RevokedRecv(say string, err error) error {
	return &Error{Kind: KindRevoked, Say: say, Err: err, RecvOnly: true}
}

// Retry returns an Error for a failure that may pass; say is for admins.
func Retry(say string, err error) error { return &Error{Kind: KindRetry, Say: say, Err: err} }

// AsError returns the *Error in err's chain, or err as a KindRetry.
func AsError(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return &Error{Kind: KindRetry, Err: err}
}
