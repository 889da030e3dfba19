package censor_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gorm.io/gorm"

	"linienfunk/bus"
	"linienfunk/censor"
	"linienfunk/db"
	"linienfunk/internal/testkit"
	"linienfunk/report"
)

// fixture is a running worker with a real bus and database. zuerich has the trigger "kontrolle", blocks "idiot", and has connected two networks.
type fixture struct {
	t      *testing.T
	bus    *bus.Bus
	db     *db.DB
	orders chan bus.Order // but edits
	edits  chan bus.Order
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	d := prepare(t)
	d.start()
	return d
}

// prepare is newFixture without start.
func prepare(t *testing.T) *fixture {
	t.Helper()
	d := &fixture{t: t, bus: testkit.Bus(t), db: testkit.DB(t, time.Now), orders: make(chan bus.Order, 100), edits: make(chan bus.Order, 100)}
	return d
}

// start runs a worker, and collects the orders of zuerich.
func (d *fixture) start() {
	d.t.Helper()
	filter, err := censor.Compile([]string{"kontrolle"}, []string{"idiot"})
	if err != nil {
		d.t.Fatal(err)
	}
	d.startWith(func() censor.Rules { return censor.Rules{Filter: filter, Active: true, Freshness: 30 * time.Minute} }, time.Now)
}

// startWith is start with other rules and another clock.
func (d *fixture) startWith(rules func() censor.Rules, now func() time.Time) {
	t := d.t
	t.Helper()
	worker := &censor.Worker{Bus: d.bus, DB: d.db, Log: testkit.Log(t), Now: now,
		Rules: func(city string) (censor.Rules, bool) { return rules(), city == "zuerich" },
		Bots:  func(string) []string { return []string{"one", "two"} },
	}
	stop, err := d.bus.SubscribeOrders(func(o bus.Order) {
		if o.Edit {
			d.edits <- o
		} else {
			d.orders <- o
		}
	}, func() {})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	d.running(worker.Run)
}

// startAndStop runs a worker until the function is called that it returns, or the test ends.
func (d *fixture) startAndStop(rules func() censor.Rules) (stop func()) {
	worker := &censor.Worker{Bus: d.bus, DB: d.db, Log: testkit.Log(d.t), Now: time.Now,
		Rules: func(city string) (censor.Rules, bool) { return rules(), city == "zuerich" },
		Bots:  func(string) []string { return []string{"one", "two"} },
	}
	return d.running(worker.Run)
}

// running runs f until the function is called that it returns, or the test ends.
func (d *fixture) running(f func(context.Context) error) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() {
		if err := f(ctx); !errors.Is(err, context.Canceled) {
			d.t.Errorf("ended with %v", err)
		}
	})
	stop = func() { cancel(); done.Wait() }
	d.t.Cleanup(stop)
	return stop
}

func (d *fixture) put(city, id, text string, age time.Duration) report.Report {
	d.t.Helper()
	r := report.Report{City: city, Bot: "elsewhere", ID: id, Text: text, At: time.Now().Add(-age)}
	if err := d.bus.PublishReport(d.t.Context(), r); err != nil {
		d.t.Fatal(err)
	}
	return r
}

// entry waits until the report is in the ledger.
func (d *fixture) entry(r report.Report) db.Entry {
	d.t.Helper()
	var found db.Entry
	testkit.Eventually(d.t, r.Text+" is in the ledger", func() bool {
		page, err := d.db.Entries(d.t.Context(), "zuerich", 0, 100)
		for _, entry := range page {
			if entry.Key == r.Key() {
				found = entry
			}
		}
		return err == nil && found.ID != 0
	})
	return found
}

// nextOrderIsNew checks that the next order is for a new report, and so that there is none for the reports before.
func (d *fixture) nextOrderIsNew() {
	d.t.Helper()
	d.put("zuerich", "new", "kontrolle u9", 0)
	if o := testkit.Next(d.t, d.orders); o.Recall || o.Report.ID != "new" {
		d.t.Errorf("ordered: %+v", o)
	}
}

func TestAPassedReportIsOrderedOnceForEachConnectedBot(t *testing.T) {
	t.Parallel()
	d := newFixture(t)
	entry := d.entry(d.put("zuerich", "1", "kontrolle u8", 0))
	if !entry.Passed || entry.Rule != "kontrolle" || len(entry.Deliveries) != 2 {
		t.Errorf("ledger: %+v", entry)
	}
	o := testkit.Next(t, d.orders)
	if o.Entry != entry.ID || o.Report.Key() != entry.Key || o.Report.Text != "kontrolle u8" || o.Known || time.Until(o.Expire) > 30*time.Minute {
		t.Errorf("order: %+v", o)
	}
	if !slices.Equal(o.Bots, []string{"one", "two"}) {
		t.Errorf("ordered for %v", o.Bots)
	}
	d.nextOrderIsNew()
}

func TestAHeldReportIsNotOrdered(t *testing.T) {
	t.Parallel()
	d := newFixture(t)
	if e := d.entry(d.put("zuerich", "1", "kontrolle, idiot", 0)); e.Passed || e.List != "blocked" || e.Rule != "idiot" || len(e.Deliveries) != 0 {
		t.Errorf("ledger: %+v", e)
	}
	if e := d.entry(d.put("zuerich", "2", "schönes wetter", 0)); e.Passed || e.List != "triggers" || e.Rule != "" {
		t.Errorf("ledger: %+v", e)
	}
	d.nextOrderIsNew()
}

func TestAReportThatMayBeForgedIsHeld(t *testing.T) {
	t.Parallel()
	d := newFixture(t)
	for text, want := range map[string]report.Verdict{
		"kontrolle u8":        {List: report.Spam, Rule: "DMARC: quarantine"},
		"kontrolle, idiot":    {List: report.Blocked, Rule: "idiot", Line: 1},
		"nichts zu berichten": {List: report.Triggers},
	} {
		r := report.Report{City: "zuerich", Bot: "one", ID: text, Text: text, At: time.Now(), Spam: "DMARC: quarantine"}
		if err := d.bus.PublishReport(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		e := d.entry(r)
		if e.Passed || e.List != string(want.List) || e.Rule != want.Rule || len(e.Deliveries) != 0 {
			t.Errorf("%s: %+v", text, e)
		}
	}
}

func TestADroppedMessageIsRecordedWithTheReason(t *testing.T) {
	t.Parallel()
	d := newFixture(t)
	for id, text := range map[string]string{"trigger": "kontrolle u8", "blocked": "kontrolle, idiot", "no text": ""} {
		r := report.Report{City: "zuerich", Bot: "one", ID: id, Text: text, At: time.Now(), Spam: "DMARC: quarantine", Dropped: "mailing list"}
		if err := d.bus.PublishReport(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		if e := d.entry(r); e.Passed || e.List != "dropped" || e.Rule != "mailing list" || e.Text != text || len(e.Deliveries) != 0 {
			t.Errorf("%s: %+v", id, e)
		}
	}
	d.nextOrderIsNew()
}

func TestAReportThatArrivesTooLateExpiresForAllBots(t *testing.T) {
	t.Parallel()
	d := newFixture(t)
	e := d.entry(d.put("zuerich", "1", "kontrolle u8", 31*time.Minute))
	if len(e.Deliveries) != 2 || e.Deliveries[0].Status != db.Expired || e.Deliveries[1].Status != db.Expired {
		t.Errorf("ledger: %+v", e.Deliveries)
	}
	d.nextOrderIsNew()
}

// recorded puts a report that passed into the ledger, without an order.
func (d *fixture) recorded(r report.Report, status db.Status, bots ...string) db.Entry {
	d.t.Helper()
	entries, err := d.db.Record(d.t.Context(), db.Judged{Report: r, Verdict: report.Verdict{Passed: true, List: report.Triggers}, Status: status, Bots: bots})
	if err != nil {
		d.t.Fatal(err)
	}
	return entries[0]
}

func TestAReportIsOrderedAfterACrashBetweenLedgerAndOrder(t *testing.T) {
	t.Parallel()
	d := newFixture(t)
	r := report.Report{City: "zuerich", Bot: "elsewhere", ID: "1", Text: "kontrolle u8", At: time.Now()}
	d.recorded(r, db.Queued, "one") // when one bot was connected
	if err := d.bus.PublishReport(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if o := testkit.Next(t, d.orders); !slices.Equal(o.Bots, []string{"one"}) || !o.Known {
		t.Errorf("ordered: %+v", o)
	}
}

func TestAReportThatWasSentIsNotOrderedAgain(t *testing.T) {
	t.Parallel()
	d := newFixture(t)
	r := report.Report{City: "zuerich", Bot: "elsewhere", ID: "1", Text: "kontrolle u8", At: time.Now()}
	d.recorded(r, db.Sent, "one") // a network repeats it after JetStream's deduplication window
	if err := d.bus.PublishReport(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	d.nextOrderIsNew()
}

func TestAReportThatComesTwiceInABatchIsOrderedOnce(t *testing.T) {
	t.Parallel()
	d := prepare(t)
	r := report.Report{City: "zuerich", Bot: "elsewhere", ID: "1", Text: "kontrolle u8", At: time.Now()}
	entries, err := d.db.Record(t.Context(), db.Judged{Report: r, Status: db.Queued, Bots: []string{"one"}}, db.Judged{Report: r, Status: db.Queued, Bots: []string{"one"}})
	if err != nil {
		t.Fatal(err)
	}
	if first, again := entries[0], entries[1]; first.Known || !again.Known || first.ID != again.ID || len(again.Deliveries) != 1 {
		t.Errorf("recorded: %+v", entries)
	}
}

func TestAReportForADeletedCityIsDropped(t *testing.T) {
	t.Parallel()
	d := newFixture(t)
	d.put("atlantis", "1", "kontrolle u8", 0)
	d.entry(d.put("zuerich", "2", "kontrolle u9", 0))
	if page, err := d.db.Entries(t.Context(), "atlantis", 0, 10); err != nil || len(page) != 0 {
		t.Errorf("ledger: %+v, %v", page, err)
	}
}

func TestOnePersonCannotFloodACity(t *testing.T) {
	t.Parallel()
	d := newFixture(t)
	put := func(id, author, text string) report.Report {
		r := report.Report{City: "zuerich", Bot: "elsewhere", ID: id, Text: text, Author: author, At: time.Now()}
		if err := d.bus.PublishReport(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		return r
	}
	put("chat", "marta", "nothing to report") // held, and so not counted
	var last report.Report
	for i := range 13 {
		last = put(fmt.Sprint(i), "marta", fmt.Sprint("kontrolle ", i))
	}
	if e := d.entry(last); e.Passed || e.List != string(report.Limit) {
		t.Errorf("the last report of many: %+v", e)
	}
	if e := d.entry(put("jan", "jan", "kontrolle u8")); !e.Passed {
		t.Errorf("another person's: %+v", e)
	}
	passed := map[string]bool{}
	for range 11 {
		passed[testkit.Next(t, d.orders).Report.Key()] = true
	}
	if len(passed) != 11 || !passed["zuerich:elsewhere:0"] || !passed["zuerich:elsewhere:9"] {
		t.Errorf("relayed: %v", passed)
	}
}

// After a crash the stream delivers again what was judged just before.
func TestRepetitionsDoNotCountAsReportsOfTheirAuthor(t *testing.T) {
	t.Parallel()
	d := prepare(t)
	var messages []report.Report
	for i := range 8 {
		r := report.Report{City: "zuerich", Bot: "elsewhere", ID: fmt.Sprint(i), Text: fmt.Sprint("kontrolle ", i), Author: "marta", At: time.Now()}
		d.recorded(r, db.Sent)
		messages = append(messages, r, r)
	}
	last := report.Report{City: "zuerich", Bot: "elsewhere", ID: "last", Text: "kontrolle u8", Author: "marta", At: time.Now()}
	for _, r := range append(messages, last, last, last) {
		if err := d.bus.PublishReport(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	d.start()
	if e := d.entry(last); !e.Passed {
		t.Errorf("the ninth report of an author: %+v", e)
	}
}

func TestAReportThatCannotBeRecordedIsNotOvertaken(t *testing.T) {
	t.Parallel()
	d := prepare(t)
	var failed atomic.Int32
	err := d.db.Callback().Row().Before("gorm:row").Register("fail", func(tx *gorm.DB) {
		if slices.Contains(tx.Statement.Vars, any("zuerich:elsewhere:1")) && (failed.Add(1) <= 2) { // in the batch, and alone
			tx.AddError(errors.New("disk I/O error"))
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	first, second := d.put("zuerich", "1", "kontrolle u8", 0), d.put("zuerich", "2", "kontrolle u9", 0)
	d.start()
	if one, two := d.entry(first), d.entry(second); failed.Load() < 2 || one.ID >= two.ID {
		t.Errorf("the first is entry %d, the second %d", one.ID, two.ID)
	}
}
