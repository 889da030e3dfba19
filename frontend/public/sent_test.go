package public_test

import (
	"context"
	"strings"
	"testing"
	"time"

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

// Whoever has the address has sent the report. What is published goes into the ledger as the censor would put it there, held.
func TestARiderCorrectsAReportOnceThatHasNoneOfTheWords(t *testing.T) {
	t.Parallel()
	s, _, _ := frontendtest.Berlin(t)
	secret, v := strings.Repeat("0123456789abcdef", 2), s.Visitor()
	held(s, "alpha", secret)
	var published []report.Report
	s.Publish = func(ctx context.Context, r report.Report) error {
		published = append(published, r)
		return nil
	}
	path := "/c/berlin/sent/alpha/" + secret
	v.Get(path).Want(200, "schönes wetter", "Send again")
	v.Get(path+"?lang=de").Want(200, "Noch einmal schicken")
	v.Get(path + "?lang=en")
	v.Post(path, "text", " ").Want(422, "is missing", "none of the words")
	v.Post(path, "text", strings.Repeat("ä", 501)).Want(422, "at most 500 characters", "äää")
	v.Post(path, "text", "schönes wetter").Want(422, "same as before")
	v.Post("/c/berlin/sent/alpha/"+strings.Repeat("1", 32), "text", "kontrolle").Want(422, "too late")
	v.Post("/c/berlin/sent/alpha/109345678901234567", "text", "kontrolle").Want(404)
	if len(published) != 0 {
		t.Fatalf("%+v", published)
	}
	s.Advance(10 * time.Minute)
	next := v.Post(path, "text", "kontrolle u8").Want(200, "being checked").Path
	if len(published) != 2 || published[0].Text != "kontrolle u8" || published[0].Bot != "alpha" || s.Now().Sub(published[0].At) < 10*time.Minute || published[1].Withdrawn != report.ByAuthor {
		t.Fatalf("%+v", published)
	}
	_, err := s.Site.DB.Record(t.Context(), db.Judged{Report: published[0], Verdict: report.Verdict{List: report.Triggers}, Status: db.Queued})
	frontendtest.Check(t, err)
	v.Get(path).At(next).Want(200, "none of the words").WantNot("Send again")
	v.Post(path, "text", "kontrolle u9").At(next)
	v.Post(next, "text", "kontrolle u9").Want(422, "too late")
	if len(published) != 2 {
		t.Errorf("%+v", published)
	}
}

func TestAReportThatIsHeldForAnotherReasonOrIsNotFreshIsNotCorrected(t *testing.T) {
	t.Parallel()
	s, _, _ := frontendtest.Berlin(t)
	secret, v := strings.Repeat("0123456789abcdef", 2), s.Visitor()
	held(s, "alpha", secret)
	frontendtest.Check(t, s.Site.DB.Model(&db.Entry{}).Where("city = 'berlin'").Update("list", report.Blocked).Error)
	v.Get("/c/berlin/sent/alpha/"+secret).Want(200).WantNot("Send again", "schönes wetter")
	frontendtest.Check(t, s.Site.DB.Model(&db.Entry{}).Where("city = 'berlin'").Update("list", report.Triggers).Error)
	v.Get("/c/berlin/sent/alpha/"+secret).Want(200, "Send again")
	s.Advance(31 * time.Minute)
	v.Get("/c/berlin/sent/alpha/"+secret).Want(200).WantNot("Send again", "schönes wetter")
}
