package telegramtest

import (
	"context"
	"errors"
	"net"
	"net/http"
	"testing"
)

// NewOnPipes starts a server on in-memory pipes, for testing/synctest bubbles, and returns it with an HTTP client for it.
func NewOnPipes(t testing.TB) (*Server, *http.Client) {
	s := newServer(t)
	s.URL = "http://telegram.test"
	conns := make(chan net.Conn)
	server := &http.Server{Handler: s}
	served := make(chan struct{})
	go func() { defer close(served); server.Serve(pipes{conns, s.closed}) }()
	transport := &http.Transport{MaxIdleConnsPerHost: 20, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		select {
		case conns <- theirs:
			return ours, nil
		case <-s.closed:
			return nil, errors.New("connection refused")
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}}
	t.Cleanup(func() { close(s.closed); transport.CloseIdleConnections(); server.Close(); <-served })
	return s, &http.Client{Transport: transport}
}

type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
}

func (p pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p pipes) Close() error   { return nil }
func (p pipes) Addr() net.Addr { return &net.UnixAddr{Name: "telegram.test"} }
