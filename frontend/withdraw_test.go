package frontend

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"linienfunk/db"
	"linienfunk/report"
)

func TestAnAdminTakesAReportBackOnTheLedger(t *testing.T) {
	s := newSite(t, func(*site) {})
	s.admin("ada@example.org", "berlin")
	s.admin("bob@example.org", "ghent")
	var withdrawn []report.Report
	s.Withdraw = func(_ context.Context, r report.Report) error {
		withdrawn = append(withdrawn, r)
		return nil
	}
	record := func(id string, status db.Status) string {
		e, err := s.DB.Record(t.Context(), report.Report{City: "berlin", Bot: "alpha", ID: id, Text: "kontrolle " + id, At: s.now()},
			report.Verdict{Passed: true}, db.Queued, []string{"beta"})
		check(t, err)
		e.Deliveries[0].Status, e.Deliveries[0].RemoteURL = status, "https://beta.example/"+id
		check(t, s.DB.SaveDelivery(t.Context(), e.Deliveries[0]))
		return fmt.Sprintf("/city/berlin/ledger/%d/withdraw", e.ID)
	}
	sent, failed, back := record("u8", db.Sent), record("u9", db.Failed), record("u10", db.Retracted)

	ada := s.visitorAs("ada@example.org")
	page := ada.get("/city/berlin/ledger").want(200, sent)
	if strings.Contains(page.text, failed) {
		t.Error("a report that went nowhere can be taken back")
	}
	if !strings.Contains(page.text, "https://beta.example/u8") || strings.Contains(page.text, "https://beta.example/u10") {
		t.Error("what was taken back is linked, or what is there is not")
	}
	for _, nowhere := range []string{failed, back} {
		if page := ada.post(nowhere).want(200, ""); len(withdrawn) != 0 || strings.Contains(page.text, "is being taken back") {
			t.Errorf("%s takes back what is nowhere", nowhere)
		}
	}
	ada.post(sent).want(200, "is being taken back")
	if len(withdrawn) != 1 || withdrawn[0] != (report.Report{City: "berlin", Bot: "alpha", ID: "u8", Withdrawn: report.ByModerator}) {
		t.Errorf("withdrawn: %+v", withdrawn)
	}
	_, err := s.DB.Withdraw(t.Context(), withdrawn[0])
	check(t, err)
	if page := ada.get("/city/berlin/ledger").want(200, "taken back by an admin"); strings.Contains(page.text, sent) {
		t.Error("it can be taken back once more")
	}

	s.visitorAs("bob@example.org").post(strings.Replace(sent, "berlin", "ghent", 1)).want(404, "")
	ada.post("/city/berlin/ledger/x/withdraw").want(404, "")
	if len(withdrawn) != 1 {
		t.Errorf("withdrawn: %+v", withdrawn)
	}
}
