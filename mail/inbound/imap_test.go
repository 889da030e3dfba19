package inbound_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"linienfunk/internal/testkit"
	"linienfunk/mail/inbound"
	"linienfunk/mail/inbound/inboundtest"
)

func TestAMailboxWithNewUIDsIsContinuedByDate(t *testing.T) {
	t.Parallel()
	m := newMailbox(t, inboundtest.New(t))
	stop := m.run()
	m.clock.Advance(time.Hour)
	m.add(m.mail("kontrolle eins"))
	m.next("kontrolle eins")
	m.clock.Advance(time.Hour)
	m.add(m.mail("kontrolle zwei"))
	last := m.next("kontrolle zwei")
	m.idles()
	stop()
	m.clock.Advance(time.Hour)
	m.add(m.mail("kontrolle drei"))
	m.server.Renumber(mailboxAddress)
	m.run()
	m.next("kontrolle drei") // its UID is now below those of the others
	if again := m.next("kontrolle zwei"); again.ID != last.ID {
		t.Errorf("the repetition of the last one has the ID %s, not %s", again.ID, last.ID)
	}
	m.add(m.mail("kontrolle vier"))
	m.next("kontrolle vier")
}

func TestABrokenConnectionIsReplaced(t *testing.T) {
	t.Parallel()
	m := newMailbox(t, inboundtest.New(t))
	m.run()
	for i := range 3 {
		m.idles()
		m.server.Drop()
		text := fmt.Sprintf("kontrolle %d", i)
		m.add(m.mail(text))
		m.next(text)
	}
}

// chatty adds to the first answer of a server what nobody has asked for.
type chatty struct {
	net.Conn
	reads int
}

func (c *chatty) Read(b []byte) (int, error) {
	if c.reads++; c.reads == 2 { // after the greeting
		return copy(b, "* XNEWS (\"a\" {3}\r\nb\r\n)\r\n"), nil
	}
	return c.Conn.Read(b)
}

func TestAMailboxIsReadAlthoughItsServerSaysSomethingUnknown(t *testing.T) {
	t.Parallel()
	m := newMailbox(t, inboundtest.New(t), func(m *mailbox) {
		dial := m.Dial
		m.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := dial(ctx, network, address)
			return &chatty{Conn: conn}, err
		}
	})
	m.run()
	m.add(m.mail("kontrolle eins"))
	m.next("kontrolle eins")
}

// pollOften shortens the intervals of polling and of checking the connection.
func pollOften(m *mailbox) { m.Timing.Poll, m.Timing.Idle = 10*time.Millisecond, 10*time.Millisecond }

func TestASilentConnectionIsNoticed(t *testing.T) {
	t.Parallel()
	m := newMailbox(t, inboundtest.New(t), pollOften)
	m.Timing.Step = 2 * time.Second
	m.run()
	m.idles()
	m.server.Silence()
	m.add(m.mail("kontrolle danach"))
	m.next("kontrolle danach")
}

func TestAServerWithoutIdleIsPolled(t *testing.T) {
	t.Parallel()
	server := inboundtest.New(t)
	server.HideIdle()
	m := newMailbox(t, server, pollOften)
	m.run()
	for range 3 {
		m.add(m.mail("kontrolle"))
		m.next("kontrolle")
	}
	if server.Idling() != 0 {
		t.Error("it is in IDLE")
	}
}

func TestAServerThatDoesNotAnswerIsUnreachable(t *testing.T) {
	t.Parallel()
	m := newMailbox(t, inboundtest.New(t))
	m.server.Fail(inboundtest.Hang)
	m.Timing.Open = 50 * time.Millisecond
	wantReason(t, m.read(t.Context()), inbound.Unreachable)
}

func TestARefusedLoginHasAReason(t *testing.T) {
	t.Parallel()
	for fault, want := range map[inboundtest.Fault]inbound.IMAPReason{
		inboundtest.Revoke: inbound.LoginRefused, inboundtest.Refuse: inbound.LoginUnclear, inboundtest.TooMany: inbound.Unreachable, inboundtest.Internal: inbound.Unreachable,
	} {
		m := newMailbox(t, inboundtest.New(t))
		m.server.Fail(fault)
		err := m.read(t.Context())
		wantReason(t, err, want)
		if strings.Contains(err.Error(), "post.example") {
			t.Errorf("the error repeats the login: %v", err)
		}
	}
}

func TestTheConnectionToAMailboxIsEncrypted(t *testing.T) {
	t.Parallel()
	certificate, trust := inboundtest.Certificate(t)
	for _, security := range []inbound.Security{inbound.ImplicitTLS, inbound.StartTLS} {
		t.Run(string(security), func(t *testing.T) {
			t.Parallel()
			server := inboundtest.NewTLS(t, certificate, security == inbound.ImplicitTLS)
			m := newMailbox(t, server, func(m *mailbox) { m.TLS, m.account.Security = trust, security })
			m.run()
			m.add(m.mail("kontrolle"))
			m.next("kontrolle")
			stranger := newStranger(m)
			_, err := stranger.Open(t.Context(), m.account)
			wantReason(t, err, inbound.Unreachable)
			if security == inbound.StartTLS { // the server refuses logins without
				m.account.Security = inbound.NoTLS
				if _, err := stranger.Open(t.Context(), m.account); err == nil {
					t.Error("a password is sent in the clear to a server that wants encryption")
				}
			}
		})
	}
}

// newStranger returns a Fetcher that does not trust the tests' certificates.
func newStranger(m *mailbox) *inbound.Fetcher {
	return &inbound.Fetcher{Dial: m.Dial, Timing: m.Timing, Limits: m.Limits, Now: m.Now, Log: m.Log}
}

// newWithholding is newMailbox with a server that does not return the mail "kontrolle kaputt".
func newWithholding(t testing.TB) *mailbox {
	t.Helper()
	m := newMailbox(t, inboundtest.New(t))
	m.server.Withhold("kaputt")
	m.run()
	m.add(m.mail("kontrolle kaputt"))
	return m
}

func TestAMailThatTheServerDoesNotReturnDelaysOthersForTenMinutes(t *testing.T) {
	t.Parallel()
	m := newWithholding(t)
	m.add(m.mail("kontrolle danach"))
	tried := m.server.Logins()
	testkit.Eventually(t, "it is retried often", func() bool { return m.server.Logins() > tried+10 })
	m.clock.Advance(9 * time.Minute)
	tried = m.server.Logins()
	testkit.Eventually(t, "it is still retried", func() bool { return m.server.Logins() > tried+3 })
	if len(m.got) > 0 {
		t.Fatalf("given up too early: %+v", <-m.got)
	}
	m.clock.Advance(2 * time.Minute)
	m.next("kontrolle danach")
	if !strings.Contains(m.log.String(), "cannot be read") {
		t.Errorf("it is not logged:\n%s", m.log.String())
	}
}

func TestAMailThatTheServerReturnsLateIsDelivered(t *testing.T) {
	t.Parallel()
	m := newWithholding(t)
	tried := m.server.Logins()
	testkit.Eventually(t, "it is retried", func() bool { return m.server.Logins() > tried+3 })
	m.server.Withhold("")
	m.next("kontrolle kaputt")
}

func TestAMailAtWhichTheInboxPanicsDoesNotStopTheMailbox(t *testing.T) {
	t.Parallel()
	m := newMailbox(t, inboundtest.New(t))
	m.deliver = func(text string) error {
		if text == "kontrolle panik" {
			panic("parser")
		}
		return nil
	}
	m.add(m.mail("kontrolle panik"))
	m.add(m.mail("kontrolle danach"))
	for range 3 {
		m.read(t.Context())
		m.clock.Advance(4 * time.Minute)
	}
	m.run()
	m.next("kontrolle danach")
}

func TestAMailThatCannotBeStoredIsRetriedForever(t *testing.T) {
	t.Parallel()
	m := newMailbox(t, inboundtest.New(t))
	for _, text := range []string{"kontrolle eins", "kontrolle zwei", "kontrolle drei"} {
		m.add(m.mail(text))
	}
	full := errors.New("disk full")
	m.deliver = func(text string) error {
		if text == "kontrolle zwei" {
			return full
		}
		return nil
	}
	for range 5 {
		if err := m.read(t.Context()); !errors.Is(err, full) {
			t.Fatal(err)
		}
		m.clock.Advance(time.Hour)
	}
	m.next("kontrolle eins")
	if len(m.got) > 0 {
		t.Errorf("more was stored: %+v", <-m.got)
	}
	m.deliver = nil
	m.run()
	m.next("kontrolle zwei")
	m.next("kontrolle drei")
}

func TestOldMailsAreNotReadEvenIfTheServerDoesNotReturnTheNextUID(t *testing.T) {
	t.Parallel()
	server := inboundtest.New(t)
	server.HideNext()
	m := newMailbox(t, server)
	m.run()
	m.add(m.mail("kontrolle jetzt"))
	m.next("kontrolle jetzt")
}

func TestOldMailsAreNotReadWhenUIDsAreNew(t *testing.T) {
	t.Parallel()
	m := newMailbox(t, inboundtest.New(t)) // with an old mail
	m.clock.Advance(72 * time.Hour)
	stop := m.run()
	m.add(m.mail("kontrolle eins"))
	m.next("kontrolle eins")
	m.idles()
	stop()
	m.server.Renumber(mailboxAddress) // the old mail is now the last
	m.add(m.mail("kontrolle zwei"))
	m.run()
	m.next("kontrolle eins") // again
	m.next("kontrolle zwei")
	m.idles()
	if len(m.got) > 0 {
		t.Errorf("%+v", <-m.got)
	}
}

func TestAMailboxWithMoreThanTenThousandMailsIsRead(t *testing.T) {
	t.Parallel()
	m := newMailbox(t, inboundtest.New(t))
	for range 10_001 {
		m.add("Auto-Submitted: auto-generated\n\nx\n")
	}
	m.add(m.mail("kontrolle danach"))
	m.run()
	m.next("kontrolle danach")
}

func TestReadingEndsWithItsContext(t *testing.T) {
	t.Parallel()
	m := newMailbox(t, inboundtest.New(t))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- m.read(ctx) }()
	m.idles()
	cancel()
	if err := testkit.Next(t, done); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
