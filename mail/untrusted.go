package mail

import (
	"errors"
	"fmt"
	"net"
	"runtime/debug"
)

// errPanic wraps panics of libraries that parse servers' replies, and of networks' methods.
var errPanic = errors.New("panic")

// recovered calls f and turns a panic into an error, with the stack but without the panic's value, which may repeat a server's text.
func recovered(f func() error) (err error) {
	defer func() {
		if recover() != nil {
			err = fmt.Errorf("%w: %s", errPanic, debug.Stack())
		}
	}()
	return f()
}

// maxRead is how much is read from one connection, in bytes. It carries up to maxUses messages.
const maxRead = 1 << 20

var errReadLimit = errors.New("the server sends too much")

// limitedConn is a connection with a limit on what is read: clients buffer replies of any length.
type limitedConn struct {
	net.Conn
	read int
}

func (c *limitedConn) Read(b []byte) (int, error) {
	if c.read >= maxRead {
		return 0, errReadLimit
	}
	n, err := c.Conn.Read(b)
	c.read += n
	return n, err
}
