package email

import (
	"crypto/tls"
	"io"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// Limits of connections.
const (
	maxConns      = 200
	maxConnsPerIP = 20
	lingerTime    = 3 * time.Second
	lingerBytes   = 16 << 20
)

// gate is a listener that holds few connections at a time, and can end those that it holds.
type gate struct {
	net.Listener
	own   relays // may have as many connections as they like
	inner bool   // nobody but a mail server of ours is on the other side
	mu    sync.Mutex
	conns map[*conn]struct{}
	perIP map[netip.Addr]int
	ended bool
}

func newGate(l net.Listener, own relays, inner bool) *gate {
	return &gate{Listener: l, own: own, inner: inner, conns: map[*conn]struct{}{}, perIP: map[netip.Addr]int{}}
}

// Accept turns away what is too much with 421 (RFC 5321, section 3.8): the client comes again later.
func (g *gate) Accept() (net.Conn, error) {
	for {
		raw, err := g.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if c := g.admit(raw); c != nil {
			return c, nil
		}
		raw.SetWriteDeadline(time.Now().Add(time.Second))
		io.WriteString(raw, "421 4.7.0 Too many connections, try again later\r\n")
		raw.Close()
	}
}

func (g *gate) admit(raw net.Conn) *conn {
	c := &conn{Conn: raw, gate: g}
	if remote, err := netip.ParseAddrPort(raw.RemoteAddr().String()); err == nil {
		c.addr = remote.Addr().Unmap().WithZone("")
		c.ip = group(remote.Addr())
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	many := g.inner || g.own.have(c.addr) || private(c.ip)
	if g.ended || len(g.conns) >= maxConns || g.perIP[c.ip] >= maxConnsPerIP && !many {
		return nil
	}
	g.conns[c] = struct{}{}
	g.perIP[c.ip]++
	return c
}

// private says whether an address is of a private network: of a server of our own, or of a container's gateway that hides all clients
// behind its address. Nothing can be held against one of them.
func private(ip netip.Addr) bool { return ip.IsPrivate() || ip.IsLinkLocalUnicast() }

// group counts an IPv6 network of one customer as one address.
func group(ip netip.Addr) netip.Addr {
	ip = ip.Unmap()
	if ip.Is6() {
		prefix, _ := ip.WithZone("").Prefix(64)
		return prefix.Addr()
	}
	return ip
}

func (g *gate) forget(c *conn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if _, ok := g.conns[c]; ok {
		delete(g.conns, c)
		if g.perIP[c.ip]--; g.perIP[c.ip] == 0 {
			delete(g.perIP, c.ip)
		}
	}
}

// end takes no more connections and lets none read any more: those that wait for a command end at once, with 421, and those whose mail is
// being stored still get their answer.
func (g *gate) end() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.ended = true
	g.Listener.Close() // the server's Shutdown closes only what Serve has got to know
	for c := range g.conns {
		c.deaf.Store(true)
		c.Conn.SetReadDeadline(time.Unix(1, 0))
	}
}

// abort closes all connections.
func (g *gate) abort() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for c := range g.conns {
		c.Conn.Close()
	}
}

// conn is an accepted connection.
type conn struct {
	net.Conn
	gate *gate
	addr netip.Addr  // invalid on a socket
	ip   netip.Addr  // what is counted: addr, or its network
	deaf atomic.Bool // reads fail: the program ends
	over atomic.Bool // reads say EOF: the client has made too many mistakes
	once sync.Once
}

func (c *conn) Read(b []byte) (int, error) {
	if c.over.Load() {
		return 0, io.EOF
	}
	return c.Conn.Read(b)
}

func (c *conn) SetReadDeadline(t time.Time) error {
	if c.deaf.Load() {
		t = time.Unix(1, 0)
	}
	return c.Conn.SetReadDeadline(t)
}

// Close lets a client that is still sending (a line that is too long, say) finish and read our answer: closing with
// unread data resets the connection, and the answer would be lost.
func (c *conn) Close() error {
	c.once.Do(func() {
		defer c.gate.forget(c)
		if half, ok := c.Conn.(interface{ CloseWrite() error }); ok && half.CloseWrite() == nil && !c.deaf.Load() {
			c.Conn.SetReadDeadline(time.Now().Add(lingerTime))
			io.CopyN(io.Discard, c.Conn, lingerBytes)
		}
		c.Conn.Close()
	})
	return nil
}

// accepted finds the accepted connection below TLS.
func accepted(c net.Conn) *conn {
	if secure, ok := c.(*tls.Conn); ok {
		c = secure.NetConn()
	}
	found, _ := c.(*conn)
	return found
}
