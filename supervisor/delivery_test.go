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

func TestAReportForAnAccountThatIsGoneFailsInTheLedger(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "ghent")
	w.start()
	entry := w.relay("zuerich", "kontrolle u8", time.Hour)
	if d := w.ends(entry, db.Failed); d.Detail != "delivery-not-connected" {
		t.Errorf("ledger: %+v", d)
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
