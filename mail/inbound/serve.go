package inbound

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"

	"github.com/emersion/go-smtp"
)

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
		go func() { served <- e.server.Serve(e.accept) }()
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

// endpoint is a server and the listener of its connections.
type endpoint struct {
	listener *listener
	accept   net.Listener // listener, or what it has encrypted
	server   *smtp.Server
}

func (s *Server) endpoints(b *backend) ([]endpoint, error) {
	raw, err := s.Listen()
	if err != nil {
		return nil, fmt.Errorf("listen for mail: %w", err)
	}
	outer := newListener(raw, s.Domain, s.Relays, false)
	outer.tls = s.TLS
	endpoints := []endpoint{{outer, outer, s.smtp(b)}}
	if s.TLS != nil {
		server := s.smtp(b)
		server.TLSConfig = nil
		endpoints = append(endpoints, endpoint{outer, encryptedListener{outer}, server})
	}
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
	local := newListener(inner, s.Domain, s.Relays, true)
	return append(endpoints, endpoint{local, local, server}), nil
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
	server.AllowInsecureAuth = true // there is no login: the reply must not promise one behind TLS
	server.ErrorLog = discreet{s.Log}
	return server
}

// discreet logs the errors of go-smtp, without the addresses of clients.
type discreet struct{ log *slog.Logger }

func (d discreet) Printf(format string, v ...any) {
	if strings.HasPrefix(format, "panic") && len(v) == 3 {
		d.log.Error("panic in the SMTP server", "panic", fmt.Sprintf("%T", v[1]), "stack", string(v[2].([]byte)))
		return
	}
	d.log.Debug("SMTP connection failed")
}

func (d discreet) Println(...any) { d.log.Debug("SMTP connection failed") }

func (b *backend) NewSession(c *smtp.Conn) (smtp.Session, error) {
	s := &session{backend: b, conn: accepted(c.Conn()), hostname: c.Hostname}
	if c.Server().LMTP {
		return lmtpSession{s}, nil
	}
	return s, nil
}
