package account_test

import (
	"testing"

	"linienfunk/frontend/frontendtest"
	"linienfunk/settings"
)

func TestACityThatIsSetUpCanBeSetUpAgainWithAnotherPassword(t *testing.T) {
	t.Parallel()
	s := frontendtest.New(t, nil)
	city := settings.Default("demo", "en")
	frontendtest.Check(t, s.Accounts.SetUp(t.Context(), "ada@example.org", "the first password", "demo", city))
	frontendtest.Check(t, s.Accounts.SetUp(t.Context(), "ada@example.org", frontendtest.Password, "demo", city))
	s.VisitorAs("ada@example.org").Get("/city/demo").Want(200)
}
