package city_test

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"linienfunk/db"
	"linienfunk/frontend/frontendtest"
	"linienfunk/report"
)

func TestAnAdminRetractsAReportOnTheLedger(t *testing.T) {
	t.Parallel()
	s := frontendtest.New(t, func(*frontendtest.World) {})
	s.Admin("ada@example.org", "berlin")
	s.Admin("bob@example.org", "ghent")
	var withdrawn []report.Report
	s.Publish = func(_ context.Context, r report.Report) error {
		withdrawn = append(withdrawn, r)
		return nil
	}
	record := func(id string, status db.Status) string {
		r := report.Report{City: "berlin", Bot: "alpha", ID: id, Text: "kontrolle " + id, At: s.Now()}
		entries, err := s.Site.DB.Record(t.Context(), db.Judged{Report: r, Verdict: report.Verdict{Passed: true}, Status: db.Queued, Bots: []string{"beta"}})
		frontendtest.Check(t, err)
		e := entries[0]
		e.Deliveries[0].Status, e.Deliveries[0].RemoteURL = status, "https://beta.example/"+id
		frontendtest.Check(t, s.Site.DB.SaveDelivery(t.Context(), e.Deliveries[0]))
		return fmt.Sprintf("/city/berlin/ledger/%d/withdraw", e.ID)
	}
	sent, failed, back := record("u8", db.Sent), record("u9", db.Failed), record("u10", db.Retracted)

	ada := s.VisitorAs("ada@example.org")
	page := ada.Get("/city/berlin/ledger").Want(200, sent)
	if strings.Contains(page.Text, failed) {
		t.Error("a report that went nowhere can be taken back")
	}
	if !strings.Contains(page.Text, "https://beta.example/u8") || strings.Contains(page.Text, "https://beta.example/u10") {
		t.Error("what was taken back is linked, or what is there is not")
	}
	for _, nowhere := range []string{failed, back} {
		if page := ada.Post(nowhere).Want(200, ""); len(withdrawn) != 0 || strings.Contains(page.Text, "is being retracted") {
			t.Errorf("%s takes back what is nowhere", nowhere)
		}
	}
	ada.Post(sent).Want(200, "is being retracted")
	if len(withdrawn) != 1 || !reflect.DeepEqual(withdrawn[0], report.Report{City: "berlin", Bot: "alpha", ID: "u8", Withdrawn: report.ByModerator}) {
		t.Errorf("withdrawn: %+v", withdrawn)
	}
	_, err := s.Site.DB.Withdraw(t.Context(), withdrawn[0], s.Now().Add(24*time.Hour))
	frontendtest.Check(t, err)
	if page := ada.Get("/city/berlin/ledger").Want(200, "retracted by an admin"); strings.Contains(page.Text, sent) {
		t.Error("it can be taken back once more")
	}

	s.VisitorAs("bob@example.org").Post(strings.Replace(sent, "berlin", "ghent", 1)).Want(404, "")
	ada.Post("/city/berlin/ledger/x/withdraw").Want(404, "")
	if len(withdrawn) != 1 {
		t.Errorf("withdrawn: %+v", withdrawn)
	}
}
