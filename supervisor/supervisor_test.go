package supervisor_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"linienfunk/bots"
	"linienfunk/bus"
	"linienfunk/internal/testkit"
	"linienfunk/report"
	"linienfunk/supervisor"
)

// receivedReport returns the next report that the censor would get.
func (w *world) receivedReport() report.Report {
	w.t.Helper()
	got := make(chan report.Report, 1)
	stop := testkit.Background(w.t, func(ctx context.Context) {
		w.bus.ConsumeReports(ctx, func(m bus.Msg) { got <- m.Value; m.Ack() })
	})
	defer stop()
	return testkit.Next(w.t, got)
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
	r := w.receivedReport()
	if r.City != "zuerich" || r.Bot != "net" || r.Text != "kontrolle u8" || r.At.IsZero() {
		t.Errorf("stored: %+v", r)
	}
}

func TestAReportOfABlockedAuthorIsTakenAndNotStored(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "zuerich")
	stored := make(chan error, 10)
	w.net.recv = func(ctx context.Context, a bots.Account, out bots.Out) error {
		stored <- errors.Join(out(ctx, report.Report{ID: "7", Text: "kontrolle u7", Author: report.BlockedAuthor}), out(ctx, report.Report{ID: "8", Text: "kontrolle u8"}))
		return idle(ctx, a, out)
	}
	w.start()
	if err := testkit.Next(t, stored); err != nil {
		t.Fatal(err)
	}
	if r := w.receivedReport(); r.Text != "kontrolle u8" {
		t.Errorf("stored: %+v", r)
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

func TestTextsAreDeletedAfterTheCitysRetention(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "zuerich")
	entry := w.relay("zuerich", "kontrolle u8")
	w.Advance(25 * time.Hour)
	w.start()
	testkit.Next(t, w.net.pruned)
	testkit.Eventually(t, "the text is deleted, but not its row", func() bool {
		page, err := w.db.Entries(t.Context(), "zuerich", 0, 10)
		return err == nil && len(page) == 1 && page[0].ID == entry && page[0].Text == ""
	})
}
