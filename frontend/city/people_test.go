package city_test

import (
	"fmt"
	"strings"
	"testing"

	"linienfunk/commands"
	"linienfunk/db"
	"linienfunk/frontend/frontendtest"
)

func TestPeopleAreInvitedAgainAndRevokedOnTheirPage(t *testing.T) {
	t.Parallel()
	s, ada, _ := frontendtest.Berlin(t)
	ada.Get("/city/berlin/people").Want(200, "ada@example.org", "owner", "Nobody is invited", "You are the city’s last owner")
	ada.Post("/city/berlin/people/invite", "address", "bo", "role", "owner").Want(422, `id="f-invite-error"`, `value="bo"`, `<option value="owner" selected>`)
	page := ada.Post("/city/berlin/people/invite", "address", "bo@example.org", "role", "owner").At("/city/berlin/people").Want(200, "on its way to bo@example.org", "Works until")
	first := s.Link()
	ada.Submit(page, "/city/berlin/people/invitation-resend").Want(200, "A new invitation is on its way")
	if s.Link() == first {
		t.Fatal("the link is the same")
	}
	bo := s.Visitor()
	bo.Get(first).Want(410)
	bo.Get(s.Link()).Want(200, "As an owner")
	second := s.Link()
	ada.Submit(page, "/city/berlin/people/invitation-revoke").Want(200, "is revoked", "Nobody is invited")
	bo.Get(second).Want(410)
	ada.Submit(page, "/city/berlin/people/invitation-revoke").Want(200, "no such invitation")
}

func TestAFormForAnInvitationThatIsSentTwiceMailsOnce(t *testing.T) {
	t.Parallel()
	s, ada, _ := frontendtest.Berlin(t)
	page := ada.Get("/city/berlin/people")
	for range 2 {
		ada.Submit(page, "/city/berlin/people/invite#invite", "address", "bo@example.org").At("/city/berlin/people")
	}
	if all := s.Mails.All(); len(all) != 1 {
		t.Errorf("%d mails", len(all))
	}
}

func TestACityIsHandedOverAndItsOwnerLeaves(t *testing.T) {
	t.Parallel()
	s, ada, _ := frontendtest.Berlin(t)
	admin := s.Joins("mo@example.org", "berlin", db.RoleModerator)
	mo := s.VisitorAs("mo@example.org")
	mo.Get("/city/berlin/people").Want(200, "ada@example.org", "Leave the city").WantNot("Make an owner", "Invitations")
	ada.Post("/city/berlin/people/leave", "sure", "on").Want(422, "Make somebody else an owner first")
	ada.Post("/city/berlin/people/people-role", "who", fmt.Sprint(admin.ID), "role", "owner").At("/city/berlin/people").Want(200, "mo@example.org is an owner of the city.")
	mo.Get("/city/berlin/people").Want(200, "Invite somebody")
	ada.Post("/city/berlin/people/leave").Want(422, "must be yes")
	ada.Post("/city/berlin/people/leave", "sure", "on").At("/cities").Want(200, "ada@example.org has left the city.")
	ada.Get("/city/berlin").Want(404)
	mo.Get("/city/berlin/people").Want(200, "You are the city’s last owner").WantNot("ada@example.org")
}

func TestWhoIsRemovedIsLoggedOutAndTheirKeysEnd(t *testing.T) {
	t.Parallel()
	s, ada, _ := frontendtest.Berlin(t)
	admin := s.Joins("mo@example.org", "berlin", db.RoleOwner)
	mo := s.VisitorAs("mo@example.org")
	text, _, err := s.Site.API.Keys.New(t.Context(), "berlin", admin.ID, "x", commands.Scopes, 30)
	frontendtest.Check(t, err)
	ada.Post("/city/berlin/people/people-remove", "who", fmt.Sprint(admin.ID)).At("/city/berlin/people").Want(200, "mo@example.org no longer runs the city.")
	if got := mo.Get("/city/berlin"); !strings.HasPrefix(got.Path, "/login") {
		t.Errorf("the session goes on at %s", got.Path)
	}
	frontendtest.Check(t, s.Site.DB.Create(&db.CityAdmin{City: "berlin", AdminID: admin.ID}).Error)
	if _, err := s.Site.API.Keys.Use(t.Context(), text, ""); err == nil {
		t.Error("the key works again after another invitation")
	}
}
