package inbound

import (
	"bytes"
	"crypto/tls"
	"io"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"linienfunk/internal/limits"
)

// Limits of connections.
const (
	maxConns      = 200 // of strangers
	reservedConns = 50  // of those, for addresses that have none yet
	maxConnsPerIP = 20
	maxOurs       = 200              // of relays and private addresses, on top
	idleTime      = 10 * time.Minute // that a stranger may keep a connection without a mail, whatever commands it sends
	lingerTime    = 3 * time.Second
	lingerBytes   = 16 << 20
)

// listener limits the connections that are open at a time, and can end them.
type listener struct {
	net.Listener
	domain  string // of the recipient postmaster, who may be named without one
	relays  Relays // may open as many connections as they like
	trusted bool   // all clients are relays

	tls       *tls.Config // of STARTTLS; nil without
	encrypted chan *conn  // connections that have become encrypted
	closed    chan struct{}
	close     func() // closes closed

	mu        sync.Mutex
	conns     map[*conn]struct{}
	perIP     map[netip.Addr]int
	strangers int // of the conns
	ended     bool
}

func newListener(l net.Listener, domain string, relays Relays, trusted bool) *listener {
	closed := make(chan struct{})
	return &listener{
		Listener: l, domain: domain, relays: relays, trusted: trusted, conns: map[*conn]struct{}{}, perIP: map[netip.Addr]int{},
		encrypted: make(chan *conn), closed: closed, close: sync.OnceFunc(func() { close(closed) }),
	}
}

// Accept answers connections above the limits with 421 (RFC 5321, section 3.8): the client tries again later.
func (l *listener) Accept() (net.Conn, error) {
	for {
		raw, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if c := l.admit(raw); c != nil {
			return c, nil
		}
		raw.SetWriteDeadline(time.Now().Add(time.Second))
		io.WriteString(raw, "421 4.7.0 Too many connections, try again later\r\n")
		raw.Close()
	}
}

func (l *listener) admit(raw net.Conn) *conn {
	c := &conn{Conn: raw, listener: l, commands: commands{domain: l.domain}}
	c.progressed()
	if remote, err := netip.ParseAddrPort(raw.RemoteAddr().String()); err == nil {
		c.addr = remote.Addr().Unmap().WithZone("")
		c.ip = counted(remote.Addr())
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended || !l.hasRoom(c) {
		return nil
	}
	l.conns[c] = struct{}{}
	l.perIP[c.ip]++
	if c.isStranger() {
		l.strangers++
	}
	return c
}

// hasRoom reports whether a connection is within the limits. Strangers cannot shut out our own mail servers, nor a few of them the others.
func (l *listener) hasRoom(c *conn) bool {
	if !c.isStranger() {
		return len(l.conns)-l.strangers < maxOurs
	}
	has := l.perIP[c.ip]
	return has < maxConnsPerIP && (l.strangers < maxConns-reservedConns || has == 0 && l.strangers < maxConns)
}

// counted is the address that connections are counted for: of IPv6 the network of one customer.
func counted(ip netip.Addr) netip.Addr {
	if network := limits.Network(ip, 32, 64); network.IsValid() {
		return network.Addr()
	}
	return ip
}

func (l *listener) forget(c *conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, ok := l.conns[c]; ok {
		delete(l.conns, c)
		if c.isStranger() {
			l.strangers--
		}
		if l.perIP[c.ip]--; l.perIP[c.ip] == 0 {
			delete(l.perIP, c.ip)
		}
	}
}

// drain accepts no more connections and stops reading: connections that wait for a command end at once, with 421, and those whose mail is
// being stored still get their answer.
func (l *listener) drain() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended = true
	l.close()
	l.Listener.Close() // Shutdown of the server does not close it if it comes before Serve
	for c := range l.conns {
		c.drained.Store(true)
		c.Conn.SetReadDeadline(time.Unix(1, 0))
	}
}

// abort closes all connections.
func (l *listener) abort() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.conns {
		c.Conn.Close()
	}
}

// conn is an accepted connection.
type conn struct {
	net.Conn
	listener *listener
	addr     netip.Addr // invalid on a Unix socket
	ip       netip.Addr // for which it is counted
	commands commands
	once     sync.Once

	progress atomic.Int64 // when the last mail was stored, or else the connection accepted; nanoseconds since 1970
	drained  atomic.Bool  // reads fail: the server ends
	rejected atomic.Bool  // reads return EOF: the client has made too many mistakes
	replaced atomic.Bool  // by one that is encrypted, which has the network connection now
	silent   atomic.Bool  // the next reply is not sent: the greeting of a connection that has become encrypted

	begun []byte // the lines of a reply whose last one has not come yet
}

func (c *conn) Read(b []byte) (int, error) {
	if c.rejected.Load() || c.replaced.Load() {
		return 0, io.EOF
	}
	return c.commands.read(c.Conn, b)
}

func (c *conn) Write(b []byte) (int, error) {
	if c.replaced.Load() || c.silent.CompareAndSwap(true, false) {
		return len(b), nil
	}
	if c.commands.replied(b) && c.listener.tls != nil {
		n, err := c.send(b)
		if err == nil {
			c.encrypt()
		}
		return n, err
	}
	if c.drained.Load() && bytes.HasPrefix(b, idleReply) {
		if _, err := io.WriteString(c.Conn, endReply); err != nil {
			return 0, err
		}
		return len(b), nil
	}
	return c.send(b)
}

// send sends a line of a reply. go-smtp writes each line by itself: those of its answer to EHLO, of which more follow, wait for the last one, so
// that all need one packet.
func (c *conn) send(line []byte) (int, error) {
	if bytes.HasPrefix(line, []byte("250-")) {
		c.begun = append(c.begun, line...)
		return len(line), nil
	}
	if len(c.begun) == 0 {
		return c.Conn.Write(line)
	}
	whole := append(c.begun, line...)
	c.begun = nil
	if _, err := c.Conn.Write(whole); err != nil {
		return 0, err
	}
	return len(line), nil
}

// drain ends a read with a timeout, which go-smtp takes for an idle client.
var idleReply = []byte("421 4.4.2 Idle timeout")

// endReply has the status of a server that is being shut down (RFC 3463, section 3.4).
const endReply = "421 4.3.2 The server is restarting, try again in a minute\r\n"

func (c *conn) SetReadDeadline(t time.Time) error {
	if c.replaced.Load() {
		return nil
	}
	if end := time.Unix(0, c.progress.Load()).Add(idleTime); c.isStranger() && end.Before(t) {
		t = end
	}
	if c.drained.Load() {
		t = time.Unix(1, 0)
	}
	return c.Conn.SetReadDeadline(t)
}

func (c *conn) SetWriteDeadline(t time.Time) error {
	if c.replaced.Load() {
		return nil
	}
	return c.Conn.SetWriteDeadline(t)
}

// progressed notes that a mail was stored.
func (c *conn) progressed() {
	if c != nil {
		c.progress.Store(time.Now().UnixNano())
	}
}

// Close lets a client that is still sending, such as a line that is too long, finish and read the answer: closing with
// unread data resets the connection, and the answer would be lost.
func (c *conn) Close() error {
	c.once.Do(func() {
		if c.replaced.Load() {
			return
		}
		defer c.listener.forget(c)
		if half, ok := c.Conn.(interface{ CloseWrite() error }); ok && half.CloseWrite() == nil && !c.drained.Load() {
			c.Conn.SetReadDeadline(time.Now().Add(lingerTime))
			io.CopyN(io.Discard, c.Conn, lingerBytes)
		}
		c.Conn.Close()
	})
	return nil
}

// isStranger reports whether the client is no relay, and known by its address.
func (c *conn) isStranger() bool {
	return c != nil && !c.listener.trusted && c.addr.IsValid() && !c.listener.relays.has(c.addr) && !isPrivate(c.addr)
}

// accepted returns the accepted connection below TLS.
func accepted(c net.Conn) *conn {
	if secure, ok := c.(*tls.Conn); ok {
		c = secure.NetConn()
	}
	found, _ := c.(*conn)
	return found
}
