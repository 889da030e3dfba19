package harness

import (
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"testing"
)

// The ports of FreePort lie between lowestPort and the ports that Linux gives to connections: net.ipv4.ip_local_port_range begins at 32768.
const (
	lowestPort = 10_000
	blockSize  = 100
	blocks     = 220
)

// FreePort returns the address of a loopback port on which nothing listens, and which no other test gets that runs at the same time.
func FreePort(t testing.TB) string {
	t.Helper()
	block := ports()
	for range blockSize {
		l, err := listen(block.first + 1 + int(block.next.Add(1))%(blockSize-1))
		if err == nil {
			defer l.Close()
			return l.Addr().String()
		}
	}
	t.Fatal("no port is free")
	return ""
}

// portBlock is a range of ports that belongs to this process as long as it listens on the first one: go test runs several packages at once.
type portBlock struct {
	first int
	owned net.Listener
	next  atomic.Int64
}

var ports = sync.OnceValue(func() *portBlock {
	for {
		first := lowestPort + blockSize*rand.IntN(blocks)
		if l, err := listen(first); err == nil {
			return &portBlock{first: first, owned: l}
		}
	}
})

func listen(port int) (net.Listener, error) {
	return net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
}
