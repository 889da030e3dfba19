package email_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"linienfunk/bots"
	"linienfunk/internal/testkit"
	"linienfunk/mail/inbound/inboundtest"
	"linienfunk/report"
)

func TestAMailThatTheServerDoesNotHandOutHoldsUpOthersForTenMinutes(t *testing.T) {
	p := newPostbox(t, inboundtest.New(t), usual, nil)
	p.server.Withhold("kaputt")
	p.run()
	p.deliver(p.mail("kontrolle kaputt"))
	p.deliver(p.mail("kontrolle danach"))
	tried := p.server.Logins()
	testkit.Eventually(t, "it is tried often", func() bool { return p.server.Logins() > tried+10 })
	p.w.Advance(9 * time.Minute)
	tried = p.server.Logins()
	testkit.Eventually(t, "and still", func() bool { return p.server.Logins() > tried+3 })
	if len(p.got) > 0 {
		t.Fatalf("given up too early: %+v", <-p.got)
	}
	p.w.Advance(2 * time.Minute)
	p.next("kontrolle danach")
	if log := p.w.Log.String(); !strings.Contains(log, "cannot be read") {
		t.Errorf("the log does not tell:\n%s", log)
	}
}

func TestAMailThatIsHandedOutLateIsAReport(t *testing.T) {
	p := newPostbox(t, inboundtest.New(t), usual, nil)
	p.server.Withhold("kaputt")
	p.run()
	p.deliver(p.mail("kontrolle kaputt"))
	tried := p.server.Logins()
	testkit.Eventually(t, "it is tried", func() bool { return p.server.Logins() > tried+3 })
	p.server.Withhold("")
	p.next("kontrolle kaputt")
}

func TestAMailAtWhichTheBotPanicsDoesNotStopTheMailbox(t *testing.T) {
	p := newPostbox(t, inboundtest.New(t), usual, nil)
	pseudonym := p.w.Core.Author
	p.w.Core.Author = func(city, name string, at time.Time) string {
		if name == "panic@rider.example" {
			panic("parser")
		}
		return pseudonym(city, name, at)
	}
	p.w.Restart(t)
	p.deliver(strings.ReplaceAll(p.mail("kontrolle panik"), marta, "panic@rider.example"))
	p.deliver(p.mail("kontrolle danach"))
	for range 3 {
		p.recv(nil)
		p.w.Advance(4 * time.Minute)
	}
	p.run()
	p.next("kontrolle danach")
}

// recv reads the mailbox until it fails, or a report is stored.
func (p *postbox) recv(out bots.Out) (err error) {
	defer func() {
		if v := recover(); v != nil { // as the supervisor does
			err = fmt.Errorf("panic: %v", v)
		}
	}()
	return p.w.Bot.(bots.Receiver).Recv(p.t.Context(), bots.Account{City: "zuerich"}, out)
}

func TestAReportThatCannotBeStoredIsNeverGivenUp(t *testing.T) {
	p := newPostbox(t, inboundtest.New(t), usual, nil)
	for _, text := range []string{"kontrolle eins", "kontrolle zwei", "kontrolle drei"} {
		p.deliver(p.mail(text))
	}
	full := errors.New("disk full")
	stored := []string{}
	store := func(_ context.Context, r report.Report) error {
		if r.Text == "kontrolle zwei" {
			return full
		}
		stored = append(stored, r.Text)
		return nil
	}
	for range 5 {
		if err := p.recv(store); !errors.Is(err, full) {
			t.Fatal(err)
		}
		p.w.Advance(time.Hour)
	}
	if len(stored) != 1 {
		t.Errorf("stored %q", stored)
	}
	p.run()
	p.next("kontrolle zwei")
	p.next("kontrolle drei")
}

func TestOldMailsAreNoReportsEvenIfTheServerDoesNotTellTheNextUID(t *testing.T) {
	server := inboundtest.New(t)
	server.HideNext()
	p := newPostbox(t, server, usual, nil)
	p.run()
	p.deliver(p.mail("kontrolle jetzt"))
	p.next("kontrolle jetzt")
}

func TestOldMailsAreNoReportsWhenUIDsAreNew(t *testing.T) {
	p := newPostbox(t, inboundtest.New(t), usual, nil) // with a mail from before
	p.w.Advance(72 * time.Hour)
	stop := p.run()
	p.deliver(p.mail("kontrolle eins"))
	p.next("kontrolle eins")
	testkit.Eventually(t, "the position is stored", func() bool { return p.server.Idling() == 1 })
	stop()
	p.server.Renumber(addressOf("zuerich")) // the old mail comes last now
	p.deliver(p.mail("kontrolle zwei"))
	p.run()
	p.next("kontrolle eins") // again
	p.next("kontrolle zwei")
	testkit.Eventually(t, "the bot waits", func() bool { return p.server.Idling() == 1 })
	if len(p.got) > 0 {
		t.Errorf("%+v", <-p.got)
	}
}

func TestAMailboxInWhichMoreThanTenThousandMailsWaitIsRead(t *testing.T) {
	p := newPostbox(t, inboundtest.New(t), usual, nil)
	for range 10_001 {
		p.deliver("Auto-Submitted: auto-generated\n\nx\n")
	}
	p.deliver(p.mail("kontrolle danach"))
	p.run()
	p.next("kontrolle danach")
}
