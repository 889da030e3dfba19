package testkit

import (
	"io"
	"net"
	"net/url"
	"sync"
	"testing"

	"linienfunk/bus"
)

// Proxy forwards TCP connections to a Broker until a test cuts them.
type Proxy struct {
	target   string
	listener net.Listener

	mu    sync.Mutex
	isCut bool
	open  map[net.Conn]bool
}

// Proxy starts a proxy and opens a bus through it. Both end with the test.
func (b Broker) Proxy(t testing.TB) (*Proxy, *bus.Bus) {
	t.Helper()
	u, err := url.Parse(b.url)
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{target: u.Host, open: map[net.Conn]bool{}}
	if p.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	serving.Go(p.serve)
	t.Cleanup(func() {
		p.listener.Close()
		p.Cut()
		serving.Wait()
	})
	u.Host = p.listener.Addr().String()
	return p, openBus(t, bus.Config{URL: u.String(), Prefix: b.prefix})
}

// Cut closes all connections and refuses new ones until Restore.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.isCut = true
	for conn := range p.open {
		conn.Close()
	}
}

// Restore forwards new connections again.
func (p *Proxy) Restore() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.isCut = false
}

func (p *Proxy) serve() {
	var running sync.WaitGroup
	defer running.Wait()
	for {
		near, err := p.listener.Accept()
		if err != nil {
			return
		}
		far, err := net.Dial("tcp", p.target)
		if err != nil || !p.add(near, far) {
			near.Close()
			if far != nil {
				far.Close()
			}
			continue
		}
		running.Go(func() { p.pump(near, far) })
		running.Go(func() { p.pump(far, near) })
	}
}

func (p *Proxy) add(near, far net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.isCut {
		p.open[near], p.open[far] = true, true
	}
	return !p.isCut
}

// pump copies one direction, and closes both connections when it ends.
func (p *Proxy) pump(from, to net.Conn) {
	io.Copy(to, from) // any error is the end
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, conn := range []net.Conn{from, to} {
		conn.Close()
		delete(p.open, conn)
	}
}
