package city_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"linienfunk/bots"
	"linienfunk/db"
	"linienfunk/frontend/frontendtest"
	"linienfunk/report"
)

// broadcastFakeBot is a fake bot that implements bots.Broadcaster.
type broadcastFakeBot struct{ *frontendtest.Bot }

func (broadcastFakeBot) SendPage(context.Context, bots.Account, report.Report, string) (string, int, error) {
	return "", 0, nil
}

func TestTheLedgerSaysWhetherABroadcastIsOnItsWay(t *testing.T) {
	t.Parallel()
	s := frontendtest.New(t, func(s *frontendtest.World) {
		s.Mount("alpha", &frontendtest.Bot{}, frontendtest.AdminsOnly)
		s.Mount("beta", &frontendtest.Bot{}, func(b *frontendtest.Bot) bots.Bot { return broadcastFakeBot{b} })
	})
	admin := s.Admin("ada@example.org", "berlin")
	v := s.VisitorAs("ada@example.org")
	for i, c := range []struct {
		bot    string
		status db.Status
		served int
		en, de string
	}{
		{"alpha", db.Sent, 0, "sent", "gesendet"},
		{"beta", db.Sent, 0, "no subscribers", "niemand abonniert"},
		{"beta", db.Sent, 1, "on its way to one subscriber", "unterwegs an eine Person"},
		{"beta", db.Sent, 344, "on its way to 344 subscribers", "unterwegs an 344 Personen"},
		{"beta", db.Retrying, 200, "trying again (200)", "neuer Versuch (200)"},
		{"beta", db.Expired, 0, "too late", "zu spät"},
		{"gone", db.Sent, 3, "sent (3)", "gesendet (3)"},
	} {
		r := report.Report{City: "berlin", Bot: "alpha", ID: fmt.Sprint(i), Text: "kontrolle", At: s.Now()}
		entries, err := s.Site.DB.Record(t.Context(), db.Judged{Report: r, Verdict: report.Verdict{Passed: true}, Status: db.Queued, Bots: []string{c.bot}})
		frontendtest.Check(t, err)
		d := entries[0].Deliveries[0]
		d.Status, d.Served = c.status, c.served
		frontendtest.Check(t, s.Site.DB.SaveDelivery(t.Context(), d))
		for lang, want := range map[string]string{"en": c.en, "de": c.de} {
			frontendtest.Check(t, s.Site.DB.Model(&admin).Update("lang", lang).Error)
			v.Get("/city/berlin/ledger").Want(200, fmt.Sprintf(`id="report-%d"`, d.EntryID), ": "+want+"<").WantNot(`good">Beta: no`, `good">Beta: niemand`)
		}
	}
	frontendtest.Check(t, s.Site.DB.Model(&admin).Update("lang", "de").Error)
	s.Advance(31 * time.Minute) // what could not be delivered by now expires
	v.Get("/city/berlin/ledger").Want(200, "an eine Person verschickt", "an 344 Personen verschickt", `plain">`).WantNot("unterwegs")
}

func TestTheLedgerShowsWhatBecameOfEachReport(t *testing.T) {
	t.Parallel()
	s, v, _ := frontendtest.Berlin(t)
	v.Get("/city/berlin/ledger").Want(200, "No reports yet")
	s.Sample("berlin", 120)
	first := v.Get("/city/berlin/ledger").Want(200, "Report 119", "Report 70", "Fake network: sent", "https://example.social/@berlin/119",
		"trigger, line 2", "<code>kontrolle</code>", "no trigger word", "Text deleted", "blocked, line 1", "the server does not answer", "rel=\"next\"").
		WantNot("Report 69 ", "javascript:")
	before := first.Text[strings.Index(first.Text, "?before="):]
	before = before[:strings.Index(before, `"`)]
	v.Get("/city/berlin/ledger"+before).Want(200, "Report 69 ", "Report 20 ", "Newest").WantNot("Report 70 ")
	v.Get("/city/berlin/ledger?before=nonsense").Want(200, "Report 119")
}

func TestAWordOfAReportThatWaitsIsAddedToAList(t *testing.T) {
	t.Parallel()
	s, v, _ := frontendtest.Berlin(t)
	r := report.Report{City: "berlin", Bot: "alpha", ID: "1", Text: "Zwei in Zivil, <b>Zoo</b>", At: s.Now()}
	entries, err := s.Site.DB.Record(t.Context(), db.Judged{Report: r, Verdict: report.Verdict{List: report.Triggers}, Status: db.Queued})
	frontendtest.Check(t, err)
	path := fmt.Sprintf("/city/berlin/ledger/%d/word", entries[0].ID)
	v.Get("/city/berlin/ledger").Want(200, path, "<option>zivil</option>", "<option>zoo</option>")
	v.Post(path, "list", "triggers", "rule", "zivil").Want(200, "zivil is in the list triggers")
	v.Post(path, "list", "blocked", "rule", "/(/").Want(200, "flash")
	present := s.Present("berlin")
	if len(present.Triggers) == 0 || present.Triggers[len(present.Triggers)-1] != "zivil" || len(present.Blocked) > 0 && present.Blocked[len(present.Blocked)-1] == "/(/" {
		t.Errorf("%v, %v", present.Triggers, present.Blocked)
	}
}
