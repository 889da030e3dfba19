package censor_test

import (
	"testing"
	"time"

	"linienfunk/censor"
	"linienfunk/db"
	"linienfunk/internal/testkit"
	"linienfunk/report"
)

// rule publishes a moderator's ruling about an entry.
func (d *fixture) rule(e db.Entry, what report.Ruling) {
	d.t.Helper()
	if err := d.bus.PublishReport(d.t.Context(), e.Ruled(what)); err != nil {
		d.t.Fatal(err)
	}
}

// ruled waits until the entry has a ruling.
func (d *fixture) ruled(e db.Entry) db.Entry {
	d.t.Helper()
	testkit.Eventually(d.t, "the ruling is in the ledger", func() bool {
		found, err := d.db.EntryByID(d.t.Context(), e.City, e.ID)
		e = found
		return err == nil && e.Ruling != ""
	})
	return e
}

func TestAReleasedReportIsOrderedOnceForEachConnectedBot(t *testing.T) {
	t.Parallel()
	d := newFixture(t)
	held := d.entry(d.put("zuerich", "1", "schönes wetter", 0))
	d.rule(held, report.Release)
	d.rule(held, report.Release)
	d.rule(held, report.Refuse)
	o := testkit.Next(t, d.orders)
	if o.Entry != held.ID || o.Report.Text != "schönes wetter" || len(o.Bots) != 2 || time.Until(o.Expire) > 30*time.Minute {
		t.Errorf("order: %+v", o)
	}
	if again := testkit.Next(t, d.orders); !again.Known || again.Entry != held.ID {
		t.Errorf("the second ruling: %+v", again)
	}
	e := d.ruled(held)
	if !e.Passed || e.Ruling != string(report.Release) || e.List != string(report.Triggers) || len(e.Deliveries) != 2 {
		t.Errorf("ledger: %+v", e)
	}
	d.nextOrderIsNew()
}

func TestARefusedReportIsNotReleased(t *testing.T) {
	t.Parallel()
	d := newFixture(t)
	held := d.entry(d.put("zuerich", "1", "schönes wetter", 0))
	d.rule(held, report.Refuse)
	d.rule(held, report.Release)
	d.nextOrderIsNew()
	if e := d.ruled(held); e.Passed || e.Ruling != string(report.Refuse) || len(e.Deliveries) != 0 {
		t.Errorf("ledger: %+v", e)
	}
}

func TestAReportThatIsReleasedTooLateIsRecordedAsExpired(t *testing.T) {
	t.Parallel()
	d := newFixture(t)
	held := d.entry(d.put("zuerich", "1", "schönes wetter", time.Hour))
	d.rule(held, report.Release)
	e := d.ruled(held)
	if len(e.Deliveries) != 2 || e.Deliveries[0].Status != db.Expired {
		t.Errorf("ledger: %+v", e)
	}
	d.nextOrderIsNew()
}

func TestAWithdrawnReportIsNotReleased(t *testing.T) {
	t.Parallel()
	d := newFixture(t)
	r := d.put("zuerich", "1", "schönes wetter", 0)
	held := d.entry(r)
	d.withdraw(r, report.ByAuthor)
	d.rule(held, report.Release)
	d.nextOrderIsNew()
	if e := d.withdrawn(r); e.Passed || e.Ruling != "" || len(e.Deliveries) != 0 {
		t.Errorf("ledger: %+v", e)
	}
}

func TestReportsOfAMutedAuthorAreHeldAlsoByTheNextWorker(t *testing.T) {
	t.Parallel()
	d := prepare(t)
	filter, err := censor.Compile([]string{"kontrolle"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	rules := func() censor.Rules { return censor.Rules{Filter: filter, Active: true, Freshness: 30 * time.Minute} }
	stop := d.startAndStop(rules)
	by := func(id, author string) db.Entry {
		r := report.Report{City: "zuerich", Bot: "elsewhere", ID: id, Text: "kontrolle u8 " + id, At: time.Now(), Author: author}
		if err := d.bus.PublishReport(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		return d.entry(r)
	}
	first := by("1", "spammer")
	d.rule(first, report.Mute)
	if e := by("2", "spammer"); e.Passed || e.List != string(report.Muted) {
		t.Errorf("muted: %+v", e)
	}
	if e := by("3", "rider"); !e.Passed {
		t.Errorf("another author: %+v", e)
	}
	stop()
	d.startAndStop(rules)
	if e := by("4", "spammer"); e.Passed || e.List != string(report.Muted) {
		t.Errorf("after a restart: %+v", e)
	}
	d.rule(first, report.Unmute)
	if e := by("5", "spammer"); !e.Passed {
		t.Errorf("unmuted: %+v", e)
	}
}
