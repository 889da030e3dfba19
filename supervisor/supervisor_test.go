package supervisor_test

import (
	"context"
	"testing"
	"time"

	"linienfunk/bots"
	"linienfunk/bus"
	"linienfunk/internal/testkit"
	"linienfunk/report"
)

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

func TestTextsAreDeletedAfterTheCitysRetention(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "zuerich")
	entry := w.relay("zuerich", "kontrolle u8")
	w.Advance(25 * time.Hour)
	w.start()
	testkit.Next(t, w.net.pruned)
	testkit.Eventually(t, "the text is gone, but its row is not", func() bool {
		page, err := w.db.Entries(t.Context(), "zuerich", 0, 10)
		return err == nil && len(page) == 1 && page[0].ID == entry && page[0].Text == ""
	})
}
