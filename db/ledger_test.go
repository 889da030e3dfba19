package db_test

import (
	"errors"
	"testing"
	"time"

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
		if err := d.HideIDs(hide); err != nil {
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
