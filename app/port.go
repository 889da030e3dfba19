package app

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"syscall"
	"time"
)

// bind opens a TCP port, of a key of the configuration. Its error says what to do if the port is in use.
func bind(key, address string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		setting := "--" + key
		if strings.Contains(key, ".") { // keys in tables have no flag
			setting = key
		}
		return nil, fmt.Errorf("%s: another program listens on %s already; stop it or choose another address with %s", key, address, setting)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", key, err)
	}
	return l, nil
}

// port is a TCP port that stays bound while the server behind it restarts: connections wait meanwhile.
type port struct {
	net.Listener
	accepted chan net.Conn
	ended    chan struct{} // closed once the port is closed
}

func newPort(l net.Listener) *port {
	p := &port{Listener: l, accepted: make(chan net.Conn), ended: make(chan struct{})}
	go p.accept()
	return p
}

func (p *port) accept() {
	defer close(p.ended)
	for {
		conn, err := p.Listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			time.Sleep(10 * time.Millisecond) // out of file descriptors, or the client left before it was accepted
			continue
		}
		p.accepted <- conn
	}
}

// close releases the port.
func (p *port) close() {
	p.Listener.Close()
	for {
		select {
		case conn := <-p.accepted:
			conn.Close()
		case <-p.ended:
			return
		}
	}
}

// open returns a listener whose Close leaves the port bound.
func (p *port) open() (net.Listener, error) {
	return &portListener{port: p, closed: make(chan struct{})}, nil
}

// portListener accepts the connections of a port.
type portListener struct {
	*port
	once   sync.Once
	closed chan struct{}
}

func (l *portListener) Accept() (net.Conn, error) {
	select {
	case <-l.closed:
		return nil, net.ErrClosed
	default:
	}
	select {
	case conn := <-l.accepted:
		return conn, nil
	case <-l.closed:
	case <-l.ended:
	}
	return nil, net.ErrClosed
}

func (l *portListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}
