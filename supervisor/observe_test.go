package supervisor_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"linienfunk/bots"
	"linienfunk/db"
	"linienfunk/internal/observe"
	"linienfunk/internal/testkit"
	"linienfunk/report"
	"linienfunk/supervisor"
)

// observed is a world whose supervisor is observed.
func observed(t *testing.T, accounts ...string) *world {
	w := newWorld(t, accounts...)
	w.observer = observe.New("")
	return w
}

// waitForMetric waits until a series has a value: it is counted after the ledger is written.
func (w *world) waitForMetric(series string, want float64) {
	w.t.Helper()
	testkit.Eventually(w.t, series, func() bool { return testkit.Scrape(w.t, w.observer.MetricsHandler())[series] == want })
}

func TestEachDeliveryIsCountedOnceWithItsFinalStatus(t *testing.T) {
	t.Parallel()
	w := observed(t, "zuerich")
	w.net.failFirstSend(retrySoon)
	w.start()
	sent := w.relay("zuerich", "kontrolle u8")
	w.waitForStatus(sent, db.Sent)
	w.waitForMetric(`linienfunk_deliveries_total{network="net",status="sent"}`, 1)
	w.waitForMetric(`linienfunk_delivery_retries_total{network="net"}`, 1)
	w.net.failSends(bots.Permanent("no", errors.New("422")))
	w.waitForStatus(w.relay("zuerich", "bad"), db.Failed)
	w.waitForMetric(`linienfunk_deliveries_total{network="net",status="failed"}`, 1)
	w.waitForStatus(w.relayTo("net", "zuerich", "old", -time.Second), db.Expired)
	w.waitForMetric(`linienfunk_deliveries_total{network="net",status="expired"}`, 1)
	w.withdraw(sent)
	w.waitForMetric(`linienfunk_deliveries_total{network="net",status="sent"}`, 1)
}

func TestTheLatencyCountsFromTheReceiptAlsoForWhatTheLedgerBringsLater(t *testing.T) {
	t.Parallel()
	w := observed(t, "zuerich")
	received := w.Now().Add(-100 * time.Second)
	r := report.Report{City: "zuerich", Bot: "elsewhere", ID: "1", Text: "kontrolle", At: received, Received: received}
	entry := w.record(r, "net") // its order got lost
	w.start()
	w.waitForStatus(entry, db.Sent)
	w.waitForMetric(`linienfunk_delivery_latency_seconds_count{network="net"}`, 1)
	w.waitForMetric(`linienfunk_delivery_latency_seconds_bucket{network="net",le="60"}`, 0)
	w.waitForMetric(`linienfunk_delivery_latency_seconds_bucket{network="net",le="300"}`, 1)
}

func TestAReceivedReportIsCountedOnceItIsStored(t *testing.T) {
	t.Parallel()
	w, done := observed(t, "zuerich"), make(chan error, 1)
	w.net.recv = func(ctx context.Context, a bots.Account, out bots.Out) error {
		select {
		case done <- out(ctx, report.Report{ID: "1", Text: "kontrolle"}):
		default:
		}
		return idle(ctx, a, out)
	}
	w.start()
	check(t, testkit.Next(t, done))
	w.waitForMetric(`linienfunk_reports_received_total{network="net"}`, 1)
}

func TestAccountsAreCountedByTheirState(t *testing.T) {
	t.Parallel()
	w := observed(t, "zuerich", "ghent")
	end := time.Date(2027, 1, 26, 0, 0, 0, 0, time.UTC)
	w.net.accessEnds = map[string]time.Time{"zuerich": end.Add(time.Hour), "ghent": end}
	w.net.send = func(_ context.Context, city, _ string) error {
		if city == "ghent" {
			return bots.Revoked("gone", errors.New("401"))
		}
		return nil
	}
	directory := supervisor.NewDirectory([]supervisor.Member{{Name: "net", Bot: w.net}})
	w.startWith(directory)
	testkit.Eventually(t, "both run", func() bool { return w.sup.CountAccounts()["net"][supervisor.Running] == 2 })
	w.relay("ghent", "kontrolle")
	testkit.Eventually(t, "one is revoked", func() bool {
		counts := w.sup.CountAccounts()["net"]
		return counts[supervisor.Running] == 1 && counts[supervisor.Revoked] == 1
	})
	if first, ok := directory.AccessEnds("net"); !ok || !first.Equal(end) {
		t.Errorf("the first access ends %v, %v", first, ok)
	}
}
