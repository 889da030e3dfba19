package supervisor_test

import (
	"context"
	"errors"
	"fmt"
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

func TestAReportIsSentAndItsReceiptIsInTheLedger(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "zuerich")
	sent := make(chan string, 10)
	w.net.send = sentTo(sent)
	w.start()
	entry := w.relay("zuerich", "kontrolle u8", time.Hour)
	if got := testkit.Next(t, sent); got != "zuerich: kontrolle u8" {
		t.Errorf("sent %q", got)
	}
	d := w.ends(entry, db.Sent)
	if d.RemoteID != "post-1" || d.RemoteURL != "https://example.org/1" || d.Attempts != 1 {
		t.Errorf("ledger: %+v", d)
	}
}

func TestReportsOfOneAccountAreSentInOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "zuerich")
	sent := make(chan string, 100)
	w.net.send = sentTo(sent)
	w.start()
	for i := range 20 {
		w.relay("zuerich", fmt.Sprint(i), time.Hour)
	}
	for i := range 20 {
		if got := testkit.Next(t, sent); got != fmt.Sprintf("zuerich: %d", i) {
			t.Fatalf("number %d is %q", i, got)
		}
	}
}

func TestABotThatHangsDelaysNoOtherBot(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "zuerich", "ghent")
	w.hangs()
	sent, hanging := make(chan string, 10), make(chan struct{}, 10)
	forever := make(chan struct{})
	t.Cleanup(func() { close(forever) })
	w.net.send = func(ctx context.Context, a bots.Account, r report.Report) (report.Receipt, error) {
		if a.City == "zuerich" {
			hanging <- struct{}{}
			<-forever // ignores even the end of its context
		}
		return sentTo(sent)(ctx, a, r)
	}
	w.start()
	w.relay("zuerich", "kontrolle u8", time.Hour)
	testkit.Next(t, hanging)
	for i := range 3 {
		w.relay("ghent", fmt.Sprint(i), time.Hour)
		if got := testkit.Next(t, sent); got != fmt.Sprintf("ghent: %d", i) {
			t.Errorf("sent %q", got)
		}
	}
	testkit.Eventually(t, "the status tells that zuerich is stuck", func() bool { return w.state("zuerich") == supervisor.Stuck })
	testkit.Next(t, hanging) // it was tried again
	if w.state("ghent") != supervisor.Running {
		t.Errorf("ghent is %s", w.state("ghent"))
	}
}

func TestAPanicInReceivingRestartsThisAccountOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "zuerich", "ghent")
	var starts [2]atomic.Int32
	started := make(chan string, 10)
	w.net.recv = func(ctx context.Context, a bots.Account, out bots.Out) error {
		if a.City == "ghent" {
			starts[1].Add(1)
			return idle(ctx, a, out)
		}
		started <- a.City
		if starts[0].Add(1) < 3 {
			panic("a nil map, for example")
		}
		return idle(ctx, a, out)
	}
	w.start()
	for range 3 {
		testkit.Next(t, started)
	}
	testkit.Eventually(t, "zuerich runs after two restarts", func() bool {
		s := w.sup.Status("zuerich")[0]
		return s.State == supervisor.Running && s.Restarts == 2
	})
	if n := starts[1].Load(); n != 1 {
		t.Errorf("ghent was started %d times", n)
	}
}

func TestAReportWhoseSendingPanicsIsRetried(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "zuerich")
	var calls atomic.Int32
	sent := make(chan string, 10)
	w.net.send = func(ctx context.Context, a bots.Account, r report.Report) (report.Receipt, error) {
		if calls.Add(1) == 1 {
			panic("index out of range")
		}
		return sentTo(sent)(ctx, a, r)
	}
	w.start()
	entry := w.relay("zuerich", "kontrolle u8", time.Hour)
	testkit.Next(t, sent)
	if d := w.ends(entry, db.Sent); d.Attempts != 2 {
		t.Errorf("ledger: %+v", d)
	}
}

func TestAReportThatANetworkRefusesFailsAndTheNextIsSent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "zuerich")
	sent := make(chan string, 10)
	w.net.send = func(ctx context.Context, a bots.Account, r report.Report) (report.Receipt, error) {
		if r.Text == "bad" {
			return report.Receipt{}, bots.Permanent("it does not like this text", errors.New("422"))
		}
		return sentTo(sent)(ctx, a, r)
	}
	w.start()
	bad, good := w.relay("zuerich", "bad", time.Hour), w.relay("zuerich", "good", time.Hour)
	w.ends(good, db.Sent)
	if d := w.ends(bad, db.Failed); d.Detail != "it does not like this text" || d.Attempts != 1 {
		t.Errorf("ledger: %+v", d)
	}
}

func TestARateLimitIsObserved(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "zuerich")
	var calls atomic.Int32
	sent := make(chan string, 10)
	w.net.send = func(ctx context.Context, a bots.Account, r report.Report) (report.Receipt, error) {
		if calls.Add(1) == 1 {
			return report.Receipt{}, bots.RetryAfter(time.Millisecond, "", errors.New("429"))
		}
		return sentTo(sent)(ctx, a, r)
	}
	w.start()
	w.relay("zuerich", "kontrolle u8", time.Hour)
	testkit.Next(t, sent)
}

func TestAReportThatIsTooOldExpiresAndIsNotSent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "zuerich")
	w.net.send = func(context.Context, bots.Account, report.Report) (report.Receipt, error) {
		return report.Receipt{}, bots.RetryAfter(time.Hour, "", errors.New("429"))
	}
	w.start()
	first := w.relay("zuerich", "kontrolle u8", 300*time.Millisecond)
	second := w.relay("zuerich", "kontrolle u9", 300*time.Millisecond)
	w.ends(first, db.Expired)
	w.ends(second, db.Expired)
}

func TestReportsThatWaitBehindAHangingCallExpireToo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "zuerich")
	w.hangs()
	hanging, forever := make(chan struct{}, 100), make(chan struct{})
	t.Cleanup(func() { close(forever) })
	w.net.send = func(context.Context, bots.Account, report.Report) (report.Receipt, error) {
		hanging <- struct{}{}
		<-forever
		return report.Receipt{}, nil
	}
	w.start()
	w.relay("zuerich", "kontrolle u8", time.Hour)
	testkit.Next(t, hanging)
	waiting := w.relay("zuerich", "kontrolle u9", time.Millisecond)
	w.ends(waiting, db.Expired)
}

func TestAnAccountThatIsConnectedStartsAtOnceAndOneThatIsRemovedStops(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	events := make(chan string, 10)
	w.net.recv = func(ctx context.Context, a bots.Account, _ bots.Out) error {
		events <- "start " + a.City + " " + a.Revision
		<-ctx.Done()
		events <- "stop " + a.City + " " + a.Revision
		return ctx.Err()
	}
	w.start()
	for _, step := range []struct {
		do   func()
		want []string
	}{
		{func() { w.net.set("zuerich", "1") }, []string{"start zuerich 1"}},
		{func() { w.net.set("ghent", "1") }, []string{"start ghent 1"}},
		{func() { w.net.set("zuerich", "2") }, []string{"stop zuerich 1", "start zuerich 2"}},
		{func() { w.net.remove("zuerich") }, []string{"stop zuerich 2"}},
	} {
		step.do()
		w.changed("zuerich")
		for _, want := range step.want {
			if got := testkit.Next(t, events); got != want {
				t.Fatalf("got %q, want %q", got, want)
			}
		}
	}
}

func TestAReportForAnAccountThatIsGoneFailsInTheLedger(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "ghent")
	w.start()
	entry := w.relay("zuerich", "kontrolle u8", time.Hour)
	if d := w.ends(entry, db.Failed); d.Detail != "delivery-not-connected" {
		t.Errorf("ledger: %+v", d)
	}
}

func TestARevokedAccountStopsNotifiesTheAdminsAndStaysStoppedAfterARestart(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "zuerich")
	var calls atomic.Int32
	w.net.send = func(context.Context, bots.Account, report.Report) (report.Receipt, error) {
		calls.Add(1)
		return report.Receipt{}, bots.Revoked("log in again", errors.New("401"))
	}
	w.start()
	entry := w.relay("zuerich", "kontrolle u8", time.Hour)
	if got := testkit.Next(t, w.revoked); got != "zuerich log in again" {
		t.Errorf("the admins were told %q", got)
	}
	w.ends(entry, db.Failed)
	if w.state("zuerich") != supervisor.Revoked {
		t.Errorf("the account is %s", w.state("zuerich"))
	}
	w.ends(w.relay("zuerich", "kontrolle u9", time.Hour), db.Failed)
	w.stop()
	w.start()
	w.ends(w.relay("zuerich", "kontrolle u10", time.Hour), db.Failed)
	if n := calls.Load(); n != 1 {
		t.Errorf("the network was called %d times", n)
	}
	sent := make(chan string, 10)
	w.net.mu.Lock()
	w.net.send = sentTo(sent)
	w.net.mu.Unlock()
	w.net.set("zuerich", "2")
	w.changed("zuerich")
	testkit.Eventually(t, "it runs with new credentials", func() bool { return w.state("zuerich") == supervisor.Running })
	w.relay("zuerich", "kontrolle u11", time.Hour)
	if got := testkit.Next(t, sent); got != "zuerich: kontrolle u11" {
		t.Errorf("sent %q", got)
	}
}

func TestAnAccountThatMayNoLongerReceiveKeepsSending(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "zuerich")
	sent := make(chan string, 10)
	w.net.send = sentTo(sent)
	var calls atomic.Int32
	w.net.recv = func(context.Context, bots.Account, bots.Out) error {
		calls.Add(1)
		return bots.RevokedRecv("wrong password", errors.New("no"))
	}
	w.start()
	if got := testkit.Next(t, w.revoked); got != "zuerich wrong password" {
		t.Errorf("the admins were told %q", got)
	}
	w.relay("zuerich", "kontrolle u8", time.Hour)
	if got := testkit.Next(t, sent); got != "zuerich: kontrolle u8" {
		t.Errorf("sent %q", got)
	}
	if w.state("zuerich") != supervisor.Revoked || calls.Load() != 1 {
		t.Errorf("the account is %s after %d calls", w.state("zuerich"), calls.Load())
	}
	w.net.set("zuerich", "2")
	w.changed("zuerich")
	if got := testkit.Next(t, w.revoked); got != "zuerich wrong password" {
		t.Errorf("with new credentials the admins were told %q", got)
	}
	w.relay("zuerich", "kontrolle u9", time.Hour)
	if got := testkit.Next(t, sent); got != "zuerich: kontrolle u9" {
		t.Errorf("sent %q", got)
	}
}

func TestAReceivedReportIsStoredBeforeOutReturns(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "zuerich")
	stored := make(chan error, 10)
	w.net.recv = func(ctx context.Context, a bots.Account, out bots.Out) error {
		stored <- out(ctx, report.Report{ID: "7", Text: "kontrolle\x00 u8"})
		return idle(ctx, a, out)
	}
	w.start()
	if err := testkit.Next(t, stored); err != nil {
		t.Fatal(err)
	}
	got := make(chan report.Report, 1)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		ended <- w.bus.ConsumeReports(ctx, func(m bus.Msg[report.Report]) { got <- m.Value; m.Ack(ctx) })
	}()
	r := testkit.Next(t, got)
	cancel()
	<-ended
	if r.City != "zuerich" || r.Bot != "net" || r.Text != "kontrolle u8" || r.At.IsZero() {
		t.Errorf("stored: %+v", r)
	}
}

func TestAReportThatIsNotSentBeforeAStopIsSentAfterTheNextStart(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "zuerich")
	trying := make(chan struct{}, 100)
	w.net.send = func(ctx context.Context, _ bots.Account, _ report.Report) (report.Receipt, error) {
		trying <- struct{}{}
		<-ctx.Done()
		return report.Receipt{}, ctx.Err()
	}
	w.start()
	var entries []uint
	for i := range 3 {
		entries = append(entries, w.relay("zuerich", fmt.Sprint(i), time.Hour))
	}
	testkit.Next(t, trying)
	w.stop()
	sent := make(chan string, 10)
	w.net.send = sentTo(sent)
	w.start()
	for i := range 3 {
		if got := testkit.Next(t, sent); got != fmt.Sprintf("zuerich: %d", i) {
			t.Errorf("number %d is %q", i, got)
		}
		w.ends(entries[i], db.Sent)
	}
}

func TestADeliveryThatIsInTheLedgerIsNotRepeated(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "zuerich")
	sent := make(chan string, 10)
	w.net.send = sentTo(sent)
	entry := w.relay("zuerich", "kontrolle u8", time.Hour)
	err := w.db.SaveDelivery(t.Context(), db.Delivery{EntryID: entry, Bot: "net", Status: db.Sent, RemoteID: "7"})
	if err != nil {
		t.Fatal(err)
	}
	w.start() // as after a crash between the ledger and the acknowledgement
	w.relay("zuerich", "kontrolle u9", time.Hour)
	if got := testkit.Next(t, sent); got != "zuerich: kontrolle u9" {
		t.Errorf("sent %q", got)
	}
}

func TestTextsAreDeletedAfterTheCitysRetention(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "zuerich")
	entry := w.relay("zuerich", "kontrolle u8", time.Hour)
	w.advance(25 * time.Hour)
	w.start()
	testkit.Next(t, w.net.pruned)
	testkit.Eventually(t, "the text is gone, but its row is not", func() bool {
		page, err := w.db.Entries(t.Context(), "zuerich", 0, 10)
		return err == nil && len(page) == 1 && page[0].ID == entry && page[0].Text == ""
	})
}
