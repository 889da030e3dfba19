package account_test

import (
	"strings"
	"testing"

	"linienfunk/db"
	"linienfunk/frontend/frontendtest"
)

func TestAPasskeyIsRenamedByItsOwnerOnly(t *testing.T) {
	t.Parallel()
	s := frontendtest.New(t, nil)
	admin := s.Admin("ada@example.org", "berlin")
	s.Admin("bo@example.org", "ghent")
	frontendtest.Check(t, s.Site.DB.Create(&db.Passkey{AdminID: admin.ID, Name: "Telefon", CredentialID: "x", Credential: "{}"}).Error)
	ada := s.VisitorAs("ada@example.org")
	page := ada.Get("/account").Want(200, "Rename")
	ada.Submit(page, "/account/passkeys/1/rename", "name", " Schlüssel am Bund ").At("/account").Want(200, "called Schlüssel am Bund now").WantNot("Telefon")
	ada.Post("/account/passkeys/1/rename", "name", strings.Repeat("x", 61)).At("/account").Want(200, "Schlüssel am Bund").WantNot("xxxx")
	ada.Post("/account/passkeys/2/rename", "name", "x").Want(404)
	s.VisitorAs("bo@example.org").Post("/account/passkeys/1/rename", "name", "x").Want(404)
	ada.Get("/account").Want(200, "Schlüssel am Bund")
}

func TestAnAddressThatIsNoNameHasNoPasskeys(t *testing.T) {
	t.Parallel()
	s := frontendtest.New(t, nil) // at 127.0.0.1
	admin := s.Admin("ada@example.org", "berlin")
	frontendtest.Check(t, s.Site.DB.Create(&db.Passkey{AdminID: admin.ID, Name: "Telefon", CredentialID: "x", Credential: "{}"}).Error)
	v := s.VisitorAs("ada@example.org")
	v.Get("/account").Want(200, "This server has no passkeys", "Telefon") // from when it had a name
	v.Post("/account/passkeys", "name", "x", "passkey_password", frontendtest.Password).Want(404)
	s.Visitor().Get("/login").Want(200).WantNot("passkey")
	s.Visitor().Post("/login/passkey").Want(404)
	s.Visitor().Post("/login/passkey/x").Want(404)
	v.Post("/account/passkeys/1/remove").At("/account").Want(200, "The passkey is removed").WantNot("Telefon")
}
