package account_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

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

func TestARegistrationThatWasSentTwiceIsConfirmedByEitherLink(t *testing.T) {
	t.Parallel()
	s := frontendtest.New(t, nil)
	v := s.Visitor()
	register(v)
	first := s.Link()
	register(v)
	confirm(v).At("/city/berlin").Want(200)
	v.Post(first, "password", frontendtest.Password).At("/city/berlin").Want(200).WantNot("taken")
}

func TestTooManyGuessesAtAConfirmationAreRefusedButNotItsOwner(t *testing.T) {
	t.Parallel()
	s := frontendtest.New(t, nil)
	v := s.Visitor()
	register(v)
	for range 10 + 3 { // those of the address, then those of its network
		v.Post(s.Link(), "password", "not the password").Want(http.StatusUnprocessableEntity)
	}
	confirm(v).Want(http.StatusTooManyRequests, "Too many attempts")
	v.From = "203.0.113.9"
	confirm(v).At("/city/berlin").Want(200)
}

func TestAConfirmationByAnAdminOfTenCitiesCreatesNoEleventh(t *testing.T) {
	t.Parallel()
	s := frontendtest.New(t, nil)
	v := s.Visitor()
	register(v, "city", "eleventh")
	s.Admin("ada@example.org", "c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8", "c9", "c10")
	confirm(v).At("/cities").Want(200, "at most 10 cities")
}

func TestTheDataOfALinkIsSealedInTheDatabase(t *testing.T) {
	t.Parallel()
	s := frontendtest.New(t, nil)
	register(s.Visitor())
	var token db.Token
	frontendtest.Check(t, s.Site.DB.Take(&token).Error)
	for _, word := range []string{"ada", "argon2id", "berlin", "{"} {
		if strings.Contains(token.Data, word) {
			t.Errorf("the link's data says %q", word)
		}
	}
	frontendtest.Check(t, s.Site.DB.Model(&db.Token{}).Where("hash = ?", token.Hash).Update("hash", fmt.Sprintf("%x", sha256.Sum256([]byte("MOVED")))).Error)
	s.Visitor().Get("/confirm/MOVED").Want(500)
}

func TestPruneDeletesExpiredLinksAndSessions(t *testing.T) {
	t.Parallel()
	s := frontendtest.New(t, nil)
	s.Admin("cy@example.org", "ghent")
	register(s.Visitor())
	s.VisitorAs("cy@example.org")
	rows := func() (tokens, sessions int64) {
		frontendtest.Check(t, s.Site.DB.Model(&db.Token{}).Count(&tokens).Error)
		frontendtest.Check(t, s.Site.DB.Model(&db.Session{}).Count(&sessions).Error)
		return tokens, sessions
	}
	for _, step := range []struct {
		after            time.Duration
		tokens, sessions int64
	}{{23 * time.Hour, 1, 1}, {2 * time.Hour, 0, 1}, {30 * 24 * time.Hour, 0, 0}} {
		s.Advance(step.after)
		frontendtest.Check(t, s.Accounts.Prune(t.Context()))
		if tokens, sessions := rows(); tokens != step.tokens || sessions != step.sessions {
			t.Errorf("%d links and %d sessions, want %d and %d", tokens, sessions, step.tokens, step.sessions)
		}
	}
}
