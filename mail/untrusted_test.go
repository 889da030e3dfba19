package mail

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

// speak is a server that says what it likes to the first line of each connection, and before it.
func speak(t testing.TB, talk func(net.Conn)) (address string) {
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

// A subscriber chooses the server: it must not be able to fill the program's memory.
func TestAServerThatTalksWithoutEndIsLeft(t *testing.T) {
	for name, c := range map[string]struct{ first, more string }{
		"a line without an end":     {"220 ", strings.Repeat("x", 1<<16)},
		"a greeting without an end": {"", strings.Repeat("220-mx.example.org\r\n", 1<<12)},
		"an answer without an end":  {"220 mx.example.org\r\n", strings.Repeat("250-SIZE\r\n", 1<<12)},
	} {
		t.Run(name, func(t *testing.T) {
			said := make(chan int, 100)
			address := speak(t, func(conn net.Conn) {
				conn.SetDeadline(time.Now().Add(30 * time.Second))
				conn.Write([]byte(c.first))
				total := 0
				for total < 64<<20 {
					n, err := conn.Write([]byte(c.more))
					if total += n; err != nil {
						break
					}
				}
				said <- total
			})
			i := newInternet(t)
			i.set(func() { i.hosts["example.org"] = []string{"192.0.2.1"} })
			i.servers["192.0.2.1:25"] = address
			w := newWorld(t, i.config())
			w.Mailer.destinationBackoff = func(int) time.Duration { return time.Hour }
			w.run(w.Mailer)
			w.enqueue(to("rider@example.org"))
			<-w.paused
			if n := <-said; n >= 32<<20 {
				t.Errorf("%d bytes were taken", n)
			}
		})
	}
}

type logBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// Whose server it is may be known to everybody who reads the log.
func TestTheLogDoesNotTellWhichServerBrokeOff(t *testing.T) {
	address := speak(t, func(conn net.Conn) {
		conn.Write([]byte("220 mx\r\n"))
		heard := make([]byte, 1000)
		conn.Read(heard) // EHLO
		conn.Write([]byte("250 mx\r\n"))
		conn.Read(heard) // EHLO again
		conn.Write([]byte("250 mx\r\n"))
		conn.Read(heard) // MAIL
		conn.(*net.TCPConn).SetLinger(0)
	})
	i := newInternet(t)
	i.set(func() { i.hosts["example.org"] = []string{"192.0.2.1"} })
	i.servers["192.0.2.1:25"] = address
	w := newWorld(t, i.config())
	log := &logBuffer{}
	w.Mailer.log = slog.New(slog.NewTextHandler(log, nil))
	stop := w.run(w.Mailer)
	w.enqueue(to("rider@example.org"))
	<-w.paused
	<-w.paused
	stop()
	for _, leak := range []string{"127.0.0.1", "192.0.2", "example.org"} {
		if strings.Contains(log.String(), leak) {
			t.Errorf("%s is in the log:\n%s", leak, log)
		}
	}
}

// panics is a transport that does.
type panics struct{}

func (panics) deliver(context.Context, envelope) error { panic("at the disco") }
func (panics) close()                                  {}

// What a server says is foreign input to a library of somebody else: it must not end the program.
func TestAPanicCostsNoMoreThanAnAttempt(t *testing.T) {
	s := newSink(t)
	w := newWorld(t, Config{Smarthost: s.address})
	sound := w.newTransport
	w.newTransport = func() (func() transport, error) { return func() transport { return panics{} }, nil }
	stop := w.run(w.Mailer)
	w.enqueue(letter("1"))
	<-w.paused
	stop()
	w.newTransport = sound
	w.run(w.Mailer)
	s.next()
}

func TestAPanicOfWhoHearsOfABouncePutsItOff(t *testing.T) {
	s := newSink(t)
	s.refuse = func(at, _ string) error { return map[string]error{"RCPT": gone}[at] }
	w := newWorld(t, Config{Smarthost: s.address})
	heard := make(chan struct{}, 100)
	calm := false
	w.register(func(string, Bounce) error {
		heard <- struct{}{}
		if !calm {
			calm = true
			panic("once")
		}
		return nil
	})
	must(t, w.as("post").Enqueue(t.Context(), subscription("1")))
	w.run(w.Mailer)
	w.rest()
	if len(heard) != 2 {
		t.Errorf("told %d times", len(heard))
	}
}
