package testkit

import (
	"context"
	"io"
	"net"
	"net/url"
	"sync"
	"testing"

	"linienfunk/bus"
)

// Cable is a connection to a Broker that can be cut.
type Cable struct {
	target   string
	listener net.Listener

	mu    sync.Mutex
	isCut bool
	open  map[net.Conn]bool
}

// Cable lays one.
func (b Broker) Cable(t testing.TB) (*Cable, *bus.Bus) {
	t.Helper()
	u, err := url.Parse(b.url)
	if err != nil {
		t.Fatal(err)
	}
	c := &Cable{target: u.Host, open: map[net.Conn]bool{}}
	if c.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	serving.Go(c.serve)
	t.Cleanup(func() {
		c.listener.Close()
		c.Cut()
		serving.Wait()
	})
	u.Host = c.listener.Addr().String()
	opened, err := bus.Open(context.Background(), bus.Config{URL: u.String(), Prefix: b.prefix, Shards: 4, Log: Log(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(opened.Close)
	return c, opened
}

// Cut breaks all connections, and lets none through until Mend.
func (c *Cable) Cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.isCut = true
	for conn := range c.open {
		conn.Close()
	}
}

// Mend lets connections through again.
func (c *Cable) Mend() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.isCut = false
}

func (c *Cable) serve() {
	var running sync.WaitGroup
	defer running.Wait()
	for {
		near, err := c.listener.Accept()
		if err != nil {
			return
		}
		far, err := net.Dial("tcp", c.target)
		if err != nil || !c.hold(near, far) {
			near.Close()
			if far != nil {
				far.Close()
			}
			continue
		}
		running.Go(func() { c.pump(near, far) })
		running.Go(func() { c.pump(far, near) })
	}
}

func (c *Cable) hold(near, far net.Conn) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.isCut {
		c.open[near], c.open[far] = true, true
	}
	return !c.isCut
}

// pump ends both directions when one of them ends.
func (c *Cable) pump(from, to net.Conn) {
	io.Copy(to, from) // any error is the end
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, conn := range []net.Conn{from, to} {
		conn.Close()
		delete(c.open, conn)
	}
}
