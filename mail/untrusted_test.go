package mail

import (
	"context"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"linienfunk/internal/testkit"
)

// serveRaw runs a TCP server that calls talk for each connection.
func serveRaw(t testing.TB, talk func(net.Conn)) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	var talking sync.WaitGroup
	talking.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			talking.Go(func() {
				defer conn.Close()
				talk(conn)
			})
		}
	})
	t.Cleanup(func() { listener.Close(); talking.Wait() })
	return listener.Addr().String()
}

// A subscriber chooses the server, which must not be able to fill the program's memory.
func TestAServerThatSendsEndlesslyIsDisconnected(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ first, more string }{
		"an endless line":     {"220 ", strings.Repeat("x", 1<<16)},
		"an endless greeting": {"", strings.Repeat("220-mx.example.org\r\n", 1<<12)},
		"an endless reply":    {"220 mx.example.org\r\n", strings.Repeat("250-SIZE\r\n", 1<<12)},
	} {
		t.Run(name, func(t *testing.T) {
			sent := make(chan int, 100)
			address := serveRaw(t, func(conn net.Conn) {
				conn.Write([]byte(c.first))
				total := 0
				for total < 64<<20 {
					n, err := conn.Write([]byte(c.more))
					if total += n; err != nil {
						break
					}
				}
				sent <- total
			})
			i := newInternet(t)
			i.set(func() { i.hosts["example.org"] = []string{"192.0.2.1"} })
			i.servers["192.0.2.1:25"] = address
			w := newWorld(t, i.config())
			w.Mailer.destinationBackoff = func(int) time.Duration { return time.Hour }
			w.run(w.Mailer)
			w.enqueue(messageTo("rider@example.org"))
			<-w.retried
			if n := <-sent; n >= 32<<20 {
				t.Errorf("%d bytes were read", n)
			}
		})
	}
}

// A server may have a single user, whom its name would identify.
func TestTheLogDoesNotNameTheServerOfALostConnection(t *testing.T) {
	t.Parallel()
	address := serveRaw(t, func(conn net.Conn) {
		conn.Write([]byte("220 mx\r\n"))
		received := make([]byte, 1000)
		conn.Read(received) // EHLO
		conn.Write([]byte("250 mx\r\n"))
		conn.Read(received) // EHLO again
		conn.Write([]byte("250 mx\r\n"))
		conn.Read(received) // MAIL
		conn.(*net.TCPConn).SetLinger(0)
	})
	i := newInternet(t)
	i.set(func() { i.hosts["example.org"] = []string{"192.0.2.1"} })
	i.servers["192.0.2.1:25"] = address
	w := newWorld(t, i.config())
	log := &testkit.LogBuffer{}
	w.Mailer.log = slog.New(slog.NewTextHandler(log, nil))
	stop := w.run(w.Mailer)
	w.enqueue(messageTo("rider@example.org"))
	<-w.retried
	<-w.retried
	stop()
	for _, leak := range []string{"127.0.0.1", "192.0.2", "example.org"} {
		if strings.Contains(log.String(), leak) {
			t.Errorf("%s is in the log:\n%s", leak, log)
		}
	}
}

// panics is a transport that panics.
type panics struct{}

func (panics) deliver(context.Context, envelope) error { panic("at the disco") }
func (panics) close()                                  {}

// Libraries parse the replies of servers. Their panics must not end the program.
func TestAPanicCostsOnlyOneAttempt(t *testing.T) {
	t.Parallel()
	s, w := newSinkAndWorld(t)
	sound := w.newTransport
	w.newTransport = func() (func() transport, error) { return func() transport { return panics{} }, nil }
	stop := w.run(w.Mailer)
	w.enqueue(newMessage("1"))
	<-w.retried
	stop()
	w.newTransport = sound
	w.run(w.Mailer)
	s.next()
}
