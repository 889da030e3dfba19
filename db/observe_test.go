package db_test

import (
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"linienfunk/db"
	"linienfunk/internal/observe"
	"linienfunk/internal/testkit"
	"linienfunk/report"
)

func TestStatementsAreTimedByOperationAndTableAndNeverByValue(t *testing.T) {
	t.Parallel()
	d, o := testkit.DB(t, time.Now), observe.New("")
	if err := d.Observe(o); err != nil {
		t.Fatal(err)
	}
	r := report.Report{City: "zuerich", Bot: "pigeon", ID: "1", Text: "kontrolle am hermannplatz", At: time.Now()}
	if _, err := d.Record(t.Context(), db.Judged{Report: r, Verdict: report.Verdict{Passed: true}, Status: db.Queued, Bots: []string{"crow"}}); err != nil {
		t.Fatal(err)
	}
	if err := d.SaveDelivery(t.Context(), db.Delivery{EntryID: 1, Bot: "crow", Status: db.Sent}); err != nil {
		t.Fatal(err)
	}
	prefixed, err := d.Prefixed("ledger_")
	if err != nil {
		t.Fatal(err)
	}
	var entry struct{ ID uint }
	if err := prefixed.WithContext(t.Context()).Table("ledger_entries").Where("text = ?", "hermannplatz").Take(&entry).Error; err != gorm.ErrRecordNotFound {
		t.Fatal(err)
	}
	if err := d.WithContext(t.Context()).Exec("UPDATE no_such_table SET a = 'hermannplatz'").Error; err == nil {
		t.Fatal("there is no such table")
	}
	found := testkit.Scrape(t, o.MetricsHandler())
	for series, want := range map[string]float64{
		`linienfunk_query_duration_seconds_count{operation="insert",table="ledger_entries"}`:    1,
		`linienfunk_query_duration_seconds_count{operation="insert",table="ledger_deliveries"}`: 1,
		`linienfunk_query_duration_seconds_count{operation="update",table="ledger_deliveries"}`: 1,
		`linienfunk_query_duration_seconds_count{operation="select",table="ledger_entries"}`:    1,
		`linienfunk_query_duration_seconds_count{operation="transaction",table=""}`:             1,
		`linienfunk_query_errors_total{operation="update",table="no_such_table"}`:               1,
		`linienfunk_query_errors_total{operation="select",table="ledger_entries"}`:              0, // that nothing was found is no error
	} {
		if got := found[series]; got != want {
			t.Errorf("%s is %v, want %v", series, got, want)
		}
	}
	for series := range found {
		if strings.Contains(series, "hermannplatz") || strings.Contains(series, "zuerich") {
			t.Errorf("%s has a value of a statement", series)
		}
	}
}

func TestWhatWaitsIsCountedByNetworkWithItsOldestReport(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 28, 8, 0, 0, 0, time.UTC)
	d := testkit.DB(t, func() time.Time { return now })
	put := func(id string, status db.Status, bots ...string) {
		r := report.Report{City: "zuerich", Bot: "pigeon", ID: id, Text: "kontrolle", At: now}
		if _, err := d.Record(t.Context(), db.Judged{Report: r, Verdict: report.Verdict{Passed: true}, Status: status, Bots: bots}); err != nil {
			t.Fatal(err)
		}
		now = now.Add(time.Minute)
	}
	if list, err := d.Waiting(t.Context()); err != nil || len(list) > 0 {
		t.Fatalf("%v, %v", list, err)
	}
	put("1", db.Expired, "crow")
	put("2", db.Queued, "pigeon")
	put("3", db.Queued, "crow", "pigeon")
	if err := d.SaveDelivery(t.Context(), db.Delivery{EntryID: 3, Bot: "crow", Status: db.Retrying}); err != nil {
		t.Fatal(err)
	}
	withdrawn := report.Report{City: "zuerich", Bot: "pigeon", ID: "1", Withdrawn: report.ByAuthor}
	if _, err := d.Withdraw(t.Context(), withdrawn, now.Add(time.Hour)); err != nil { // waits to be deleted, not to be sent
		t.Fatal(err)
	}
	list, err := d.Waiting(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	start := time.Date(2026, 11, 28, 8, 0, 0, 0, time.UTC)
	want := []db.Waiting{{Bot: "crow", Deliveries: 1, Oldest: start.Add(2 * time.Minute)}, {Bot: "pigeon", Deliveries: 2, Oldest: start.Add(time.Minute)}}
	if len(list) != 2 || list[0].Bot != want[0].Bot || list[0].Deliveries != 1 || !list[0].Oldest.Equal(want[0].Oldest) || list[1].Deliveries != 2 || !list[1].Oldest.Equal(want[1].Oldest) {
		t.Errorf("%v, want %v", list, want)
	}
}
