package email_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"linienfunk/mail/inbound/inboundtest"
	"linienfunk/report"
)

// unreadable is a mailbox with a subscriber to warnings.
func unreadable(t *testing.T) (p *mailboxWorld, warned *[]string) {
	p, warned = newMailboxWorld(t, inboundtest.New(t), unchanged, nil), &[]string{}
	p.w.Mail.Warn = func(_ context.Context, city, key, say string) { *warned = append(*warned, city+" "+key+" "+say) }
	p.w.Restart(t)
	return p, warned
}

// fails tries to read the mailbox every five minutes.
func (p *mailboxWorld) fails(times int) {
	p.t.Helper()
	for range times {
		if err := p.recv(func(context.Context, report.Report) error { return nil }); err == nil {
			p.t.Fatal("it is read")
		}
		p.w.Advance(5 * time.Minute)
	}
}

func TestTheAdminsLearnThatAMailboxCannotBeReadForAnHour(t *testing.T) {
	t.Parallel()
	for _, fault := range []inboundtest.Fault{inboundtest.Internal, inboundtest.Truncate} {
		t.Run(string(fault), func(t *testing.T) {
			t.Parallel()
			p, warned := unreadable(t)
			p.server.Fail(fault)
			p.fails(12)
			if len(*warned) != 0 {
				t.Fatalf("warned after less than an hour: %q", *warned)
			}
			p.fails(10)
			if len(*warned) != 1 || !strings.HasPrefix((*warned)[0], "zuerich ") || !strings.HasSuffix((*warned)[0], " mailbox-unread") {
				t.Errorf("warned %q", *warned)
			}
		})
	}
}

func TestAMailboxThatIsReadInBetweenIsNoOutage(t *testing.T) {
	t.Parallel()
	p, warned := unreadable(t)
	for range 4 {
		p.server.Fail(inboundtest.Internal)
		p.fails(10)
		p.server.Heal()
		p.deliver(p.mail("kontrolle"))
		p.recv(func(context.Context, report.Report) error {
			p.w.Advance(time.Hour)
			p.server.Drop() // the connection breaks off after an hour
			return nil
		})
	}
	if len(*warned) != 0 {
		t.Errorf("warned %q", *warned)
	}
}
