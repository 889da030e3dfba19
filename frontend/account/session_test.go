package account_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"linienfunk/db"
	"linienfunk/frontend/frontendtest"
)

// wantLoggedOut expects that the settings of berlin lead to the login.
func wantLoggedOut(v *frontendtest.Visitor) {
	v.T.Helper()
	v.Get("/city/berlin").At("/login?next=%2Fcity%2Fberlin")
}

// sessions lists the sessions in the database.
func sessions(s *frontendtest.World) (rows []db.Session) {
	s.T.Helper()
	frontendtest.Check(s.T, s.Site.DB.Find(&rows).Error)
	return rows
}

func TestANewPasswordEndsTheOtherSessions(t *testing.T) {
	t.Parallel()
	s := frontendtest.New(t, nil)
	s.Admin("ada@example.org", "berlin")
	thief := s.VisitorAs("ada@example.org")
	v := s.Visitor()
	v.Get("/forgot").Want(200)
	v.Post("/forgot", "address", "ada@example.org")
	link := s.Link()
	v.Get(link).Want(200, "Choose a new password")
	v.Post(link, "password", "short").Want(422, "at least 10")
	v.Post(link, "password", "ein ganz neues Kennwort").At("/city/berlin").Want(200, "new password is saved")
	wantLoggedOut(thief)
	v.Get(link).Want(http.StatusGone)
	s.Visitor().Post("/login", "address", "ada@example.org", "password", frontendtest.Password).Want(422)
	s.Visitor().Post("/login", "address", "ada@example.org", "password", "ein ganz neues Kennwort").At("/city/berlin")
}

func TestASessionLastsThirtyIdleDays(t *testing.T) {
	t.Parallel()
	s := frontendtest.New(t, nil)
	s.Admin("ada@example.org", "berlin")
	v := s.VisitorAs("ada@example.org")
	for range 3 {
		s.Advance(29 * 24 * time.Hour)
		v.Get("/city/berlin").At("/city/berlin").Want(200)
	}
	s.Advance(31 * 24 * time.Hour)
	wantLoggedOut(v)
}

func TestAFormSentAfterTheSessionEndedLeadsBackOverTheLogin(t *testing.T) {
	t.Parallel()
	s := frontendtest.New(t, frontendtest.TwoBots)
	s.Admin("ada@example.org", "berlin", "ghent")
	v := s.VisitorAs("ada@example.org")
	open := v.Get("/city/ghent")
	frontendtest.Check(t, s.Site.DB.Exec("DELETE FROM sessions").Error)
	for action, back := range map[string]string{
		"": "/city/ghent", "/try": "/city/ghent", "/options/alpha": "/city/ghent", "/people/invite": "/city/ghent/people", "/undo": "/city/ghent/history",
		"/ledger/1/withdraw": "/city/ghent/ledger", "/bot/alpha/connect": "/city/ghent",
	} {
		login := v.Post("/city/ghent"+action, "base", open.Form("/city/ghent").Get("base"), "title", "Other").Want(200, "You are no longer logged in", `name="next"`)
		v.Send("POST", "/login", "address=ada@example.org&password="+url.QueryEscape(frontendtest.Password)+"&next="+url.QueryEscape(login.Form("/login").Get("next")),
			"Content-Type", "application/x-www-form-urlencoded", "Accept", "text/html").At(back).Want(200).WantNot("no longer logged in")
		frontendtest.Check(t, s.Site.DB.Exec("DELETE FROM sessions").Error)
	}
	if got := s.Present("ghent").Title; got == "Other" {
		t.Error("it was saved")
	}
}

func TestLogoutEndsTheSessionOnTheServer(t *testing.T) {
	t.Parallel()
	s := frontendtest.New(t, nil)
	s.Admin("ada@example.org", "berlin")
	v := s.VisitorAs("ada@example.org")
	rows := sessions(s)
	if len(rows) != 1 || rows[0].AdminID == 0 {
		t.Fatalf("sessions %+v", rows)
	}
	base, _ := http.NewRequest("GET", s.URL, nil)
	for _, cookie := range v.Client.Jar.Cookies(base.URL) {
		if cookie.Value == rows[0].Token {
			t.Error("the token is in the database in the clear")
		}
	}
	v.Post("/logout").At("/")
	if rows := sessions(s); len(rows) != 0 {
		t.Errorf("%d sessions", len(rows))
	}
	wantLoggedOut(v)
}
