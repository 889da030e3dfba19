package supervisor_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"linienfunk/bots"
	"linienfunk/bus"
	"linienfunk/db"
	"linienfunk/internal/testkit"
	"linienfunk/report"
)

// retracting is a network with Retract.
type retracting struct {
	*network
	retract func(sent report.Receipt) error
}

func (n *retracting) Retract(_ context.Context, _ bots.Account, _ string, sent report.Receipt) error {
	return n.retract(sent)
}

// startRetracting is start with a network that answers Retract with f.
func (w *world) startRetracting(f func(sent report.Receipt) error) {
	w.t.Helper()
	w.startBot(&retracting{w.net, f})
}

func TestASentReportIsRetractedWhenItIsWithdrawn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "zuerich")
	taken := make(chan report.Receipt, 10)
	w.startRetracting(func(sent report.Receipt) error {
		taken <- sent
		return nil
	})
	entry := w.relay("zuerich", "kontrolle u8")
	w.waitForStatus(entry, db.Sent)
	w.withdraw(entry)
	if sent := testkit.Next(t, taken); sent.ID != "post-1" || sent.URL != "https://example.org/1" {
		t.Errorf("asked to take back %+v", sent)
	}
	w.waitForStatus(entry, db.Retracted)
}

func TestAReportThatIsWithdrawnWhileItWaitsIsNotSent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "zuerich")
	tries := make(chan string, 10)
	w.net.send = func(_ context.Context, _, text string) error {
		tries <- text
		if text == "kontrolle u8" {
			return errors.New("503")
		}
		return nil
	}
	w.startRetracting(func(report.Receipt) error {
		t.Error("asked to take back what was never sent")
		return nil
	})
	first := w.relay("zuerich", "kontrolle u8")
	testkit.Next(t, tries)
	w.withdraw(first)
	w.relay("zuerich", "kontrolle u9")
	w.waitForStatus(first, db.Retracted)
	for got := testkit.Next(t, tries); got != "kontrolle u9"; got = testkit.Next(t, tries) {
		t.Logf("%s was tried again before it was withdrawn", got)
	}
}

func TestAWithdrawalThatOvertakesItsReportIsKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t) // without a running supervisor
	first := w.relay("zuerich", "kontrolle u8")
	w.withdraw(first)
	second := w.relay("zuerich", "kontrolle u9")
	sent := w.net.collectSent()
	w.net.set("zuerich", "1")
	w.startRetracting(func(report.Receipt) error { return errors.New("never sent") })
	w.waitForStatus(second, db.Sent)
	w.waitForStatus(first, db.Retracted)
	w.want(sent, "zuerich: kontrolle u9")
}

func TestAnOrderThatComesAfterItsReportWasTakenBackIsNotCarriedOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "zuerich")
	sent := w.net.collectSent()
	w.start()
	w.sends(sent, "zuerich", "before")
	r := report.Report{City: "zuerich", Bot: "elsewhere", ID: "late", Text: "late", At: w.Now()}
	w.fresh.Store(int64(time.Hour))
	entry := w.record(r, "net")
	w.withdraw(entry) // as if the ledger had been read before the order came
	w.waitForStatus(entry, db.Retracted)
	check(t, w.bus.PublishOrder(bus.Order{Report: r, Entry: entry, Bots: []string{"net"}, Expire: r.At.Add(time.Hour)}))
	w.sends(sent, "zuerich", "after")
}

func TestAFailedRetractionIsRetriedWithoutDelayingReports(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "zuerich")
	asked, works := make(chan struct{}, 10), make(chan struct{})
	w.startRetracting(func(report.Receipt) error {
		asked <- struct{}{}
		select {
		case <-works:
			return nil
		default:
			return bots.RetryAfter(time.Second, "", errors.New("429"))
		}
	})
	first := w.relay("zuerich", "kontrolle u8")
	w.waitForStatus(first, db.Sent)
	w.withdraw(first)
	testkit.Next(t, asked)
	w.waitForStatus(w.relay("zuerich", "kontrolle u9"), db.Sent)
	if d, err := w.db.Delivery(t.Context(), first, "net"); err != nil || d.Status != db.Sent {
		t.Errorf("not taken back yet, but the ledger says %s, %v", d.Status, err)
	}
	close(works)
	w.waitForStatus(first, db.Retracted)
}

func TestAReportThatANetworkNeverRetractsStaysSent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "zuerich")
	w.startRetracting(func(report.Receipt) error {
		return bots.Permanent("too-old", errors.New("a post of last year"))
	})
	entry := w.relay("zuerich", "kontrolle u8")
	w.waitForStatus(entry, db.Sent)
	w.withdraw(entry)
	testkit.Eventually(t, "the ledger says why", func() bool {
		d, err := w.db.Delivery(t.Context(), entry, "net")
		return err == nil && d.Status == db.Sent && d.Detail == "too-old"
	})
}
