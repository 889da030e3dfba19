package account_test

import (
	"errors"
	"net/http"
	"testing"

	"linienfunk/db"
	"linienfunk/frontend/frontendtest"
)

func TestRegisteringWithSomebodyElsesAddressCreatesNoAccount(t *testing.T) {
	t.Parallel()
	s := frontendtest.New(t, nil)
	register(s.Visitor(), "password", "das Kennwort von Mallory")
	ada := s.Visitor()
	ada.Post(s.Link(), "password", frontendtest.Password).Want(http.StatusUnprocessableEntity, "not the password", `name="password"`).
		WantNot("Mallory", "argon2id")
	ada.Post(s.Link()).Want(http.StatusUnprocessableEntity)
	if _, err := s.Site.DB.AdminByAddress(t.Context(), "ada@example.org"); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("there is an account: %v", err)
	}
	register(ada)
	confirm(ada).At("/city/berlin").Want(200)
}

func TestASecondLinkDoesNotOpenTheAccountOfTheFirst(t *testing.T) {
	t.Parallel()
	s := frontendtest.New(t, nil)
	register(s.Visitor(), "password", "das Kennwort von Mallory", "city", "ghent")
	second := s.Link()
	ada := s.Visitor()
	register(ada)
	confirm(ada).At("/city/berlin")
	mallory := s.Visitor()
	mallory.Post(second, "password", "das Kennwort von Mallory").Want(http.StatusUnprocessableEntity)
	mallory.Get("/cities").At("/login?next=%2Fcities")
	s.Visitor().Post("/login", "address", "ada@example.org", "password", "das Kennwort von Mallory").Want(422)
	s.Visitor().Post(second, "password", frontendtest.Password).At("/city/ghent").Want(200)
	s.VisitorAs("ada@example.org").Get("/cities").Want(200, "berlin", "ghent")
}

func TestTooManyGuessesAtAConfirmationAreRefusedButNotItsOwner(t *testing.T) {
	t.Parallel()
	s := frontendtest.New(t, nil)
	v := s.Visitor()
	register(v)
	for range 10 + 3 { // for the address, and for its network beyond that
		v.Post(s.Link(), "password", "not the password").Want(http.StatusUnprocessableEntity)
	}
	confirm(v).Want(http.StatusTooManyRequests, "Too many attempts")
	v.From = "203.0.113.9"
	confirm(v).At("/city/berlin").Want(200)
}

func TestAConfirmationByAnAdminOfTenCitiesMakesNoEleventh(t *testing.T) {
	t.Parallel()
	s := frontendtest.New(t, nil)
	v := s.Visitor()
	register(v, "city", "eleventh")
	s.Admin("ada@example.org", "c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8", "c9", "c10")
	confirm(v).At("/cities").Want(200, "at most 10 cities")
}
