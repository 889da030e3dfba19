package account_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"linienfunk/api"
	"linienfunk/commands"
	"linienfunk/db"
	"linienfunk/frontend/frontendtest"
)

const newPassword = "sieben Brücken am Kanal"

// linkTo returns the path of the link in the last mail to an address.
func linkTo(s *frontendtest.World, address string) string {
	s.T.Helper()
	for _, mail := range s.Mails.All() {
		if mail.To == address {
			if found := regexp.MustCompile(regexp.QuoteMeta(s.URL) + `(/\S+)`).FindStringSubmatch(mail.Text); found != nil {
				return found[1]
			}
		}
	}
	s.T.Fatalf("no mail to %s with a link", address)
	return ""
}

func TestANewPasswordNeedsThePresentOneAndEndsOtherSessions(t *testing.T) {
	t.Parallel()
	s := frontendtest.New(t, nil)
	s.Admin("ada@example.org", "berlin")
	v, other := s.VisitorAs("ada@example.org"), s.VisitorAs("ada@example.org")
	v.Get("/account").Want(200, "ada@example.org", "Present password")
	v.Post("/account/password", "present", "wrong", "password", newPassword).Want(422, "not your present password")
	v.Post("/account/password", "present", frontendtest.Password, "password", "short").Want(422, "at least 10")
	v.Post("/account/password", "present", frontendtest.Password, "password", newPassword).At("/account").Want(200, "Your new password is saved")
	if all := s.Mails.All(); len(all) != 1 || all[0].To != "ada@example.org" {
		t.Errorf("%+v", all)
	}
	wantLoggedOut(other)
	s.Visitor().Post("/login", "address", "ada@example.org", "password", frontendtest.Password).Want(422)
	s.Visitor().Post("/login", "address", "ada@example.org", "password", newPassword).At("/city/berlin")
}

func TestThePresentPasswordCannotBeGuessed(t *testing.T) {
	t.Parallel()
	s := frontendtest.New(t, nil)
	s.Admin("ada@example.org", "berlin")
	v := s.VisitorAs("ada@example.org")
	status := 0
	for range 20 {
		status = v.Post("/account/password", "present", "wrong", "password", newPassword).Status
	}
	if status != http.StatusTooManyRequests {
		t.Errorf("the answer to the last guess is %d", status)
	}
}

func TestSessionsAreListedByBrowserAndEnded(t *testing.T) {
	t.Parallel()
	s := frontendtest.New(t, nil)
	s.Admin("ada@example.org", "berlin")
	v := s.VisitorAs("ada@example.org")
	phone := s.Visitor()
	phone.Send("POST", "/login", "address=ada@example.org&password="+strings.ReplaceAll(frontendtest.Password, " ", "+"), "Content-Type", "application/x-www-form-urlencoded",
		"User-Agent", "Mozilla/5.0 (Android 16; Mobile; rv:146.0) Gecko/146.0 Firefox/146.0").At("/city/berlin")
	third := s.VisitorAs("ada@example.org")
	page := v.Get("/account").Want(200, "Firefox, Android", "this one", "End all others").WantNot("146", "127.0.0.1")
	ends := regexp.MustCompile(`(?s)Firefox, Android.*?action="([^"]+/end)"`).FindStringSubmatch(page.Raw)
	if ends == nil {
		t.Fatal(page.Raw)
	}
	s.Admin("cy@example.org", "ghent")
	s.VisitorAs("cy@example.org").Post(ends[1]).Want(200)
	phone.Get("/city/berlin").At("/city/berlin")
	v.Post(ends[1]).At("/account").Want(200, "The session has ended").WantNot("Firefox, Android")
	wantLoggedOut(phone)
	third.Get("/city/berlin").At("/city/berlin")
	v.Post("/account/sessions").Want(200, "All other sessions have ended").WantNot("End all others")
	wantLoggedOut(third)
	v.Get("/city/berlin").At("/city/berlin")
}

func TestANewAddressIsConfirmedByItsOwnMailAndOnlyByTheAdmin(t *testing.T) {
	t.Parallel()
	s := frontendtest.New(t, nil)
	s.Admin("ada@example.org", "berlin")
	v := s.VisitorAs("ada@example.org")
	v.Post("/account/address", "address", "ada@example.org", "address_password", frontendtest.Password).Want(422, "your address already")
	v.Post("/account/address", "address", "ada@example.net", "address_password", "wrong").Want(422, "not your present password", `value="ada@example.net"`)
	v.Post("/account/address", "address", "Ada@example.net", "address_password", frontendtest.Password).At("/account").Want(200, "mail to ada@example.net")
	link := linkTo(s, "ada@example.net")
	s.Visitor().Post(link).Want(200, "Log in") // a stranger with that mailbox
	s.Admin("cy@example.org", "ghent")
	s.VisitorAs("cy@example.org").Post(link).Want(http.StatusGone)
	v.Get(link).Want(200, "from ada@example.org to ada@example.net")
	v.Post(link).At("/account").Want(200, "Your address is ada@example.net now.")
	v.Post(link).Want(http.StatusGone)
	s.Visitor().Post("/login", "address", "ada@example.net", "password", frontendtest.Password).At("/city/berlin")
	s.Visitor().Post("/login", "address", "ada@example.org", "password", frontendtest.Password).Want(422)
}

func TestTheOldAddressTakesAChangeBackAndEndsWhatAThiefHas(t *testing.T) {
	t.Parallel()
	s := frontendtest.New(t, nil)
	s.Admin("ada@example.org", "berlin")
	thief := s.VisitorAs("ada@example.org")
	thief.Post("/account/address", "address", "thief@example.net", "address_password", frontendtest.Password)
	kept := accessOf(s, "kept", -1)
	stolen := accessOf(s, "stolen", 1)
	thief.Post(linkTo(s, "thief@example.net")).Want(200, "Your address is thief@example.net now.")
	s.Advance(13 * 24 * 60 * 60 * 1e9)
	ada := s.Visitor()
	back := linkTo(s, "ada@example.org")
	ada.Get(back).Want(200, "It was not me")
	reset := ada.Post(back).Want(200, "Choose a new password")
	wantLoggedOut(thief)
	for _, rows := range []any{&commands.Link{}, &api.Key{}, &commands.Invitation{}} {
		var left []time.Time
		column := map[bool]string{true: "sent_at", false: "created_at"}[fmt.Sprintf("%T", rows) == "*commands.Invitation"]
		frontendtest.Check(t, s.Site.DB.Model(rows).Where("admin_id = 1").Pluck(column, &left).Error)
		if len(left) != 1 || !left[0].Equal(kept) || left[0].Equal(stolen) {
			t.Errorf("%T: those of %v are left", rows, left)
		}
	}
	s.Visitor().Post("/login", "address", "thief@example.net", "password", frontendtest.Password).Want(422)
	s.Visitor().Post("/login", "address", "ada@example.org", "password", frontendtest.Password).Want(422)
	ada.Post(reset.Path, "password", newPassword).At("/city/berlin")
	ada.Get("/account").Want(200, "ada@example.org").WantNot("thief@example.net")
}

// accessOf makes a linked chat, a key and an invitation of the first admin, so many hours from now.
func accessOf(s *frontendtest.World, name string, hours int) time.Time {
	s.T.Helper()
	at := db.Time(s.Now().Add(time.Duration(hours) * time.Hour))
	for _, row := range []any{
		&commands.Link{City: "berlin", Network: "net", Person: name, Address: []byte{}, AdminID: 1, CreatedAt: at},
		&api.Key{City: "berlin", Name: name, Public: name, Hash: name, Scopes: "read", AdminID: 1, CreatedAt: at, ExpiresAt: at.AddDate(1, 0, 0)},
		&commands.Invitation{City: "berlin", Person: name, Address: []byte{}, Token: name, Role: db.RoleOwner, AdminID: 1, SentAt: at, ExpiresAt: at.AddDate(1, 0, 0)},
	} {
		frontendtest.Check(s.T, s.Site.DB.Create(row).Error)
	}
	return at
}

// Each mail says what was changed, when, and what to do, and has no secret.
func TestAnAdminIsMailedWhatWasChangedInTheAccount(t *testing.T) {
	t.Parallel()
	s := frontendtest.New(t, nil)
	admin := s.Admin("ada@example.org", "berlin")
	frontendtest.Check(t, s.Site.DB.Create(&db.Passkey{AdminID: admin.ID, Name: "Telefon", CredentialID: "x", Credential: "{}"}).Error)
	v := s.VisitorAs("ada@example.org")
	mailed := 0
	wants := func(what string) {
		t.Helper()
		sent := s.Mails.All()
		if len(sent) != mailed+1 {
			t.Fatalf("%d mails instead of one more than %d: %+v", len(sent), mailed, sent)
		}
		mailed++
		last := sent[mailed-1]
		at := s.Now().UTC().Format("2 Jan 2006")
		if last.To != "ada@example.org" || !strings.Contains(last.Text, what) || !strings.Contains(last.Text, at) || !strings.Contains(last.Text, "/forgot") {
			t.Errorf("%+v", last)
		}
	}
	a, recovery := withApp(s, v)
	wants("An app for codes was switched on")
	if text := s.Mails.All()[0].Text; strings.Contains(text, recovery[0]) || strings.Contains(text, a.secret) {
		t.Error("a secret leaves by mail")
	}
	v.Post("/account/recovery", "recovery_password", frontendtest.Password).Want(200)
	wants("recovery codes of your account on Linienfunk were replaced")
	for range 2 {
		v.Post("/account/totp/end", "totp_off_password", frontendtest.Password)
	}
	wants("was switched off")
	for range 2 {
		v.Post("/account/passkeys/1/remove")
	}
	wants("A passkey of your account on Linienfunk was removed")
	v.Post("/account/password", "present", frontendtest.Password, "password", newPassword)
	wants("The password of your account on Linienfunk was changed")
	other := s.Visitor()
	other.Post("/forgot", "address", "ada@example.org")
	link := s.Link()
	mailed++
	other.Post(link, "password", newPassword+" mehr").Want(200)
	wants("The password of your account on Linienfunk was changed")
}

func TestAnAddressWithAnAccountIsNotTaken(t *testing.T) {
	t.Parallel()
	s := frontendtest.New(t, nil)
	s.Admin("ada@example.org", "berlin")
	s.Admin("cy@example.org", "ghent")
	v := s.VisitorAs("ada@example.org")
	v.Post("/account/address", "address", "cy@example.org", "address_password", frontendtest.Password).Want(200, "mail to cy@example.org")
	v.Post(linkTo(s, "cy@example.org")).At("/account").Want(200, "has an account of its own", "<strong>ada@example.org</strong>")
}

func TestTheLanguageOfAnAccountIsChosen(t *testing.T) {
	t.Parallel()
	s := frontendtest.New(t, nil)
	admin := s.Admin("ada@example.org", "berlin")
	v := s.VisitorAs("ada@example.org")
	v.Post("/account/language", "language", "de").At("/account").Want(200, "Dein Konto", "Die Sprache ist gespeichert")
	if now, err := s.Site.DB.AdminByID(t.Context(), admin.ID); err != nil || now.Lang != "de" {
		t.Errorf("%+v %v", now, err)
	}
}

func TestAnExportHasWhatIsStoredAndNoSecrets(t *testing.T) {
	t.Parallel()
	s := frontendtest.New(t, nil)
	admin := s.Admin("ada@example.org", "berlin")
	v := s.VisitorAs("ada@example.org")
	text, _, err := s.Site.API.Keys.New(t.Context(), "berlin", admin.ID, "Bahnhofsbot", commands.Scopes, 30)
	frontendtest.Check(t, err)
	v.Post("/city/berlin/people/invite", "address", "bo@example.org")
	file := v.Get("/account/export").Want(200, `"ada@example.org"`, `"berlin"`, `"owner"`, "Bahnhofsbot", "bo@example.org").WantNot(admin.Password, text)
	var all map[string]any
	if err := json.Unmarshal([]byte(file.Raw), &all); err != nil || all["sessions"] == nil || !strings.Contains(file.Header.Get("Content-Disposition"), "attachment") {
		t.Errorf("%v %v", err, all)
	}
}

func TestAnAccountIsDeletedWithAllThatIsItsOwn(t *testing.T) {
	t.Parallel()
	s := frontendtest.New(t, frontendtest.TwoBots)
	admin := s.Admin("ada@example.org", "berlin")
	s.Save("berlin", admin.ID, map[string]any{"about": "Hallo"})
	v := s.VisitorAs("ada@example.org")
	other := s.VisitorAs("ada@example.org")
	_, _, err := s.Site.API.Keys.New(t.Context(), "berlin", admin.ID, "x", commands.Scopes, 30)
	frontendtest.Check(t, err)
	v.Get("/account").Want(200, "You are the last owner of these cities", `href="/city/berlin/people"`).WantNot("Delete my account")
	v.Post("/account/delete", "delete_password", frontendtest.Password).Want(http.StatusConflict, "You are the last owner")
	s.Joins("bo@example.org", "berlin", db.RoleOwner)
	v.Post("/account/delete", "delete_password", "wrong").Want(422, "not your present password")
	v.Post("/account/delete", "delete_password", frontendtest.Password).Want(200, "Your account is deleted")
	wantLoggedOut(other)
	wantLoggedOut(v)
	rows, err := s.Site.DB.Migrator().GetTables()
	frontendtest.Check(t, err)
	for _, table := range rows {
		if !s.Site.DB.Migrator().HasColumn(table, "admin_id") {
			continue
		}
		var n int64
		frontendtest.Check(t, s.Site.DB.Table(table).Where("admin_id = ?", admin.ID).Count(&n).Error)
		if n != 0 {
			t.Errorf("%d rows of %s are left", n, table)
		}
	}
	if _, err := s.Site.DB.AdminByID(t.Context(), admin.ID); err != db.ErrNotFound {
		t.Errorf("the account: %v", err)
	}
	s.VisitorAs("bo@example.org").Get("/city/berlin/history").Want(200, "a former admin").WantNot("ada@example.org")
	if again := s.Admin("ada@example.org"); again.ID == admin.ID {
		t.Error("the number is given again, and with it the changes in histories")
	}
}
