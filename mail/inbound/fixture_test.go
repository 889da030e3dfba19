package inbound_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/foxcpp/go-mockdns"

	"linienfunk/internal/limits"
	"linienfunk/internal/testkit"
	"linienfunk/mail/inbound"
	"linienfunk/mail/inbound/inboundtest"
	"linienfunk/mail/text"
)

// server is a Server on loopback, and its Handler. It has the recipients zuerich and ghent, and two bounce addresses.
type server struct {
	*inbound.Server
	t       testing.TB
	clock   *clock
	log     *testkit.LogBuffer
	network string
	address string
	stop    func() error
	entered chan struct{} // Deliver was called for a recipient that is not raw

	mu     sync.Mutex
	proven bool             // of the last mail
	fail   map[string]error // by recipient; errors of Deliver
	stored []stored
}

// stored is a mail that was delivered to one recipient.
type stored struct{ to, text, doubt string }

const domain, zuerich, ghent, marta = "linienfunk.example", "zuerich@linienfunk.example", "ghent@linienfunk.example", "marta@rider.example"

// serve starts a server that trusts this machine unless prepare changes it.
func serve(t testing.TB, prepare ...func(*server)) *server {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	relays, err := inbound.ParseRelays("")
	if err != nil {
		t.Fatal(err)
	}
	s := &server{t: t, clock: &clock{now: time.Now()}, log: &testkit.LogBuffer{}, network: "tcp", address: listener.Addr().String(),
		entered: make(chan struct{}, 1000), fail: map[string]error{}}
	s.Server = &inbound.Server{
		Domain: domain, Listen: func() (net.Listener, error) { return listener, nil }, Relays: relays, DNS: &mockdns.Resolver{},
		Limits: inbound.NewLimits(limits.NewGroup(s.clock.Now), inbound.DefaultAuthorPerMinute, inbound.DefaultNetworkPerMinute, nil), Log: slog.New(slog.NewTextHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	for _, f := range prepare {
		f(s)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, s) }()
	s.stop = sync.OnceValue(func() error { cancel(); return <-done })
	t.Cleanup(func() { s.stop() })
	return s
}

// distrust removes loopback from the relays.
func distrust(s *server) { s.Relays = nil }

func (s *server) dial() *inboundtest.Client {
	s.t.Helper()
	return inboundtest.Dial(s.t, s.network, s.address)
}

// greeted is dial with the server's greeting read.
func (s *server) greeted() *inboundtest.Client {
	s.t.Helper()
	c := s.dial()
	c.Want("220")
	return c
}

// hello is dial, then EHLO or LHLO.
func (s *server) hello() *inboundtest.Client {
	s.t.Helper()
	if s.network == "unix" {
		return s.dial().Greet("LHLO mx.example")
	}
	return s.dial().Greet("EHLO rider.example")
}

// Resolve implements inbound.Handler.
func (s *server) Resolve(_ context.Context, address string) (inbound.Recipient, error) {
	local, at := text.SplitAddress(strings.ToLower(address))
	name, tag, _ := strings.Cut(local, "+")
	switch {
	case at != domain:
		return inbound.Recipient{}, inbound.Reply(554, [3]int{5, 7, 1}, "no relaying")
	case name == "bounce" && (tag == "1" || tag == "2"):
		return inbound.Recipient{Name: local, Raw: true}, nil
	case name == "zuerich" || name == "ghent":
		return inbound.Recipient{Name: name}, nil
	case name == "broken":
		return inbound.Recipient{}, errors.New("database is gone")
	}
	return inbound.Recipient{}, inbound.Reply(550, [3]int{5, 1, 1}, "no such recipient")
}

// Deliver implements inbound.Handler. It drops automatic mails.
func (s *server) Deliver(ctx context.Context, to inbound.Recipient, m *inbound.Mail) error {
	if !to.Raw {
		s.entered <- struct{}{}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.fail[to.Name]; err != nil {
		return err
	}
	if to.Raw {
		s.stored = append(s.stored, stored{to.Name, string(m.Beginning), ""})
		return nil
	}
	if m.Automatic(m.EnvelopeFrom) != "" {
		return nil
	}
	verdict := m.Verdict(ctx)
	if verdict.Reject {
		return inbound.Reply(550, [3]int{5, 7, 1}, "forged")
	}
	if m.ExceededLimit(ctx, to.Name, m.Author(m.EnvelopeFrom), m.ID) != "" {
		return inbound.Reply(450, [3]int{4, 7, 1}, "too many")
	}
	s.proven = verdict.Proven
	s.stored = append(s.stored, stored{to.Name, m.Report(), verdict.Doubt})
	return nil
}

// failing makes Deliver fail for a recipient, or work again.
func (s *server) failing(recipient string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail[recipient] = err
}

// all returns the mails stored for recipients that are not raw.
func (s *server) all() []stored { return s.storedFor(false) }

// wantStored checks the number of mails stored for cities.
func (s *server) wantStored(n int) {
	s.t.Helper()
	if got := s.all(); len(got) != n {
		s.t.Errorf("%d mails are stored, want %d: %+v", len(got), n, got)
	}
}

// raw returns the mails stored for raw recipients.
func (s *server) raw() []stored { return s.storedFor(true) }

func (s *server) storedFor(raw bool) []stored {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(s.stored), func(one stored) bool { return strings.HasPrefix(one.to, "bounce") != raw })
}

// rawMail returns a mail from Marta. Its Message-ID is always the same.
func rawMail(header, body string) string {
	return "From: Marta <" + marta + ">\nTo: " + zuerich + "\nMessage-ID: <1@rider.example>\n" + header + "\n" + body + "\n"
}

// large returns a text above the size limit of a message.
func large() string { return strings.Repeat(strings.Repeat("kontrolle ", 7)+"\n", 11<<20/70) }

// clock is a clock that the test moves.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}
