package account_test

import (
	"strings"
	"testing"

	"linienfunk/db"
	"linienfunk/frontend/frontendtest"
)

// importedHashes are of frontendtest.Password: as pylibscrypt writes them now and as it did once, and as passlib does.
var importedHashes = map[string]string{
	"scrypt":       "$s1$0e0801$c2FsdHNhbHQ=$gFCYf7Knab/saK5kQtvq/LXbJXKEbNN3EmRXN58V1dED2KT/7gAePunfaWpdJQeVS4p20+WHarDt3chvaFVYaQ==",
	"older scrypt": "$7$CU..../....ticketfrei$.hXFJxFPxoQRdFx3jSfnVM6zZQbvb59.kDYQNdT4wD9",
	"argon2id":     "$argon2id$v=19$m=65536,t=3,p=4$cGFzc2xpYnBhc3NsaWIxNg$GYxygIus3yKWs1NA/b4BWkQG0k3gCaxKV/jPG9vsEUY",
}

func TestAnImportedPasswordLogsInAndIsHashedAnew(t *testing.T) {
	t.Parallel()
	s := frontendtest.New(t, nil)
	admin := s.Admin("ada@example.org", "berlin")
	for kind, hash := range importedHashes {
		frontendtest.Check(t, s.Site.DB.Model(&db.Admin{}).Where("id = ?", admin.ID).Update("password", hash).Error)
		v := s.Visitor()
		v.Post("/login", "address", "ada@example.org", "password", "drei Umstiege bis Weddinf").Want(422)
		if stored := passwordOf(t, s, admin.ID); stored != hash {
			t.Errorf("%s: a wrong password has changed the hash to %s", kind, stored)
		}
		v.Post("/login", "address", "ada@example.org", "password", frontendtest.Password).At("/city/berlin").Want(200)
		if stored := passwordOf(t, s, admin.ID); !strings.HasPrefix(stored, "$argon2id$v=19$m=19456,t=2,p=1$") {
			t.Errorf("%s: after the login the hash is %s", kind, stored)
		}
		s.Visitor().Post("/login", "address", "ada@example.org", "password", frontendtest.Password).At("/city/berlin").Want(200)
	}
}

func passwordOf(t *testing.T, s *frontendtest.World, id uint) string {
	t.Helper()
	admin, err := s.Site.DB.AdminByID(t.Context(), id)
	frontendtest.Check(t, err)
	return admin.Password
}
