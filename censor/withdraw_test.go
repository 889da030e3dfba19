package censor_test

import (
	"testing"
	"time"

	"linienfunk/db"
	"linienfunk/internal/testkit"
	"linienfunk/report"
)

// withdraw publishes the withdrawal of a report.
func (d *fixture) withdraw(r report.Report, by report.Withdrawal) {
	d.t.Helper()
	if err := d.bus.PublishReport(d.t.Context(), report.Report{City: r.City, Bot: r.Bot, ID: r.ID, Withdrawn: by}); err != nil {
		d.t.Fatal(err)
	}
}

// withdrawn waits until the report is withdrawn in the ledger.
func (d *fixture) withdrawn(r report.Report) db.Entry {
	d.t.Helper()
	var found db.Entry
	testkit.Eventually(d.t, "the report is withdrawn", func() bool {
		page, err := d.db.Entries(d.t.Context(), "zuerich", 0, 100)
		for _, entry := range page {
			if entry.Key == r.Key() {
				found = entry
			}
		}
		return err == nil && found.Withdrawn != ""
	})
	return found
}

func TestAWithdrawalIsOrderedForEveryBotThatMayHaveSentTheReport(t *testing.T) {
	t.Parallel()
	d := newFixture(t)
	r := d.put("zuerich", "a b/ü", "kontrolle u8", 0) // the key contains a digest of this id
	entry := d.entry(r)
	testkit.Next(t, d.orders)
	entry.Deliveries[0].Status = db.Failed
	if err := d.db.SaveDelivery(t.Context(), entry.Deliveries[0]); err != nil {
		t.Fatal(err)
	}
	if err := d.bus.PublishReport(t.Context(), entry.Withdrawal(report.ByModerator)); err != nil {
		t.Fatal(err)
	}
	o := testkit.Next(t, d.orders)
	if !o.Recall || o.Entry != entry.ID || len(o.Bots) != 1 || o.Bots[0] != entry.Deliveries[1].Bot || o.Report.Text != "" || time.Until(o.Expire) < 23*time.Hour {
		t.Errorf("order: %+v", o)
	}
	d.nextOrderIsNew()
}

func TestTheTextOfAWithdrawnReportIsKeptOnlyIfAModeratorWithdrewIt(t *testing.T) {
	t.Parallel()
	d := newFixture(t)
	for by, text := range map[report.Withdrawal]string{report.ByAuthor: "", report.ByModerator: "schönes wetter"} {
		r := d.put("zuerich", string(by), "schönes wetter", 0)
		d.entry(r)
		d.withdraw(r, by)
		if e := d.withdrawn(r); e.Text != text || e.Withdrawn != string(by) || e.Passed {
			t.Errorf("%s: %+v", by, e)
		}
	}
}

func TestAReportThatWasWithdrawnBeforeItArrivedIsNotRelayed(t *testing.T) {
	t.Parallel()
	d := newFixture(t)
	r := report.Report{City: "zuerich", Bot: "elsewhere", ID: "1", Text: "kontrolle u8", At: time.Now()}
	d.withdraw(r, report.ByAuthor)
	d.withdrawn(r)
	if err := d.bus.PublishReport(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	d.nextOrderIsNew()
	if e := d.withdrawn(r); e.Text != "" || e.Passed || len(e.Deliveries) != 0 {
		t.Errorf("ledger: %+v", e)
	}
}
