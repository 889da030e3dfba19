package commands_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"gorm.io/gorm"

	"linienfunk/commands"
	"linienfunk/db"
)

// actor is an admin on a page, with what the admin may do now.
func (w *world) actor(admin db.Admin) commands.Actor {
	w.t.Helper()
	role, err := w.db.RoleIn(w.t.Context(), "bern", admin.ID)
	w.check(err)
	return commands.Actor{ID: fmt.Sprintf("admin %d", admin.ID), Level: commands.LevelOf(role), Admin: admin.ID, Lang: "en"}
}

// joins adds somebody to those who run bern.
func (w *world) joins(address string, role db.Role) db.Admin {
	w.t.Helper()
	admin := w.newAdmin(address)
	w.check(w.db.Create(&db.CityAdmin{City: "bern", AdminID: admin.ID, Role: role}).Error)
	return admin
}

// secret is that of the link in the last mail.
func (w *world) secret() string {
	w.t.Helper()
	all := w.mails.All()
	if len(all) == 0 {
		w.t.Fatal("no mail")
	}
	found := regexp.MustCompile(`https://linienfunk.example/invite/(\S+)`).FindStringSubmatch(all[len(all)-1].Text)
	if found == nil {
		w.t.Fatalf("no link in %q", all[len(all)-1].Text)
	}
	return found[1]
}

// accepts has a new person accept an invitation.
func (w *world) accepts(secret string) (db.Admin, error) {
	w.t.Helper()
	guest, err := w.Guest(w.t.Context(), secret)
	if err != nil {
		return db.Admin{}, err
	}
	admin := w.newAdmin(guest.Address)
	err = w.db.Transaction(w.t.Context(), func(tx *gorm.DB) error { return w.Accept(tx, secret, admin.ID) })
	return admin, err
}

func TestAnInvitationIsListedSentAgainAndRevoked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	sent := w.must(w.owner(), "invite", "address", "Bo@Example.org", "role", "owner").(commands.Invited)
	if mail := w.mails.All()[0]; mail.To != "bo@example.org" || !strings.Contains(mail.Text, "ada@example.org invites you") || !strings.Contains(mail.Text, "as an owner") {
		t.Errorf("%+v", mail)
	}
	first := w.secret()
	list := w.must(w.owner(), "invitations").(commands.InvitationList).Invitations
	if len(list) != 1 || list[0].Address != "bo@example.org" || list[0].Role != "owner" || list[0].Expires.Sub(w.Now()) < 6*24*time.Hour || list[0].Invitation != sent.Invitation {
		t.Errorf("%+v", list)
	}
	w.Advance(6 * 24 * time.Hour)
	again := w.must(w.owner(), "invitation resend", "invitation", sent.Invitation).(commands.Invited)
	if _, err := w.accepts(first); err != db.ErrNotFound || w.secret() == first {
		t.Errorf("the first link: %v", err)
	}
	w.Advance(6 * 24 * time.Hour)
	if guest, err := w.Guest(t.Context(), w.secret()); err != nil || guest.Role != db.RoleOwner {
		t.Errorf("%+v %v", guest, err)
	}
	second := w.secret()
	w.must(w.owner(), "invitation revoke", "invitation", again.Invitation)
	if _, err := w.accepts(second); err != db.ErrNotFound {
		t.Errorf("after it was revoked: %v", err)
	}
	if got := w.refused(w.owner(), "invitation resend", "invitation", again.Invitation); got != "not-found invitation" {
		t.Error(got)
	}
}

func TestAnInvitationIsAcceptedOnceAndGivesItsRole(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.linked("ada")
	w.must(w.owner(), "invite", "address", "mo@example.org")
	secret := w.secret()
	mo, err := w.accepts(secret)
	w.check(err)
	if role, err := w.db.RoleIn(t.Context(), "bern", mo.ID); err != nil || role != db.RoleModerator {
		t.Errorf("%s %v", role, err)
	}
	if err := w.db.Transaction(t.Context(), func(tx *gorm.DB) error { return w.Accept(tx, secret, mo.ID) }); err != db.ErrNotFound {
		t.Errorf("a second time: %v", err)
	}
	if list := w.must(w.owner(), "invitations").(commands.InvitationList); len(list.Invitations) != 0 {
		t.Errorf("%+v", list)
	}
	if got := w.refused(w.owner(), "invite", "address", "mo@example.org"); got != "conflict address" {
		t.Error(got)
	}
}

func TestAnInvitationEndsWithTheOwnerWhoSentIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, change := range [][]any{{"people role", "who", "bo@example.org", "role", "moderator"}, {"people remove", "who", "bo@example.org"}} {
		bo, err := w.db.AdminByAddress(t.Context(), "bo@example.org")
		if err != nil {
			bo = w.joins("bo@example.org", db.RoleOwner)
		}
		w.check(w.db.Model(&db.CityAdmin{}).Where("admin_id = ?", bo.ID).Update("role", db.RoleOwner).Error)
		w.must(w.actor(bo), "invite", "address", "eve@example.org", "role", "owner")
		secret := w.secret()
		w.must(w.owner(), change[0].(string), change[1:]...)
		if _, err := w.Guest(t.Context(), secret); err != db.ErrNotFound {
			t.Errorf("after %s: %v", change[0], err)
		}
	}
}

func TestAnInvitationNeedsAnAddressAndThereAreNotTooMany(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, address := range []string{"bo", "Bo <bo@example.org>", "zuerich@linienfunk.example", "bo@example.org, cy@example.org"} {
		if got := w.refused(w.owner(), "invite", "address", address); got != "invalid address" {
			t.Errorf("%s: %s", address, got)
		}
	}
	for range 3 {
		w.must(w.owner(), "invite", "address", "bo@example.org")
	}
	if got := w.refused(w.owner(), "invite", "address", "bo@example.org"); got != "too-many" {
		t.Error(got)
	}
}

func TestTheLastOwnerStaysOneAndIsToldWhatToDo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	mo := w.joins("mo@example.org", db.RoleModerator)
	operator := commands.Actor{ID: "operator", Level: commands.Operator, Lang: "en"}
	for _, one := range []struct {
		actor commands.Actor
		call  []any
		want  string
	}{
		{w.owner(), []any{"leave", "sure", true}, "conflict"},
		{w.owner(), []any{"people remove", "who", "ada@example.org"}, "conflict who"},
		{w.owner(), []any{"people role", "who", fmt.Sprint(w.admin.ID), "role", "moderator"}, "conflict role"},
		{operator, []any{"people remove", "who", "ada@example.org"}, "conflict who"},
		{w.owner(), []any{"leave", "sure", false}, "invalid sure"},
		{operator, []any{"leave", "sure", true}, "forbidden"},
		{w.owner(), []any{"people remove", "who", "nobody@example.org"}, "not-found who"},
		{w.actor(mo), []any{"people role", "who", "mo@example.org", "role", "owner"}, "forbidden"},
		{w.actor(mo), []any{"people remove", "who", "ada@example.org"}, "forbidden"},
		{w.actor(mo), []any{"invite", "address", "x@example.org"}, "forbidden"},
	} {
		if got := w.refused(one.actor, one.call[0].(string), one.call[1:]...); got != one.want {
			t.Errorf("%v: %s", one.call, got)
		}
	}
	_, err := w.run(w.owner(), "leave", "sure", true)
	if text := w.Say("en", commands.AsRefusals(err)[0]); !strings.Contains(text, "Make somebody else an owner first") {
		t.Error(text)
	}
	w.must(w.owner(), "people role", "who", "mo@example.org", "role", "owner") // hands the city over
	w.must(w.owner(), "leave", "sure", true)
	list := w.must(w.actor(mo), "people").(commands.People).People
	if len(list) != 1 || list[0].Address != "mo@example.org" || list[0].Role != "owner" || !list[0].You || list[0].Since == "" {
		t.Errorf("%+v", list)
	}
}

func TestOfTwoOwnersWhoLeaveAtOnceOneStays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bo := w.joins("bo@example.org", db.RoleOwner)
	var left sync.WaitGroup
	for _, actor := range []commands.Actor{w.owner(), w.actor(bo)} {
		left.Go(func() { _, _ = w.run(actor, "leave", "sure", true) })
	}
	left.Wait()
	if owners, err := w.db.OwnersOf(t.Context(), "bern"); err != nil || len(owners) != 1 {
		t.Errorf("%d owners, %v", len(owners), err)
	}
}

func TestWhoIsRemovedHasNothingLeftAndGetsNothingBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bo := w.joins("bo@example.org", db.RoleOwner)
	code := w.must(w.actor(bo), "link new").(commands.LinkCode)
	w.writes("bo", "/link "+code.Code)
	later := w.must(w.actor(bo), "link new").(commands.LinkCode)
	w.check(w.db.Create(&db.Session{Token: "t", AdminID: bo.ID, Data: []byte{}, ExpiresAt: w.Now().Add(time.Hour)}).Error)
	var ended []uint
	w.EndPrograms = func(_ *gorm.DB, city string, admin uint, _ time.Time) (func(), error) {
		return func() { ended = append(ended, admin) }, nil
	}
	w.linked("ada")
	w.must(w.owner(), "people remove", "who", "bo@example.org")
	if !slices.Equal(ended, []uint{bo.ID}) {
		t.Errorf("keys of %v have ended", ended)
	}
	if told := w.net.toldTo("bo"); len(told) != 1 || !strings.Contains(told[0].Text, "no longer linked") {
		t.Errorf("bo is told %+v", told)
	}
	mails := w.mails.All()
	if last := mails[len(mails)-1]; last.To != "bo@example.org" || !strings.Contains(last.Text, "ada@example.org has removed you") {
		t.Errorf("%+v", last)
	}
	for _, rows := range []any{&commands.Link{}, &db.Session{}} {
		var n int64
		w.check(w.db.Model(rows).Where("admin_id = ?", bo.ID).Count(&n).Error)
		if n != 0 {
			t.Errorf("%d rows of %T", n, rows)
		}
	}
	w.check(w.db.Create(&db.CityAdmin{City: "bern", AdminID: bo.ID}).Error) // is invited again
	if a, _ := w.writes("bo", "/pause"); !a.Refused {
		t.Errorf("the chat is linked again: %+v", a)
	}
	if a, _ := w.writes("bo", "/link "+later.Code); !a.Refused {
		t.Errorf("a code from before works: %+v", a)
	}
}

func TestAMemberWhoAcceptsAnInvitationKeepsTheirRoleAndNobodyIsToldOtherwise(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.linked("ada")
	mo := w.joins("mo@example.org", db.RoleModerator)
	w.Joined(t.Context(), commands.Guest{City: "bern", Address: "mo.new@example.org", Role: db.RoleOwner}, mo.ID)
	for _, one := range w.net.toldTo("ada") {
		if strings.Contains(one.Text, "owner") {
			t.Errorf("told: %s", one.Text)
		}
	}
}

func TestOthersHearWhoRunsTheCity(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	mo := w.joins("mo@example.org", db.RoleModerator)
	code := w.must(w.actor(mo), "link new").(commands.LinkCode)
	w.writes("mo", "/link "+code.Code)
	w.must(w.owner(), "invite", "address", "cy@example.org", "role", "owner")
	guest, err := w.Guest(t.Context(), w.secret())
	w.check(err)
	cy, err := w.accepts(w.secret())
	w.check(err)
	w.Joined(t.Context(), guest, cy.ID)
	w.must(w.actor(cy), "people role", "who", "ada@example.org", "role", "moderator")
	w.must(w.owner(), "leave", "sure", true)
	var heard []string
	for _, one := range w.net.toldTo("mo") {
		heard = append(heard, one.Text)
	}
	all := strings.Join(heard, "\n")
	for _, want := range []string{"invitation is on its way to cy@example.org", "cy@example.org has accepted", "ada@example.org is a moderator", "ada@example.org has left"} {
		if !strings.Contains(all, want) {
			t.Errorf("nobody is told %q:\n%s", want, all)
		}
	}
}
