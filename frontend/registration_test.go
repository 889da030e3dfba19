package frontend_test

import (
	"regexp"
	"strings"
	"testing"

	"linienfunk/frontend/frontendtest"
	"linienfunk/internal/config"
)

func TestAClosedInstanceTakesNoCities(t *testing.T) {
	t.Parallel()
	s, _, owner := operated(t)
	s.Site.Commands.Registration = config.Closed
	s.Visitor().Get("/register").Want(403, "takes no new cities")
	owner.Post("/cities", "city", "wien", "title", "Wien").Want(403, "takes no new cities")
	s.Visitor().Get("/").Want(200, "Berlin").WantNot("Start your city", "by invitation")
	s.Visitor().Get("/login").Want(200).WantNot("New here?")
	owner.Get("/cities").Want(200, "Berlin").WantNot("Add a city", "by invitation")
}

func TestAnInvitationRegistersOneCity(t *testing.T) {
	t.Parallel()
	s, operator, owner := operated(t)
	s.Site.Commands.Registration = config.ByInvitation
	visitor := s.Visitor()
	visitor.Get("/register").Want(403, "Cities come by invitation")
	visitor.Get("/register?invitation=x").Want(403)
	owner.Post("/cities", "city", "wien", "title", "Wien").Want(403, "Cities come by invitation")
	visitor.Get("/").Want(200, "Cities come by invitation").WantNot("Start your city")
	visitor.Get("/login").Want(200, "New here? Cities come by invitation").WantNot("Start your city")
	owner.Get("/cities").Want(200, "Cities come by invitation").WantNot("Add a city")
	made := operator.Submit(operator.Get("/operator").Want(200, "Make a link"), "/operator/registration-invite").Want(200, "/register?invitation=")
	link := regexp.MustCompile(`/register\?invitation=[A-Z2-7]+`).FindString(made.Text)
	owner.Get(link).At(strings.Replace(link, "/register", "/cities", 1)).Want(200, "Add a city")
	page := visitor.Get(link).Want(200)
	visitor.Submit(page, "/register", "address", "bo@example.org", "password", frontendtest.Password, "city", "wien", "title", "Wien").At("/register/sent")
	visitor.Post(s.Link(), "password", frontendtest.Password).At("/city/wien").Want(200)
	if !s.Present("wien").Runs() {
		t.Error("the city does not run")
	}
	visitor.Post("/cities", "city", "graz", "title", "Graz", "invitation", strings.TrimPrefix(link, "/register?invitation=")).Want(403)
}

func TestANewCityWaitsForApproval(t *testing.T) {
	t.Parallel()
	s, operator, owner := operated(t)
	s.Site.Commands.Registration, s.Site.Commands.Operators = config.ByApproval, []string{"op@example.org"}
	s.Visitor().Get("/register").Want(200, "before the operator of this website has approved it")
	s.Visitor().Get("/").Want(200, "Start your city")
	s.Visitor().Get("/login").Want(200, "Start your city")
	owner.Get("/cities").Want(200, "before the operator of this website has approved it")
	owner.Post("/cities", "city", "wien", "title", "Wien").At("/city/wien").Want(200, "waits for the operator")
	owner.Post("/cities", "city", "graz", "title", "Graz").At("/city/graz")
	s.Visitor().Get("/c/wien").Want(200, "is new, and waits")
	if s.Present("wien").Runs() || !s.Present("berlin").Runs() {
		t.Error("the wrong cities run")
	}
	page := operator.Get("/operator?waiting=on").Want(200, "Wien", "Graz").WantNot("Berlin")
	operator.Submit(page, "/operator/registration-approve", "city", "wien").Want(200, "is approved")
	operator.Submit(operator.Get("/operator?waiting=on"), "/operator/registration-refuse#city-graz", "city", "graz", "why", "There is one already").Want(200, "is refused")
	operator.Post("/operator/registration-approve", "city", "graz").Want(422, "does not wait for an operator: it is suspended. To let it run, use city reinstate.")
	operator.Post("/operator/registration-approve", "city", "wien").Want(422, "wien does not wait for an operator.")
	if !s.Present("wien").Runs() || s.Present("graz").Runs() {
		t.Error("the wrong cities run")
	}
	owner.Get("/city/graz").Want(200, "There is one already")
	told, keys := map[string]int{}, map[string]bool{}
	for _, mail := range s.Mails.All() {
		told[mail.To+" "+mail.Subject]++
		keys[mail.Key] = true
	}
	if told["ada@example.org Wien is approved"] != 1 || told["ada@example.org Graz was refused"] != 1 || len(keys) != 3 {
		t.Errorf("mails: %v, of which the queue takes %d", told, len(keys))
	}
}
