// Package inbound receives mail: by SMTP (RFC 5321), by LMTP from a mail server in front of the program (RFC 2033), and out of mailboxes by IMAP
// (RFC 9051). It limits connections and rates, greylists (RFC 6647), and checks authors by SPF, DKIM and DMARC.
//
// It knows no network and no subscriber: a Handler says who is a recipient and stores each Mail that comes to a Server; an Inbox stores
// those that a Fetcher reads.
package inbound

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"sync"

	"blitiri.com.ar/go/spf"
)

// Server receives mail by SMTP, and by LMTP if the operator wants it.
type Server struct {
	Domain   string // by which the server greets
	Listen   func() (net.Listener, error)
	TLS      *tls.Config // of STARTTLS; nil without
	LMTP     *LMTP       // nil without
	Relays   Relays
	Greylist *Greylisting // nil without
	Limits   *Limits
	DNS      spf.DNSResolver
	Log      *slog.Logger
}

// backend makes the sessions of both servers.
type backend struct {
	*Server
	handler Handler
	ctx     context.Context // of calls of the handler; ends when the time for draining is over

	large budget

	mu    sync.Mutex
	ended bool
	busy  sync.WaitGroup // messages being read or stored: go-smtp does not wait for those by BDAT
}

// enter reports whether a message may still be read. If so, busy.Done must follow.
func (b *backend) enter() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.ended {
		b.busy.Add(1)
	}
	return !b.ended
}

// wait lets no more messages in and waits for those that are being read or stored.
func (b *backend) wait() {
	b.mu.Lock()
	b.ended = true
	b.mu.Unlock()
	b.busy.Wait()
}
