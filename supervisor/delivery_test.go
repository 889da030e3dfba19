package supervisor_test

import (
	"context"
	"errors"
	"fmt"
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
	sent := w.net.collectSent()
	w.start()
	entry := w.relay("zuerich", "kontrolle u8")
	w.want(sent, "zuerich: kontrolle u8")
	d := w.waitForStatus(entry, db.Sent)
	if d.RemoteID != "post-1" || d.RemoteURL != "https://example.org/1" || d.Attempts != 1 {
		t.Errorf("ledger: %+v", d)
	}
}

func TestReportsOfOneAccountAreSentInOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "zuerich")
	sent := w.net.collectSent()
	w.start()
	for i := range 20 {
		w.relay("zuerich", fmt.Sprint(i))
	}
	for i := range 20 {
		w.want(sent, fmt.Sprintf("zuerich: %d", i))
	}
}

func TestOfABacklogTheNewestReportIsSentFirstIfTheCityWantsIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "zuerich")
	begun, free := make(chan string, 100), make(chan struct{})
	w.net.send = func(ctx context.Context, city, text string) error {
		begun <- text
		select {
		case <-free:
		case <-ctx.Done():
		}
		return ctx.Err()
	}
	w.newest.Store(true)
	w.start()
	w.relay("zuerich", "0")
	w.want(begun, "0")
	var entries []uint
	for i := 1; i < 5; i++ {
		entries = append(entries, w.relay("zuerich", fmt.Sprint(i)))
	}
	testkit.Eventually(t, "four reports wait behind the first", func() bool { return w.sup.Status("zuerich")[0].Queue == 5 })
	w.withdraw(entries[2])
	w.relay("zuerich", "5") // announced after the withdrawal, which is then in the queue, too
	testkit.Eventually(t, "the fifth waits as well", func() bool { return w.sup.Status("zuerich")[0].Queue == 6 })
	close(free)
	for _, text := range []string{"5", "4", "2", "1"} {
		w.want(begun, text)
	}
	w.waitForStatus(entries[2], db.Retracted)
}

func TestAReportThatANetworkRefusesFailsAndTheNextIsSent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "zuerich")
	w.net.failFirstSend(func() error { return bots.Permanent("it does not like this text", errors.New("422")) })
	w.start()
	bad, good := w.relay("zuerich", "bad"), w.relay("zuerich", "good")
	w.waitForStatus(good, db.Sent)
	if d := w.waitForStatus(bad, db.Failed); d.Detail != "it does not like this text" || d.Attempts != 1 {
		t.Errorf("ledger: %+v", d)
	}
}

func TestARateLimitIsObserved(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "zuerich")
	sent := w.net.failFirstSend(retrySoon)
	w.start()
	w.relay("zuerich", "kontrolle u8")
	testkit.Next(t, sent)
}

func TestARetryAfterOfZeroStillPauses(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "zuerich")
	calls := w.net.failSends(bots.RetryAfter(0, "", errors.New("429")))
	w.start()
	w.waitForStatus(w.relayTo("net", "zuerich", "kontrolle u8", 1500*time.Millisecond), db.Expired)
	if n := calls.Load(); n > 3 {
		t.Errorf("%d calls in a second and a half", n)
	}
}

func TestAReportThatIsTooOldExpiresAndIsNotSent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "zuerich")
	w.net.failSends(bots.RetryAfter(time.Hour, "", errors.New("429")))
	w.start()
	first := w.relayTo("net", "zuerich", "kontrolle u8", 300*time.Millisecond)
	second := w.relayTo("net", "zuerich", "kontrolle u9", 300*time.Millisecond)
	w.waitForStatus(first, db.Expired)
	w.waitForStatus(second, db.Expired)
}

func TestAReportForAnAccountThatIsGoneFailsInTheLedger(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "ghent")
	w.start()
	entry := w.relay("zuerich", "kontrolle u8")
	if d := w.waitForStatus(entry, db.Failed); d.Detail != "delivery-not-connected" {
		t.Errorf("ledger: %+v", d)
	}
}

func TestAReportThatIsNotSentBeforeAStopIsSentAfterTheNextStart(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "zuerich")
	trying := make(chan struct{}, 100)
	w.net.send = func(ctx context.Context, _, _ string) error {
		trying <- struct{}{}
		<-ctx.Done()
		return ctx.Err()
	}
	w.start()
	var entries []uint
	for i := range 3 {
		entries = append(entries, w.relay("zuerich", fmt.Sprint(i)))
	}
	testkit.Next(t, trying)
	w.stop()
	sent := w.net.collectSent()
	w.start()
	for i := range 3 {
		w.want(sent, fmt.Sprintf("zuerich: %d", i))
		w.waitForStatus(entries[i], db.Sent)
	}
}

func TestADeliveryThatIsInTheLedgerIsNotRepeated(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "zuerich")
	sent := w.net.collectSent()
	entry := w.relay("zuerich", "kontrolle u8")
	err := w.db.SaveDelivery(t.Context(), db.Delivery{EntryID: entry, Bot: "net", Status: db.Sent, RemoteID: "7"})
	if err != nil {
		t.Fatal(err)
	}
	w.start() // as after a crash right after it was sent
	w.sends(sent, "zuerich", "kontrolle u9")
}

func TestAnOrderThatComesTwiceIsCarriedOutOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "zuerich")
	sent := w.net.collectSent()
	w.start()
	w.sends(sent, "zuerich", "kontrolle u8")
	r := report.Report{City: "zuerich", Bot: "elsewhere", ID: "1", Text: "kontrolle u8", At: w.Now()}
	check(t, w.bus.PublishOrder(bus.Order{Report: r, Entry: 1, Bots: []string{"net"}, Expire: r.At.Add(time.Hour)}))
	w.sends(sent, "zuerich", "kontrolle u9")
}

func TestAReportWhoseOrderIsLostIsSentAtTheStart(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "zuerich")
	sent := w.net.collectSent()
	for _, id := range []string{"1", "2"} {
		w.record(report.Report{City: "zuerich", Bot: "elsewhere", ID: id, Text: "kontrolle u" + id, At: w.Now()}, "net")
	}
	w.start()
	w.want(sent, "zuerich: kontrolle u1")
	w.want(sent, "zuerich: kontrolle u2")
}

func TestInAPanicNothingIsSentAndWhatWasSentCanBeTakenBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "zuerich")
	sent := w.net.collectSent()
	w.start()
	w.sends(sent, "zuerich", "before")
	w.panics.Store(true)
	waiting, withdrawn := w.relay("zuerich", "waits"), w.relay("zuerich", "withdrawn")
	w.withdraw(withdrawn)
	w.waitForStatus(withdrawn, db.Retracted)
	if d, err := w.db.Delivery(t.Context(), waiting, "net"); err != nil || d.Status != db.Queued {
		t.Errorf("in a panic: %+v, %v", d, err)
	}
	w.panics.Store(false)
	w.want(sent, "zuerich: waits")
	w.waitForStatus(waiting, db.Sent)
}

func TestWhatWaitsInAPanicForANetworkThatIsDisconnectedIsClosedAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "zuerich", "ghent")
	sent := w.net.collectSent()
	w.start()
	w.sends(sent, "zuerich", "before")
	w.panics.Store(true)
	waiting, other := w.relay("zuerich", "waits"), w.relay("zuerich", "waits as well")
	w.net.remove("zuerich")
	w.sup.RefreshAll()
	for _, entry := range []uint{waiting, other} {
		if d := w.waitForStatus(entry, db.Failed); d.Attempts != 0 || d.Detail != "delivery-not-connected" {
			t.Errorf("%+v", d)
		}
	}
	w.panics.Store(false)
	w.sends(sent, "ghent", "afterwards")
}

func TestAReportThatIsTooOldAfterAPanicExpires(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "zuerich")
	w.panics.Store(true)
	w.start()
	entry := w.relay("zuerich", "waits")
	testkit.Eventually(t, "it is queued", func() bool {
		d, err := w.db.Delivery(t.Context(), entry, "net")
		return err == nil && d.Status == db.Queued
	})
	w.Advance(2 * time.Hour)
	w.waitForStatus(entry, db.Expired)
}
