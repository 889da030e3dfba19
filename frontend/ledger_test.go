package frontend

import (
	"context"
	"fmt"
	"testing"

	"linienfunk/bots"
	"linienfunk/db"
	"linienfunk/report"
)

// broadcastFakeBot is a fakeBot that goes to single subscribers.
type broadcastFakeBot struct{ *fakeBot }

func (broadcastFakeBot) SendPage(context.Context, bots.Account, report.Report, string) (string, int, error) {
	return "", 0, nil
}

func TestTheLedgerSaysThatABroadcastIsOnItsWayOnly(t *testing.T) {
	s := newSite(t, func(s *site) {
		s.mount("alpha", &fakeBot{}, func(b *fakeBot) bots.Bot { return b })
		s.mount("beta", &fakeBot{}, func(b *fakeBot) bots.Bot { return broadcastFakeBot{b} })
	})
	admin := s.admin("ada@example.org", "berlin")
	v := s.visitorAs("ada@example.org")
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
		e, err := s.DB.Record(t.Context(), report.Report{City: "berlin", Bot: "alpha", ID: fmt.Sprint(i), Text: "kontrolle", At: s.now()},
			report.Verdict{Passed: true}, db.Queued, []string{c.bot})
		check(t, err)
		d := e.Deliveries[0]
		d.Status, d.Served = c.status, c.served
		check(t, s.DB.SaveDelivery(t.Context(), d))
		for lang, want := range map[string]string{"en": c.en, "de": c.de} {
			check(t, s.DB.Model(&admin).Update("lang", lang).Error)
			v.get("/city/berlin/ledger").want(200, fmt.Sprintf(`id="report-%d"`, e.ID), ": "+want+"<")
		}
	}
}
