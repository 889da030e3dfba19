package public_test

import (
	"strings"
	"testing"

	"linienfunk/db"
	"linienfunk/frontend/frontendtest"
	"linienfunk/report"
)

// held puts a report that a network has handed in with an id into the ledger of berlin, held.
func held(s *frontendtest.World, bot, id string) {
	s.T.Helper()
	r := report.Report{City: "berlin", Bot: bot, ID: id, Text: "schönes wetter", At: s.Now()}
	r.ID = s.Site.Commands.HideID(r.Key()) // as the supervisor does
	_, err := s.Site.DB.Record(s.T.Context(), db.Judged{Report: r, Verdict: report.Verdict{List: report.Triggers}, Status: db.Queued})
	frontendtest.Check(s.T, err)
}

func TestWhatBecameOfAReportIsShownForTheIdOfAFormAlone(t *testing.T) {
	t.Parallel()
	s, _, _ := frontendtest.Berlin(t)
	secret := strings.Repeat("0123456789abcdef", 2)
	held(s, "alpha", secret)
	s.Visitor().Get("/c/berlin/sent/alpha/"+secret).Want(200, "none of the words")
	for _, public := range []string{"109345678901234567", "1845678901234567890", "-100123/17", "a b", strings.Repeat("0", 33), strings.Repeat("A", 32)} { // as networks number posts
		held(s, "alpha", public)
		s.Visitor().Get("/c/berlin/sent/alpha/" + strings.ReplaceAll(strings.ReplaceAll(public, "/", "%2F"), " ", "%20")).Want(404)
	}
}
