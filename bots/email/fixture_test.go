package email_test

import (
	"context"
	"net"
	"testing"

	"linienfunk/bots"
	"linienfunk/bots/bottest"
	"linienfunk/bots/email"
	"linienfunk/mail/inbound/inboundtest"
)

// server is the bot's SMTP server on loopback, and the reports that it has stored.
type server struct {
	t       testing.TB
	w       *bottest.World
	address string
	out     bottest.Outbox
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
	go func() { done <- s.w.Bot.(bots.Listener).Listen(ctx, s.out.Out) }()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	return s
}

// hello connects to the server and sends EHLO.
func (s *server) hello() *inboundtest.Client {
	s.t.Helper()
	return inboundtest.Dial(s.t, "tcp", s.address).Greet("EHLO rider.example")
}

const (
	zuerich = "zuerich@linienfunk.example"
	marta   = "marta@rider.example"
)

func rawMail(header, text string) string {
	return "From: Marta <" + marta + ">\nTo: " + zuerich + "\nMessage-ID: <1@rider.example>\n" + header + "\n" + text + "\n"
}
