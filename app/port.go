package app

import (
	"errors"
	"fmt"
	"net"
	"sync"
	"syscall"
	"time"
)

// bind opens a TCP port, or says what to do if it is taken.
func bind(key, address string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("%s: another program listens on %s already; stop it or choose another address with --%s", key, address, key)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", key, err)
	}
	return l, nil
}

// socket is a port that stays bound while the server behind it is started again: connections that come in between
// wait.
type socket struct {
	net.Listener
	accepted chan net.Conn
	ended    chan struct{} // closed when the port is
}

func newSocket(l net.Listener) *socket {
	s := &socket{Listener: l, accepted: make(chan net.Conn), ended: make(chan struct{})}
	go s.accept()
	return s
}

func (s *socket) accept() {
	defer close(s.ended)
	for {
		conn, err := s.Listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			time.Sleep(10 * time.Millisecond) // out of files, or the connection was gone before it was accepted
			continue
		}
		s.accepted <- conn
	}
}

// close unbinds the port.
func (s *socket) close() {
	s.Listener.Close()
	for {
		select {
		case conn := <-s.accepted:
			conn.Close()
		case <-s.ended:
			return
		}
	}
}

// open returns a listener whose Close leaves the port bound.
func (s *socket) open() (net.Listener, error) {
	return &view{socket: s, closed: make(chan struct{})}, nil
}

type view struct {
	*socket
	once   sync.Once
	closed chan struct{}
}

func (v *view) Accept() (net.Conn, error) {
	select {
	case <-v.closed:
		return nil, net.ErrClosed
	default:
	}
	select {
	case conn := <-v.accepted:
		return conn, nil
	case <-v.closed:
	case <-v.ended:
	}
	return nil, net.ErrClosed
}

func (v *view) Close() error {
	v.once.Do(func() { close(v.closed) })
	return nil
}
