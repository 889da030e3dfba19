package frontend

import (
	"strings"
	"testing"

	"linienfunk/bots"
	"linienfunk/settings"
)

func TestACityThatIsSetUpCanBeSetUpAgainWithAnotherPassword(t *testing.T) {
	s := newSite(t, nil)
	city := settings.Default("demo", "en")
	check(t, s.SetUp(t.Context(), "ada@example.org", "the first password", "demo", city))
	check(t, s.SetUp(t.Context(), "ada@example.org", goodPassword, "demo", city))
	s.visitorAs("ada@example.org").get("/city/demo").want(200)
}

func TestAdminsHearByMailThatANetworkTurnedTheirAccountAway(t *testing.T) {
	s := newSite(t, two)
	admin := s.admin("ada@example.org", "berlin")
	check(t, s.DB.Model(&admin).Update("lang", "de").Error)
	status := bots.Status{Bot: "alpha", Label: "@berlin@example.social", State: bots.Halted, Since: s.now(), Detail: "fake-detail"}
	s.AccountRevoked(t.Context(), bots.Account{City: "berlin", Revision: "1"}, status)
	s.AccountRevoked(t.Context(), bots.Account{City: "berlin", Revision: "1"}, status)
	mails := s.mails.All()
	if len(mails) != 1 {
		t.Fatalf("%d mails", len(mails))
	}
	for _, want := range []string{"Berlin: Attrappe", "@berlin@example.social", "der Server antwortet nicht", s.url + "/city/berlin#alpha"} {
		if !strings.Contains(mails[0].Subject+mails[0].Text, want) {
			t.Errorf("the mail does not say %q:\n%s", want, mails[0].Text)
		}
	}
	for range 2 {
		s.AccountWarned(t.Context(), bots.Account{City: "berlin", Revision: "1"}, status)
	}
	if mails = s.mails.All(); len(mails) != 2 || !strings.HasPrefix(mails[1].Subject, "Berlin: ") || !strings.Contains(mails[1].Text, "der Server antwortet nicht") || strings.Contains(mails[1].Text, "getrennt") {
		t.Errorf("a warning makes %d mails: %+v", len(mails), mails)
	}
}
