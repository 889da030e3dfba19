package frontend

import (
	"errors"
	"net/http"
	"testing"

	"linienfunk/db"
)

func TestWhoRegistersWithSomebodyElsesAddressGetsNoAccount(t *testing.T) {
	s := newSite(t, nil)
	s.visitor().register("password", "das Kennwort von Mallory")
	ada := s.visitor()
	ada.post(s.link(), "password", goodPassword).want(http.StatusUnprocessableEntity, "not the password", `name="password"`).
		wantNot("Mallory", "argon2id")
	ada.post(s.link()).want(http.StatusUnprocessableEntity)
	if _, err := s.DB.AdminByAddress(t.Context(), "ada@example.org"); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("there is an account: %v", err)
	}
	ada.register()
	ada.confirm().at("/city/berlin").want(200)
}

func TestASecondLinkDoesNotOpenTheAccountOfTheFirst(t *testing.T) {
	s := newSite(t, nil)
	s.visitor().register("password", "das Kennwort von Mallory", "city", "ghent")
	second := s.link()
	ada := s.visitor()
	ada.register()
	ada.confirm().at("/city/berlin")
	mallory := s.visitor()
	mallory.post(second, "password", "das Kennwort von Mallory").want(http.StatusUnprocessableEntity)
	mallory.get("/cities").at("/login?next=%2Fcities")
	s.visitor().post("/login", "address", "ada@example.org", "password", "das Kennwort von Mallory").want(422)
	s.visitor().post(second, "password", goodPassword).at("/city/ghent").want(200)
	s.visitorAs("ada@example.org").get("/cities").want(200, "berlin", "ghent")
}

func TestTooManyGuessesAtAConfirmationAreRefusedButNotItsOwner(t *testing.T) {
	s := newSite(t, nil)
	v := s.visitor()
	v.register()
	for range 10 + 3 { // for the address, and for its network beyond that
		v.post(s.link(), "password", "not the password").want(http.StatusUnprocessableEntity)
	}
	v.confirm().want(http.StatusTooManyRequests, "a bit often")
	v.from = "203.0.113.9"
	v.confirm().at("/city/berlin").want(200)
}

func TestAConfirmationByAnAdminOfTenCitiesMakesNoEleventh(t *testing.T) {
	s := newSite(t, nil)
	v := s.visitor()
	v.register("city", "eleventh")
	s.admin("ada@example.org", "c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8", "c9", "c10")
	v.confirm().at("/cities").want(200, "at most 10 cities")
}
