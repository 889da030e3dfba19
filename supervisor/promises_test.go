package supervisor_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"linienfunk/bots"
	"linienfunk/bus"
	"linienfunk/db"
	"linienfunk/internal/testkit"
	"linienfunk/report"
	"linienfunk/supervisor"
)

func TestACallThatReturnsLateCountsAndIsNotRepeated(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "zuerich")
	w.hangs()
	var calls atomic.Int32
	w.net.send = func(ctx context.Context, _ bots.Account, _ report.Report) (report.Receipt, error) {
		calls.Add(1)
		<-ctx.Done()
		<-time.After(200 * time.Millisecond) // longer than grace, shorter than the pause after it
		return report.Receipt{ID: "late"}, nil
	}
	w.start()
	if d := w.ends(w.relay("zuerich", "kontrolle u8", time.Hour), db.Sent); d.RemoteID != "late" || calls.Load() != 1 {
		t.Errorf("%d calls, ledger: %+v", calls.Load(), d)
	}
}

func TestABroadcastThatIsInterruptedByTheEndOfTheProgramKeepsItsCursor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	entered := make(chan struct{}, 10)
	w.startMailing(&mailing{wait: true, pages: func(string) (string, int, error) {
		entered <- struct{}{}
		return "5", 5, context.Canceled
	}})
	entry := w.relay("zuerich", "kontrolle u8", time.Hour)
	testkit.Next(t, entered)
	w.stop()
	m := &mailing{pages: func(string) (string, int, error) { return "", 5, nil }}
	w.startMailing(m)
	if d := w.ends(entry, db.Sent); d.Served != 10 || m.asked[0] != "5" {
		t.Errorf("asked for the page after %q, ledger: %+v", m.asked[0], d)
	}
}

func TestARevocationEndsWithItsAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "zuerich")
	w.net.send = func(context.Context, bots.Account, report.Report) (report.Receipt, error) {
		return report.Receipt{}, bots.Revoked("log in again", errors.New("401"))
	}
	w.start()
	w.ends(w.relay("zuerich", "kontrolle u8", time.Hour), db.Failed)
	testkit.Next(t, w.revoked)
	w.net.remove("zuerich")
	w.changed("zuerich")
	testkit.Eventually(t, "the account is gone", func() bool { return w.state("zuerich") == "" })
	w.net.set("zuerich", "1") // the same credentials, connected anew
	w.changed("zuerich")
	testkit.Eventually(t, "it runs", func() bool { return w.state("zuerich") == supervisor.Running })
	w.stop()
	w.start()
	testkit.Eventually(t, "it runs after a restart as well", func() bool { return w.state("zuerich") == supervisor.Running })
}

func TestABotThatCannotListItsAccountsDelaysNoOtherBotAndLosesNoReport(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "zuerich")
	sent := make(chan string, 10)
	w.net.send = sentTo(sent)
	late := &network{accounts: map[string]string{"zuerich": "1"}, recv: idle, pruned: make(chan time.Time, 100)}
	lateSent := make(chan string, 10)
	late.send = sentTo(lateSent)
	gate := &gated{network: late, open: make(chan struct{})}
	directory := supervisor.NewDirectory([]supervisor.Member{{Name: "net", Bot: w.net}, {Name: "late", Bot: gate}})
	if got := directory.Bots("zuerich"); len(got) != 2 {
		t.Errorf("before they answer, an order is made for %v", got)
	}
	w.startWith(directory)
	w.relay("zuerich", "kontrolle u8", time.Hour)
	r := report.Report{City: "zuerich", Bot: "elsewhere", ID: "for late", Text: "kontrolle u9", At: w.now()}
	entry, err := w.db.Record(t.Context(), r, report.Verdict{Passed: true}, db.Queued, []string{"late"})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.bus.PublishOrder(t.Context(), bus.Order{Report: r, Entry: entry.ID, Bot: "late", Expire: r.At.Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	close(gate.open)
	testkit.Next(t, sent)
	if got := testkit.Next(t, lateSent); got != "zuerich: kontrolle u9" {
		t.Errorf("sent %q", got)
	}
}

// gated lists its accounts when open is closed.
type gated struct {
	*network
	open chan struct{}
}

func (g *gated) Accounts(ctx context.Context) ([]bots.Account, error) {
	select {
	case <-g.open:
		return g.network.Accounts(ctx)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func TestAnOrderThatIsNotInTheLedgerIsDropped(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "zuerich")
	sent := make(chan string, 10)
	w.net.send = sentTo(sent)
	r := report.Report{City: "zuerich", Bot: "elsewhere", ID: "of another database", Text: "kontrolle u7", At: w.now()}
	if err := w.bus.PublishOrder(t.Context(), bus.Order{Report: r, Entry: 1, Bot: "net", Expire: r.At.Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	w.start()
	w.relay("zuerich", "kontrolle u8", time.Hour) // its entry has the same id
	if got := testkit.Next(t, sent); got != "zuerich: kontrolle u8" {
		t.Errorf("sent %q", got)
	}
}

func TestARetryAfterOfZeroStillPauses(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "zuerich")
	var calls atomic.Int32
	w.net.send = func(context.Context, bots.Account, report.Report) (report.Receipt, error) {
		calls.Add(1)
		return report.Receipt{}, bots.RetryAfter(0, "", errors.New("429"))
	}
	w.start()
	w.ends(w.relay("zuerich", "kontrolle u8", 1500*time.Millisecond), db.Expired)
	if n := calls.Load(); n > 3 {
		t.Errorf("%d calls in a second and a half", n)
	}
}
