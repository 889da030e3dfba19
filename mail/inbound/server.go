// Package inbound receives mail: by SMTP (RFC 5321), by LMTP from a mail server in front of the program (RFC 2033), and out of mailboxes by IMAP
// (RFC 9051). It limits connections and rates, greylists (RFC 6647), and checks authors by SPF, DKIM and DMARC.
//
// It knows no network and no subscriber: a Handler says who is a recipient and stores each Mail that comes to a Server; an Inbox stores
// those that a Fetcher reads.
package inbound

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"time"

	"blitiri.com.ar/go/spf"
	"github.com/emersion/go-smtp"
)

// Limits of the servers.
const (
	maxMessage    = 10 << 20 // bytes, announced by SIZE
	maxLine       = 64 << 10 // bytes of a command and of a line in a message: RFC 5321 wants 1,000, some clients send whole paragraphs
	maxRecipients = 50
	maxMistakes   = 50              // refused recipients in one connection
	readTimeout   = 5 * time.Minute // for the next command, or for one whole message
	writeTimeout  = time.Minute
	storeTimeout  = 30 * time.Second // for a call of the handler
	drainTimeout  = 4 * time.Second  // for mails that are being stored when the server ends
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

// Serve serves until ctx ends, then returns within 5 seconds. When one of the listeners fails, both end, and the error is returned.
func (s *Server) Serve(ctx context.Context, h Handler) error {
	storing, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	b := &backend{Server: s, handler: h, ctx: storing}
	endpoints, err := s.endpoints(b)
	if err != nil {
		return err
	}
	served := make(chan error, len(endpoints))
	for _, e := range endpoints {
		go func() { served <- e.server.Serve(e.listener) }()
	}
	running := len(endpoints)
	select {
	case err = <-served: // the listener failed
		running--
		err = fmt.Errorf("accept mail connections: %w", err)
	case <-ctx.Done():
	}
	ending, stop := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
	defer stop()
	var closing sync.WaitGroup
	for _, e := range endpoints {
		e.listener.drain()
		closing.Go(func() { e.server.Shutdown(ending) }) // its only error is that of ending
	}
	closing.Wait()
	cancel()
	for _, e := range endpoints {
		e.listener.abort()
	}
	for range running {
		<-served
	}
	b.wait()
	return err
}

// endpoint is a listener and what serves it.
type endpoint struct {
	listener *listener
	server   *smtp.Server
}

func (s *Server) endpoints(b *backend) ([]endpoint, error) {
	raw, err := s.Listen()
	if err != nil {
		return nil, fmt.Errorf("listen for mail: %w", err)
	}
	endpoints := []endpoint{{newListener(raw, s.Relays, false), s.smtp(b)}}
	if s.LMTP == nil {
		return endpoints, nil
	}
	inner, err := s.LMTP.open()
	if err != nil {
		raw.Close()
		return nil, fmt.Errorf("listen for mail: %w", err)
	}
	server := s.smtp(b)
	server.LMTP, server.TLSConfig = true, nil
	return append(endpoints, endpoint{newListener(inner, s.Relays, true), server}), nil
}

func (s *Server) smtp(b *backend) *smtp.Server {
	server := smtp.NewServer(b)
	server.Domain = s.Domain
	server.TLSConfig = s.TLS
	server.MaxMessageBytes = maxMessage
	server.MaxLineLength = maxLine
	server.MaxRecipients = maxRecipients
	server.ReadTimeout, server.WriteTimeout = readTimeout, writeTimeout
	server.EnableSMTPUTF8 = true
	server.ErrorLog = discreet{s.Log}
	return server
}

// discreet logs what go-smtp reports, without the addresses of clients.
type discreet struct{ log *slog.Logger }

func (d discreet) Printf(format string, v ...any) {
	if strings.HasPrefix(format, "panic") && len(v) == 3 {
		d.log.Error("panic in the SMTP server", "panic", fmt.Sprintf("%T", v[1]), "stack", string(v[2].([]byte)))
		return
	}
	d.log.Debug("SMTP connection broke")
}

func (d discreet) Println(...any) { d.log.Debug("SMTP connection broke") }

// backend makes the sessions of both servers.
type backend struct {
	*Server
	handler Handler
	ctx     context.Context // of calls of the handler; ends when the time for draining is over

	mu    sync.Mutex
	ended bool
	busy  sync.WaitGroup // messages being read or stored: go-smtp does not wait for those that come by BDAT
}

// enter says whether a message may still be read. If so, busy.Done must follow.
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

func (b *backend) NewSession(c *smtp.Conn) (smtp.Session, error) {
	s := &session{backend: b, conn: accepted(c.Conn()), hostname: c.Hostname}
	if c.Server().LMTP {
		return lmtpSession{s}, nil
	}
	return s, nil
}

// isTooLong says whether reading ended at a line that is too long.
func isTooLong(err error) bool { return errors.Is(err, smtp.ErrTooLongLine) }
