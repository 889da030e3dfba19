package db_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"linienfunk/db"
	"linienfunk/internal/testkit"
	"linienfunk/report"
)

func newReport(id string) report.Report {
	return report.Report{City: "zuerich", Bot: "elsewhere", ID: id, Text: "kontrolle " + id, Author: "pseudonym", URL: "https://x/" + id, At: time.Now()}
}

var passed = report.Verdict{Passed: true, List: report.Triggers, Rule: "kontrolle", Line: 3}

func record(t *testing.T, d *db.DB, r report.Report, bots ...string) db.Entry {
	t.Helper()
	entries, err := d.Record(t.Context(), db.Judged{Report: r, Verdict: passed, Status: db.Queued, Bots: bots})
	if err != nil {
		t.Fatal(err)
	}
	return entries[0]
}

func TestARecordedReportIsReadBackWithVerdictAndDeliveries(t *testing.T) {
	t.Parallel()
	d := testkit.DB(t, time.Now)
	record(t, d, newReport("1"), "a", "b")
	record(t, d, newReport("2"))
	page, err := d.Entries(t.Context(), "zuerich", 0, 10)
	if err != nil || len(page) != 2 {
		t.Fatalf("%d entries, %v", len(page), err)
	}
	if page[0].Text != "kontrolle 2" || page[1].Rule != "kontrolle" || page[1].Line != 3 || !page[1].Passed {
		t.Errorf("newest first: %+v", page)
	}
	if got := page[1].Deliveries; len(got) != 2 || got[0].Bot != "a" || got[0].Status != db.Queued {
		t.Errorf("deliveries: %+v", got)
	}
	older, err := d.Entries(t.Context(), "zuerich", page[0].ID, 10)
	if err != nil || len(older) != 1 || older[0].ID != page[1].ID {
		t.Errorf("the page after: %+v, %v", older, err)
	}
	if other, _ := d.Entries(t.Context(), "ghent", 0, 10); len(other) != 0 {
		t.Errorf("another city sees %+v", other)
	}
}

func TestEntriesSinceATimeAreThoseWithText(t *testing.T) {
	t.Parallel()
	now := time.Now()
	d := testkit.DB(t, func() time.Time { return now })
	record(t, d, newReport("old"))
	now = now.Add(time.Hour)
	since := now
	for _, id := range []string{"1", "2", "3"} {
		record(t, d, newReport(id))
	}
	other := newReport("4")
	other.City = "ghent"
	record(t, d, other)
	if err := d.Model(&db.Entry{}).Where("text = ?", "kontrolle 2").Update("text", "").Error; err != nil {
		t.Fatal(err)
	}
	got, err := d.EntriesSince(t.Context(), "zuerich", since, 10)
	if err != nil || len(got) != 2 || got[0].Text != "kontrolle 3" || got[1].Text != "kontrolle 1" {
		t.Errorf("got %+v, %v", got, err)
	}
	if got, err = d.EntriesSince(t.Context(), "zuerich", since, 1); err != nil || len(got) != 1 || got[0].Text != "kontrolle 3" {
		t.Errorf("the newest alone: %+v, %v", got, err)
	}
}

func TestTheFirstRecordOfAReportIsKept(t *testing.T) {
	t.Parallel()
	d := testkit.DB(t, time.Now)
	first := record(t, d, newReport("1"), "a")
	if err := d.SaveDelivery(t.Context(), db.Delivery{EntryID: first.ID, Bot: "a", Status: db.Sent, RemoteID: "7"}); err != nil {
		t.Fatal(err)
	}
	both, err := d.Record(t.Context(), db.Judged{Report: newReport("1"), Status: db.Expired, Bots: []string{"a", "b"}}, db.Judged{Report: newReport("2")})
	if err != nil {
		t.Fatal(err)
	}
	if both[1].Known || both[1].ID == first.ID {
		t.Errorf("the one beside it: %+v", both[1])
	}
	if again := both[0]; !again.Known || again.ID != first.ID || !again.Passed || len(again.Deliveries) != 1 || again.Deliveries[0].RemoteID != "7" {
		t.Errorf("got %+v", again)
	}
}

func TestDeletingTextsKeepsTheRowsThatRejectDuplicates(t *testing.T) {
	t.Parallel()
	d := testkit.DB(t, time.Now)
	first := record(t, d, newReport("1"), "a")
	if n, err := d.DeleteTexts(t.Context(), "zuerich", time.Now().Add(-time.Hour)); n != 0 || err != nil {
		t.Errorf("forgot %d young texts, %v", n, err)
	}
	if n, err := d.DeleteTexts(t.Context(), "zuerich", time.Now().Add(time.Hour)); n != 1 || err != nil {
		t.Errorf("forgot %d texts, %v", n, err)
	}
	page, _ := d.Entries(t.Context(), "zuerich", 0, 10)
	if len(page) != 1 || page[0].Text != "" || page[0].Author != "" || page[0].URL != "" || page[0].Rule != "kontrolle" {
		t.Errorf("got %+v", page)
	}
	if again := record(t, d, newReport("1")); again.ID != first.ID {
		t.Error("the repetition is a new report")
	}
}

func TestATokenWorksOnceAndNotAfterItExpired(t *testing.T) {
	t.Parallel()
	now := time.Now()
	d := testkit.DB(t, func() time.Time { return now })
	for _, hash := range []string{"good", "old"} {
		if err := d.Create(&db.Token{Hash: hash, Purpose: "confirm", ExpiresAt: now.Add(time.Hour)}).Error; err != nil {
			t.Fatal(err)
		}
	}
	if _, err := d.UseToken(t.Context(), "good", "reset"); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("for another purpose: %v", err)
	}
	if _, err := d.UseToken(t.Context(), "good", "confirm"); err != nil {
		t.Error(err)
	}
	if _, err := d.UseToken(t.Context(), "good", "confirm"); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("a second time: %v", err)
	}
	now = now.Add(2 * time.Hour)
	if _, err := d.UseToken(t.Context(), "old", "confirm"); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("too late: %v", err)
	}
}

func TestTheIDsOfEarlierReportsAreHiddenOnceButForThoseThatStillWait(t *testing.T) {
	t.Parallel()
	d := testkit.DB(t, time.Now)
	hide := func(key string) string { return "hidden-" + key[len(key)-1:] }
	old := record(t, d, newReport("1"))
	waiting := record(t, d, newReport("2"), "net")
	for range 2 {
		if err := d.HideIDs(t.Context(), hide); err != nil {
			t.Fatal(err)
		}
		for id, want := range map[uint]string{old.ID: "zuerich:elsewhere:hidden-1", waiting.ID: "zuerich:elsewhere:2"} {
			if e, err := d.EntryAlone(t.Context(), id); err != nil || e.Key != want {
				t.Errorf("entry %d has the key %q, %v; want %q", id, e.Key, err, want)
			}
		}
	}
}

func TestTheIDsOfRepostsAreDeletedWithTheText(t *testing.T) {
	t.Parallel()
	d := testkit.DB(t, time.Now)
	entry := record(t, d, newReport("1"), "elsewhere", "web")
	for _, delivery := range entry.Deliveries {
		delivery.Status, delivery.RemoteID, delivery.RemoteURL = db.Sent, "of the post", "https://x/post"
		if err := d.SaveDelivery(t.Context(), delivery); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := d.DeleteTexts(t.Context(), "zuerich", time.Now().Add(time.Hour)); n != 1 || err != nil {
		t.Fatalf("%d texts, %v", n, err)
	}
	after, err := d.EntryByID(t.Context(), "zuerich", entry.ID)
	if err != nil || len(after.Deliveries) != 2 {
		t.Fatal(after, err)
	}
	for _, delivery := range after.Deliveries {
		if kept := delivery.RemoteID != "" && delivery.RemoteURL != ""; kept != (delivery.Bot == "web") {
			t.Errorf("in the network %s: %+v", delivery.Bot, delivery)
		}
	}
}

func TestWhatANetworkRemembersIsStoredWithTheDeliveryOrNotAtAll(t *testing.T) {
	t.Parallel()
	d := notes(t)
	entry := record(t, d, newReport("1"), "a")
	remember := func(id string) *db.Pending {
		t.Helper()
		ctx, pending := db.Collect(t.Context())
		if err := db.Remember(ctx, d.DB, func(tx *gorm.DB) error { return tx.Create(&note{ID: id}).Error }); err != nil {
			t.Fatal(err)
		}
		if err := d.Take(&note{}, "id = ?", id).Error; !errors.Is(err, gorm.ErrRecordNotFound) {
			t.Errorf("stored before the delivery: %v", err)
		}
		return pending
	}
	sent := db.Delivery{EntryID: entry.ID, Bot: "a", Status: db.Sent}
	if err := d.SaveDeliveryWith(t.Context(), sent, remember("first")); err != nil {
		t.Fatal(err)
	}
	if err := d.Take(&note{}, "id = ?", "first").Error; err != nil {
		t.Errorf("not stored with the delivery: %v", err)
	}
	again := remember("second")
	if err := d.Create(&note{ID: "second"}).Error; err != nil {
		t.Fatal(err)
	}
	sent.Status = db.Failed
	if err := d.SaveDeliveryWith(t.Context(), sent, again); err == nil {
		t.Error("what cannot be remembered is no error")
	}
	if found, err := d.Delivery(t.Context(), entry.ID, "a"); err != nil || found.Status != db.Sent {
		t.Errorf("the delivery is %s, %v", found.Status, err)
	}
}

func TestARememberedPostIsStoredAtOnceOutsideOfASend(t *testing.T) {
	t.Parallel()
	d := notes(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := db.Remember(ctx, d.DB, func(tx *gorm.DB) error { return tx.Create(&note{ID: "1"}).Error }); err != nil {
		t.Fatal(err)
	}
	if err := d.Take(&note{}, "id = ?", "1").Error; err != nil {
		t.Error(err)
	}
}

func TestWhatIsDueIsFoundByItsIndex(t *testing.T) {
	t.Parallel()
	d := testkit.DB(t, time.Now)
	if d.Name() != "sqlite" {
		t.Skip("PostgreSQL plans by the size of the table")
	}
	var plan []struct{ Detail string }
	err := d.Raw("EXPLAIN QUERY PLAN SELECT d.entry_id FROM ledger_deliveries AS d WHERE (d.status IN ('queued', 'retrying') OR d.recall_until IS NOT NULL)").Scan(&plan).Error
	if err != nil || len(plan) != 1 || !strings.Contains(plan[0].Detail, "idx_ledger_deliveries_due") {
		t.Errorf("%v, %v", plan, err)
	}
}

func TestDeliveriesAreDueUntilTheyAreSentAndAgainWhenTheirReportIsWithdrawn(t *testing.T) {
	t.Parallel()
	d := testkit.DB(t, time.Now)
	entry := record(t, d, newReport("1"), "a", "b", "c")
	for bot, status := range map[string]db.Status{"a": db.Sent, "b": db.Failed, "c": db.Retrying} {
		if err := d.SaveDelivery(t.Context(), db.Delivery{EntryID: entry.ID, Bot: bot, Status: status}); err != nil {
			t.Fatal(err)
		}
	}
	due := func() (bots string) {
		t.Helper()
		list, err := d.Due(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range list {
			bots += v.Bot
			if v.RecallUntil != nil {
				bots += "!"
			}
		}
		return bots
	}
	if got := due(); got != "c" {
		t.Errorf("due: %s", got)
	}
	if _, err := d.Withdraw(t.Context(), entry.Withdrawal(report.ByAuthor), time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if got := due(); got != "a!c!" {
		t.Errorf("due once withdrawn: %s", got)
	}
	if err := d.EndRecall(t.Context(), db.Delivery{EntryID: entry.ID, Bot: "a", Status: db.Retracted}); err != nil {
		t.Fatal(err)
	}
	if err := d.CloseDeliveries(t.Context(), "c", []uint{entry.ID}, db.Retracted, ""); err != nil {
		t.Fatal(err)
	}
	if got := due(); got != "" {
		t.Errorf("due in the end: %s", got)
	}
}
