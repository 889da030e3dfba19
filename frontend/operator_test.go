package frontend_test

import (
	"strings"
	"testing"

	"linienfunk/db"
	"linienfunk/frontend/frontendtest"
)

// operated starts a site with the city berlin, the owner ada@example.org, and the operator op@example.org.
func operated(t *testing.T) (s *frontendtest.World, operator, owner *frontendtest.Visitor) {
	t.Helper()
	s = frontendtest.New(t, func(s *frontendtest.World) {
		frontendtest.TwoBots(s)
		s.Site.Operators = []string{"op@example.org"}
	})
	s.Admin("ada@example.org", "berlin")
	s.Admin("op@example.org")
	return s, s.VisitorAs("op@example.org"), s.VisitorAs("ada@example.org")
}

func TestThePageOfTheOperatorExistsForOperatorsOnly(t *testing.T) {
	t.Parallel()
	s, operator, owner := operated(t)
	for _, page := range []string{"GET /operator", "POST /operator/city-suspend", "GET /operator/city-suspend"} {
		method, path, _ := strings.Cut(page, " ")
		form := []string{"Content-Type", "application/x-www-form-urlencoded", "Sec-Fetch-Site", "same-origin"}
		owner.Send(method, path, "city=berlin&why=because", form...).Want(404, "No such stop")
		if got := s.Visitor().Send(method, path, "city=berlin&why=because", form...); !strings.HasPrefix(got.Path, "/login") {
			t.Errorf("%s leads a stranger to %s", page, got.Path)
		}
	}
	owner.Get("/cities").Want(200).WantNot(`href="/operator"`)
	operator.Get("/cities").Want(200, `href="/operator"`)
	operator.Get("/operator").Want(200, "Berlin", "ada@example.org", "active")
	operator.Get("/operator/city-suspend").At("/operator").Want(200)
	operator.Get("/city/berlin").Want(404)
	operator.Post("/operator/pause", "city", "berlin").Want(404)
	s.Site.DB.Model(&db.Admin{}).Where("address = 'op@example.org'").Update("confirmed", false)
	operator.Get("/operator").Want(404)
}

func TestTheOperatorSuspendsACityAndEverybodyIsTold(t *testing.T) {
	t.Parallel()
	s, operator, owner := operated(t)
	s.Sample("berlin", 5)
	page := operator.Get("/operator").Want(200, "5 in all").WantNot("zwei in zivil")
	operator.Submit(page, "/operator/city-suspend#city-berlin", "city", "berlin", "why", "x").Want(422, ">x</textarea>", "<details open")
	visitor := s.Visitor()
	visitor.Get("/").Want(200, "/c/berlin")
	operator.Submit(page, "/operator/city-suspend#city-berlin", "city", "berlin", "why", "Names of riders, again and again").Want(200, "suspended", "Names of riders, again and again")
	visitor.Get("/c/berlin").Want(200, "was suspended by the operator").WantNot("again and again")
	visitor.Get("/").Want(200).WantNot("/c/berlin")
	owner.Get("/city/berlin").Want(200, "Names of riders, again and again")
	owner.Get("/cities").Want(200, "suspended")
	if now := s.Present("berlin"); now.Runs() || !now.Active {
		t.Errorf("runs: %t, active: %t", now.Runs(), now.Active)
	}
	mails := s.Mails.All()
	if len(mails) != 1 || mails[0].To != "ada@example.org" || !strings.Contains(mails[0].Text, "Names of riders, again and again") {
		t.Errorf("mails: %+v", mails)
	}
	operator.Get("/operator").Want(200, "Suspend a city", "op@example.org")
	operator.Submit(operator.Get("/operator"), "/operator/city-reinstate", "city", "berlin").Want(200, "not suspended any more")
	operator.Post("/operator/city-reinstate", "city", "berlin").Want(422, "is not suspended")
	visitor.Get("/c/berlin").Want(200).WantNot("suspended")
	if mails := s.Mails.All(); len(mails) != 2 {
		t.Errorf("%d mails", len(mails))
	}
}

func TestCitiesAreFoundByAPartOfTheirName(t *testing.T) {
	t.Parallel()
	s, operator, _ := operated(t)
	s.Admin("bo@example.org", "bern", "wien")
	operator.Get("/operator?q=BER").Want(200, "Bern", "Berlin").WantNot("Wien")
	operator.Get("/operator?after=berlin").Want(200, "Bern", "Wien", "First page").WantNot("Berlin")
	operator.Get("/operator?q=nowhere").Want(200, "There is no such city.")
	operator.Get("/operator?q=" + strings.Repeat("x", 200)).Want(200)
}
