package kit

import (
	"context"
	"errors"
	"strings"
	"time"

	"gorm.io/gorm"

	"linienfunk/bots"
	"linienfunk/internal/secret"
)

// ErrNoLogin is returned for a login that is unknown, used, expired, or of another browser.
var ErrNoLogin = errors.New("login unknown, used or expired")

// Login has the common columns of tables of unfinished logins by OAuth. A network's row embeds it.
type Login struct {
	City      string    `gorm:"size:32;not null"`
	Browser   string    `gorm:"size:64;not null"` // digest of the cookie; empty for a login that an admin ends with a code
	Path      string    `gorm:"not null"`         // mount point of the settings pages, to return to
	ExpiresAt time.Time `gorm:"not null"`
}

//lint:ignore U1000 called through LoginRow
func (l *Login) login() *Login { return l }

// LoginRow is a pointer to a network's row, a struct that embeds Login.
type LoginRow[L any] interface {
	*L
	login() *Login

	// Key returns the column that is the primary key: the digest of what the network sends back, such as OAuth's state.
	Key() *string

	// Sealed returns the column for the secret of the login, such as a PKCE verifier.
	Sealed() *[]byte
}

// Logins is a table of logins. Each works once, in the browser where it began, for a limited time. The table has digests only of what
// identifies a login.
type Logins[L any, P LoginRow[L]] struct {
	Core bots.Core

	// Column is the name of the sealed column, which is bound into what is sealed.
	Column string

	// Purpose keeps the digests of keys apart from others, such as "mastodon state".
	Purpose string

	// Lifetime is how long a login may take.
	Lifetime time.Duration
}

// CallbackURL is the address where a network sends browsers back to after a login.
func CallbackURL(core bots.Core) string { return core.BaseURL + "/bots/" + core.Name + "/callback" }

func (t Logins[L, P]) cell(digest string) secret.Cell {
	return secret.Cell{Table: t.Core.Name + "_logins", Row: digest, Column: t.Column}
}

// browser is the digest of a cookie, empty for none.
func (t Logins[L, P]) browser(cookie string) string {
	if cookie == "" {
		return ""
	}
	return t.Core.Box.Digest(t.Core.Name+" browser", cookie)
}

func (t Logins[L, P]) now() time.Time { return t.Core.Now().UTC().Truncate(time.Microsecond) }

// Open stores a login under its key, for the browser with this cookie; an empty cookie is for a login that an admin ends with a code. It deletes
// expired logins.
func (t Logins[L, P]) Open(ctx context.Context, row L, key, cookie, secret string) error {
	digest := t.Core.Box.Digest(t.Purpose, key)
	*P(&row).Key() = digest
	*P(&row).Sealed() = t.Core.Box.Seal(t.cell(digest), []byte(secret))
	login := P(&row).login()
	login.Browser, login.ExpiresAt = t.browser(cookie), t.now().Add(t.Lifetime)
	return wrap("store login", t.Core.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := tx.Where("expires_at < ?", t.now()).Delete(new(L)).Error; err != nil {
			return err
		}
		return tx.Create(&row).Error
	}))
}

// Use deletes the login with a key that began in the browser with this cookie, and returns it with its secret. It returns ErrNoLogin if
// there is none.
func (t Logins[L, P]) Use(ctx context.Context, key, cookie string) (row L, secret string, err error) {
	var wanted L
	*P(&wanted).Key() = t.Core.Box.Digest(t.Purpose, key)
	err = t.Core.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		err := tx.Where(&wanted).Where("browser = ? AND expires_at > ?", t.browser(cookie), t.now()).Take(&row).Error
		if errors.Is(err, gorm.ErrRecordNotFound) {
			return ErrNoLogin
		}
		if err != nil {
			return err
		}
		deleted := tx.Where(&wanted).Delete(new(L))
		if deleted.Error == nil && deleted.RowsAffected == 0 {
			return ErrNoLogin // PostgreSQL lets two transactions read the row, but only one deletes it
		}
		return deleted.Error
	})
	if err != nil {
		return *new(L), "", wrap("use login", err)
	}
	plain, err := t.Core.Box.Open(t.cell(*P(&row).Key()), *P(&row).Sealed())
	return row, string(plain), err
}

// secure reports whether browsers reach the program by https.
func secure(core bots.Core) bool { return strings.HasPrefix(core.BaseURL, "https:") }
