package inbound_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"sync"
	"testing"
	"time"

	"linienfunk/internal/limits"
	"linienfunk/internal/testkit"
	"linienfunk/mail/inbound"
	"linienfunk/mail/inbound/inboundtest"
)

const mailboxAddress = "melden@post.example"

// mailbox is a mailbox on a server, and the Inbox that receives its mails.
type mailbox struct {
	*inbound.Fetcher
	t       testing.TB
	server  *inboundtest.Server
	account inbound.Account
	clock   *clock
	log     *testkit.LogBuffer
	got     chan *inbound.Mail
	count   int

	mu       sync.Mutex
	position inbound.Position
	deliver  func(text string) error // called for each mail before it is sent to got; may be nil
}

// newMailbox opens a mailbox that already has a mail, which is not read.
func newMailbox(t testing.TB, server *inboundtest.Server, prepare ...func(*mailbox)) *mailbox {
	t.Helper()
	server.Add(mailboxAddress)
	port, err := strconv.Atoi(server.Port())
	if err != nil {
		t.Fatal(err)
	}
	m := &mailbox{t: t, server: server, clock: &clock{now: time.Now()}, log: &testkit.LogBuffer{}, got: make(chan *inbound.Mail, 100)}
	m.account = inbound.Account{Host: server.Host(), Port: port, Security: inbound.NoTLS, Login: mailboxAddress, Password: inboundtest.Password}
	m.Fetcher = &inbound.Fetcher{
		Dial: (&net.Dialer{}).DialContext, Timing: inbound.DefaultTiming, Limits: inbound.NewLimits(limits.NewGroup(m.clock.Now), inbound.DefaultAuthorPerMinute, inbound.DefaultNetworkPerMinute, nil), Now: m.clock.Now,
		Log: slog.New(slog.NewTextHandler(m.log, nil)),
	}
	for _, f := range prepare {
		f(m)
	}
	m.add(m.mail("kontrolle von früher"))
	open, err := m.Open(t.Context(), m.account)
	if err != nil {
		t.Fatal(err)
	}
	defer open.Close()
	m.position = open.Position(m.clock.Now())
	return m
}

// Deliver implements inbound.Inbox.
func (m *mailbox) Deliver(_ context.Context, one *inbound.Mail) error {
	if m.deliver != nil {
		if err := m.deliver(one.Report()); err != nil {
			return err
		}
	}
	if one.Automatic(one.EnvelopeFrom) == "" {
		m.got <- one
	}
	return nil
}

// Save implements inbound.Inbox.
func (m *mailbox) Save(_ context.Context, p inbound.Position) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.position = p
	return nil
}

// read reads the mailbox over one connection until it fails.
func (m *mailbox) read(ctx context.Context) (err error) {
	defer func() {
		if v := recover(); v != nil { // as the supervisor does
			err = fmt.Errorf("panic: %v", v)
		}
	}()
	open, err := m.Open(ctx, m.account)
	if err != nil {
		return err
	}
	defer open.Close()
	m.mu.Lock()
	from := m.position
	m.mu.Unlock()
	return open.Read(ctx, from, m, m.Log)
}

// run reads the mailbox over one connection after the other, until the test ends or stop is called.
func (m *mailbox) run() (stop func()) {
	return testkit.Background(m.t, func(ctx context.Context) {
		for ctx.Err() == nil {
			m.read(ctx)
		}
	})
}

// mail is a new mail from Marta.
func (m *mailbox) mail(text string) string {
	m.count++
	return fmt.Sprintf("Return-Path: <%[1]s>\nFrom: <%[1]s>\nMessage-ID: <%[2]d@rider.example>\nContent-Type: text/plain; charset=utf-8\n\n%[3]s\n", marta, m.count, text)
}

// add puts a mail into the mailbox.
func (m *mailbox) add(raw string) { m.server.Deliver(mailboxAddress, raw, m.clock.Now()) }

// next waits for the next mail and checks its text.
func (m *mailbox) next(text string) *inbound.Mail {
	m.t.Helper()
	got := testkit.Next(m.t, m.got)
	if got.Report() != text {
		m.t.Fatalf("got %q, want %q", got.Report(), text)
	}
	return got
}

// idles waits until all mails are read and the connection is in IDLE.
func (m *mailbox) idles() {
	m.t.Helper()
	testkit.Eventually(m.t, "the mailbox is read and waits for mails", func() bool { return m.server.Idling() == 1 })
}

// wantReason checks the reason of an *inbound.IMAPError, and that it does not contain the login.
func wantReason(t testing.TB, err error, want inbound.IMAPReason) {
	t.Helper()
	var failed *inbound.IMAPError
	if !errors.As(err, &failed) || failed.Reason != want {
		t.Errorf("got %v, want reason %v", err, want)
	}
}
