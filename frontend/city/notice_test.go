package city_test

import (
	"strings"
	"testing"

	"linienfunk/bots"
	"linienfunk/frontend/frontendtest"
	"linienfunk/supervisor"
)

func TestAdminsGetAMailWhenANetworkRevokesTheirAccount(t *testing.T) {
	t.Parallel()
	s := frontendtest.New(t, frontendtest.TwoBots)
	admin := s.Admin("ada@example.org", "berlin")
	frontendtest.Check(t, s.Site.DB.Model(&admin).Update("lang", "de").Error)
	status := supervisor.Status{Bot: "alpha", Label: "@berlin@example.social", State: supervisor.Revoked, Since: s.Now(), Detail: "fake-detail"}
	s.Cities.AccountRevoked(t.Context(), bots.Account{City: "berlin", Revision: "1"}, status)
	s.Cities.AccountRevoked(t.Context(), bots.Account{City: "berlin", Revision: "1"}, status)
	mails := s.Mails.All()
	if len(mails) != 1 {
		t.Fatalf("%d mails", len(mails))
	}
	for _, want := range []string{"Berlin: Attrappe", "@berlin@example.social", "der Server antwortet nicht", s.URL + "/city/berlin#alpha"} {
		if !strings.Contains(mails[0].Subject+mails[0].Text, want) {
			t.Errorf("the mail does not say %q:\n%s", want, mails[0].Text)
		}
	}
	for range 2 {
		s.Cities.AccountWarned(t.Context(), bots.Account{City: "berlin", Revision: "1"}, status)
	}
	if mails = s.Mails.All(); len(mails) != 2 || !strings.HasPrefix(mails[1].Subject, "Berlin: ") || !strings.Contains(mails[1].Text, "der Server antwortet nicht") || strings.Contains(mails[1].Text, "getrennt") {
		t.Errorf("a warning makes %d mails: %+v", len(mails), mails)
	}
}
