package email_test

import (
	"context"
	"net"
	"sync"
	"testing"

	"linienfunk/bots"
	"linienfunk/bots/bottest"
	"linienfunk/bots/email"
	"linienfunk/mail/inbound/inboundtest"
	"linienfunk/report"
)

// server is the bot's SMTP server on loopback, with what it stored.
type server struct {
	t       testing.TB
	w       *bottest.World
	address string

	mu     sync.Mutex
	fail   error // of out
	stored []stored
}

type stored struct {
	city string
	report.Report
}

func serve(t testing.TB, prepare ...func(*bottest.World)) *server {
	t.Helper()
	s := &server{t: t, w: bottest.NewWorld(t, "email", email.Plugin())}
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
	t.Cleanup(func() {
		cancel()
		<-done
	})
	return s
}

func (s *server) out(_ context.Context, city string, r report.Report) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil {
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

// hello connects to the server and says the greetings.
func (s *server) hello() *inboundtest.Client {
	s.t.Helper()
	return inboundtest.Dial(s.t, "tcp", s.address).Greet("EHLO rider.example")
}

const (
	zuerich = "zuerich@linienfunk.example"
	marta   = "marta@rider.example"
)

func letter(header, text string) string {
	return "From: Marta <" + marta + ">\nTo: " + zuerich + "\nMessage-ID: <1@rider.example>\n" + header + "\n" + text + "\n"
}
