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

// editing is a network with Edit.
type editing struct {
	*network
	edit func(r report.Report, sent report.Receipt) error
}

func (n *editing) Edit(_ context.Context, _ bots.Account, r report.Report, sent report.Receipt) error {
	return n.edit(r, sent)
}

// startEditing is start with a network that sends what it is asked to show to shown, unless f returns an error.
func (w *world) startEditing(f func() error) (shown chan string) {
	w.t.Helper()
	shown = make(chan string, 100)
	w.startBot(&editing{w.net, func(r report.Report, sent report.Receipt) error {
		if err := f(); err != nil {
			return err
		}
		shown <- fmt.Sprintf("%s: %d people, over %t", sent.ID, r.People, !r.Ended.IsZero())
		return nil
	}})
	return shown
}

// confirm records another report that says the same as an entry, as the censor does.
func (w *world) confirm(entry uint, announce bool) {
	w.t.Helper()
	w.about(entry, announce, func(j *db.Judged) { j.Counts = true })
}

// end records a report that an entry is over.
func (w *world) end(entry uint) {
	w.t.Helper()
	w.about(entry, true, func(j *db.Judged) { j.Ends = []string{j.About} })
}

func (w *world) about(entry uint, announce bool, with func(*db.Judged)) {
	w.t.Helper()
	var e db.Entry
	check(w.t, w.db.Take(&e, entry).Error)
	w.count++
	j := db.Judged{Report: report.Report{City: e.City, Bot: "elsewhere", ID: fmt.Sprint(w.count), Text: e.Text, At: w.Now()},
		Verdict: report.Verdict{Passed: true, List: report.Triggers}, Status: db.Queued, About: e.Key}
	with(&j)
	entries, err := w.db.Record(w.t.Context(), j)
	check(w.t, err)
	for _, d := range entries[0].Edits {
		if announce {
			check(w.t, w.bus.PublishOrder(bus.Order{Entry: d.EntryID, Bots: []string{d.Bot}, Report: report.Report{City: e.City}, Expire: *d.EditUntil, Edit: true}))
		}
	}
}

// waitForEdit waits until a post says what the ledger does, or nobody tries any more.
func (w *world) waitForEdit(entry uint) {
	w.t.Helper()
	testkit.Eventually(w.t, "the edit is over", func() bool {
		d, err := w.db.Delivery(w.t.Context(), entry, "net")
		return err == nil && d.EditUntil == nil
	})
}

func never() error { return nil }

func TestAPostIsEditedWhenMorePeopleReportTheSameAndWhenItIsOver(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "zuerich")
	shown := w.startEditing(never)
	entry := w.relay("zuerich", "kontrolle u8")
	w.waitForStatus(entry, db.Sent)
	w.confirm(entry, true)
	w.want(shown, "post-1: 2 people, over false")
	w.waitForEdit(entry)
	w.confirm(entry, true)
	w.want(shown, "post-1: 3 people, over false")
	w.waitForEdit(entry)
	w.end(entry)
	w.want(shown, "post-1: 3 people, over true")
	w.waitForEdit(entry)
}

func TestAnEditWhoseOrderWasLostIsFoundInTheLedger(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "zuerich")
	w.startEditing(never)
	entry := w.relay("zuerich", "kontrolle u8")
	w.waitForStatus(entry, db.Sent)
	w.stop()
	w.confirm(entry, false)
	shown := w.startEditing(never)
	w.want(shown, "post-1: 2 people, over false")
	w.waitForEdit(entry)
}

func TestAFailedEditIsRepeatedAndDelaysNoReport(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "zuerich")
	sent := w.net.collectSent()
	fails := make(chan error, 1)
	fails <- errors.New("503")
	shown := w.startEditing(func() error {
		select {
		case err := <-fails:
			return err
		default:
			return nil
		}
	})
	entry := w.relay("zuerich", "kontrolle u8")
	w.want(sent, "zuerich: kontrolle u8")
	w.waitForStatus(entry, db.Sent)
	w.confirm(entry, true)
	w.sends(sent, "zuerich", "kontrolle u9")
	w.want(shown, "post-1: 2 people, over false")
	w.waitForEdit(entry)
}

func TestAnEditThatTheNetworkRefusesIsGivenUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "zuerich")
	shown := w.startEditing(func() error { return bots.Permanent("", errors.New("no edits here")) })
	entry := w.relay("zuerich", "kontrolle u8")
	w.waitForStatus(entry, db.Sent)
	w.confirm(entry, true)
	w.waitForEdit(entry)
	if d := w.waitForStatus(entry, db.Sent); d.Detail != "" || len(shown) > 0 {
		t.Errorf("%+v", d)
	}
}

func TestANetworkWithoutEditsIsNotAsked(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "zuerich")
	w.start()
	entry := w.relay("zuerich", "kontrolle u8")
	w.waitForStatus(entry, db.Sent)
	w.confirm(entry, true)
	w.waitForEdit(entry)
	w.waitForStatus(entry, db.Sent)
}

func TestAReportThatIsConfirmedWhileItWaitsIsSentAndThenEdited(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "zuerich")
	tries := make(chan error)
	w.net.send = func(ctx context.Context, _, _ string) error {
		select {
		case err := <-tries:
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	shown := w.startEditing(never)
	entry := w.relay("zuerich", "kontrolle u8")
	w.confirm(entry, true)
	tries <- nil
	w.want(shown, "post-1: 2 people, over false")
	w.waitForEdit(entry)
}

func TestAWithdrawalEndsTheEdit(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "zuerich")
	asked := make(chan bool, 10)
	shown := w.startEditing(func() error { asked <- true; return bots.RetryAfter(time.Hour, "", errors.New("429")) })
	entry := w.relay("zuerich", "kontrolle u8")
	w.waitForStatus(entry, db.Sent)
	w.confirm(entry, true)
	testkit.Next(t, asked)
	w.withdraw(entry)
	w.Advance(2 * time.Hour)
	w.stop()
	w.startEditing(never)
	w.waitForEdit(entry)
	if len(shown) > 0 {
		t.Error("a withdrawn report was edited")
	}
}

func TestManyConfirmationsAreFewEditsAndTheLastOneIsShown(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "zuerich")
	shown := w.startEditing(never)
	entry := w.relay("zuerich", "kontrolle u8")
	w.waitForStatus(entry, db.Sent)
	for range 40 {
		w.confirm(entry, true)
	}
	edits := 1
	for got := testkit.Next(t, shown); got != "post-1: 41 people, over false"; got = testkit.Next(t, shown) {
		edits++
	}
	w.waitForEdit(entry)
	if edits > 20 {
		t.Errorf("%d edits", edits)
	}
}
