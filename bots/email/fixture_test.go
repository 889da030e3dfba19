package email_test

import (
	"context"
	"io"
	"net"
	"net/textproto"
	"strings"
	"sync"
	"testing"
	"time"

	"linienfunk/bots"
	"linienfunk/bots/bottest"
	"linienfunk/bots/email"
	"linienfunk/report"
)

// server is the bot's SMTP server on loopback, with what it stored.
type server struct {
	t       testing.TB
	w       *bottest.World
	network string
	address string
	stop    func() error
	entered chan struct{} // out was called

	mu       sync.Mutex
	fail     error  // of out
	failCity string // the only city that it fails for, if not empty
	stored   []stored
}

type stored struct {
	city string
	report.Report
}

func serve(t testing.TB, prepare ...func(*bottest.World)) *server {
	t.Helper()
	return servePlugin(t, email.Plugin(), prepare...)
}

func servePlugin(t testing.TB, plugin bots.Plugin, prepare ...func(*bottest.World)) *server {
	t.Helper()
	s := &server{t: t, network: "tcp", entered: make(chan struct{}, 1000), w: bottest.NewWorld(t, "email", plugin)}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.address = listener.Addr().String()
	s.w.Mail.Listen = func() (net.Listener, error) { return listener, nil }
	for _, f := range prepare {
		f(s.w)
	}
	s.w.Restart(t)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.w.Bot.(bots.Listener).Listen(ctx, s.out) }()
	var once sync.Once
	s.stop = func() (err error) {
		once.Do(func() {
			cancel()
			err = <-done
		})
		return err
	}
	t.Cleanup(func() { s.stop() })
	return s
}

func (s *server) out(_ context.Context, city string, r report.Report) error {
	s.entered <- struct{}{}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil && (s.failCity == "" || s.failCity == city) {
		return s.fail
	}
	s.stored = append(s.stored, stored{city, r})
	return nil
}

func (s *server) set(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}

func (s *server) all() []stored {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]stored(nil), s.stored...)
}

// client is a connection on which the test speaks SMTP word by word.
type client struct {
	*textproto.Conn
	t    testing.TB
	conn net.Conn
}

func (s *server) dial() *client {
	s.t.Helper()
	conn, err := net.Dial(s.network, s.address)
	if err != nil {
		s.t.Fatal(err)
	}
	conn.SetDeadline(time.Now().Add(time.Minute))
	c := &client{textproto.NewConn(conn), s.t, conn}
	s.t.Cleanup(func() { c.Close() })
	return c
}

// hello is dial with the greetings said.
func (s *server) hello() *client {
	s.t.Helper()
	c := s.dial()
	c.want("220")
	c.say("EHLO rider.example", "250")
	return c
}

func (c *client) want(prefix string) string {
	c.t.Helper()
	for {
		line, err := c.ReadLine()
		if err != nil {
			c.t.Fatalf("no answer, want %s: %v", prefix, err)
		}
		if len(line) > 3 && line[3] == '-' {
			continue
		}
		if !strings.HasPrefix(line, prefix) {
			c.t.Errorf("answer %q, want %s", line, prefix)
		}
		return line
	}
}

func (c *client) say(line, prefix string) string {
	c.t.Helper()
	if err := c.PrintfLine("%s", line); err != nil {
		c.t.Fatal(err)
	}
	return c.want(prefix)
}

// mail says a whole mail, up to the answer to its data.
func (c *client) mail(from, to, message, prefix string) string {
	c.t.Helper()
	c.say("MAIL FROM:<"+from+">", "250")
	c.say("RCPT TO:<"+to+">", "250")
	c.say("DATA", "354")
	w := c.DotWriter()
	io.WriteString(w, message)
	w.Close()
	return c.want(prefix)
}

const (
	zuerich = "zuerich@linienfunk.example"
	marta   = "marta@rider.example"
)

func letter(header, text string) string {
	return "From: Marta <" + marta + ">\nTo: " + zuerich + "\nMessage-ID: <1@rider.example>\n" + header + "\n" + text + "\n"
}
