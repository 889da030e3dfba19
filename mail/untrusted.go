package mail

import (
	"errors"
	"fmt"
	"net"
	"runtime/debug"
)

// errPanic is for the panics of libraries that read what servers say, and of those who hear of bounces.
var errPanic = errors.New("panic")

// guard turns a panic into an error. It leaves out the panic's own words, which may repeat what was said.
func guard(f func() error) (err error) {
	defer func() {
		if recover() != nil {
			err = fmt.Errorf("%w: %s", errPanic, debug.Stack())
		}
	}()
	return f()
}

// maxSaid is how much a server may say in one connection, of up to maxUses mails, in bytes.
const maxSaid = 1 << 20

var errTooMuch = errors.New("the server says too much")

// metered is a connection that ends when the server has said too much: answers are read into memory, and have no end but the
// server's.
type metered struct {
	net.Conn
	said int
}

func (m *metered) Read(b []byte) (int, error) {
	if m.said >= maxSaid {
		return 0, errTooMuch
	}
	n, err := m.Conn.Read(b)
	m.said += n
	return n, err
}
