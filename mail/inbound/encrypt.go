package inbound

import (
	"context"
	"crypto/tls"
	"net"
	"time"
)

// handshakeTime is how long a client may take to agree on keys.
const handshakeTime = time.Minute

// encrypt begins with TLS after STARTTLS. go-smtp would do so above this package's conn, which could not see the commands any more. Instead the
// encrypted connection goes to another server, without STARTTLS, as a new one: it forgets what was said before, as RFC 3207, section 4.2 wants.
// For the server of c the connection ends.
func (c *conn) encrypt() {
	ctx, cancel := context.WithTimeout(context.Background(), handshakeTime)
	defer cancel()
	secure := tls.Server(c.Conn, c.listener.tls)
	if err := secure.HandshakeContext(ctx); err != nil {
		c.rejected.Store(true)
		return
	}
	inner := &conn{Conn: secure, listener: c.listener, addr: c.addr, ip: c.ip, commands: commands{domain: c.listener.domain}}
	inner.progress.Store(c.progress.Load())
	inner.silent.Store(true)
	if !c.listener.replace(c, inner) {
		c.rejected.Store(true)
		return
	}
	select {
	case c.listener.encrypted <- inner:
	case <-c.listener.closed:
		inner.Close()
	}
}

// replace counts an encrypted connection instead of the one that it was. It fails if the listener has ended.
func (l *listener) replace(c, inner *conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, ok := l.conns[c]; !ok || l.ended {
		return false
	}
	delete(l.conns, c)
	l.conns[inner] = struct{}{}
	c.replaced.Store(true)
	return true
}

// encryptedListener accepts the connections that have become encrypted.
type encryptedListener struct{ *listener }

func (l encryptedListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.encrypted:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l encryptedListener) Close() error {
	l.close()
	return nil
}
