package mastodon

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/go-gormigrate/gormigrate/v2"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"linienfunk/bots"
	"linienfunk/secret"
)

// Account is a city's account on an instance.
type Account struct {
	City      string `gorm:"primaryKey;size:32"`
	Instance  string `gorm:"size:300;not null;uniqueIndex:idx_mastodon_accounts_owner,priority:1"` // https://host
	AccountID string `gorm:"size:64;not null;uniqueIndex:idx_mastodon_accounts_owner,priority:2"`
	Acct      string `gorm:"size:255;not null"` // without the host
	Domain    string `gorm:"size:255;not null"` // what stands behind the second @, not always Instance's host
	URL       string `gorm:"not null"`          // the profile
	IsBot     bool   `gorm:"not null"`          // flagged as automated in its profile
	Token     []byte `gorm:"not null"`          // sealed
	Revision  string `gorm:"size:64;not null"`
	Position  string `gorm:"size:64;not null"` // id of the last notification that was dealt with
	CreatedAt time.Time
	UpdatedAt time.Time
}

// Label is the account's full address.
func (a Account) Label() string { return "@" + a.Acct + "@" + a.Domain }

// App is the program's registration on an instance.
type App struct {
	Instance    string `gorm:"primaryKey;size:300"`
	ClientID    string `gorm:"not null"`
	Secret      []byte `gorm:"not null"` // sealed
	RedirectURI string `gorm:"not null"`
	CreatedAt   time.Time
}

// Login is a login under way. It works once, for one city, in one browser, for ten minutes. What identifies it is kept
// as a digest only.
type Login struct {
	State     string `gorm:"primaryKey;size:64"`
	City      string `gorm:"size:32;not null"`
	Instance  string `gorm:"size:300;not null"`
	Browser   string `gorm:"size:64;not null"` // digest of the cookie; empty when the code is pasted by the admin
	Path      string `gorm:"not null"`         // the settings pages' mount point, to return to
	Verifier  []byte `gorm:"not null"`         // sealed; PKCE, RFC 7636
	ExpiresAt time.Time
}

var (
	errNoAccount = errors.New("city has no account")
	errNoLogin   = errors.New("login unknown, used or expired")
	errTaken     = errors.New("account belongs to another city")
)

func migrations() []*gormigrate.Migration {
	return []*gormigrate.Migration{{
		ID:      "1-accounts",
		Migrate: func(tx *gorm.DB) error { return tx.AutoMigrate(&Account{}, &App{}, &Login{}) },
	}, {
		ID:      "2-options",
		Migrate: keepOptions,
	}}
}

// keepOptions hands what were columns of mastodon_accounts once to the core.
func keepOptions(tx *gorm.DB) error {
	type account struct {
		City           string
		Enabled, Boost bool
	}
	if !tx.Migrator().HasColumn(&account{}, "enabled") {
		return nil
	}
	var rows []account
	if err := tx.Find(&rows).Error; err != nil {
		return err
	}
	for _, row := range rows {
		repost := "copy"
		if row.Boost {
			repost = "boost"
		}
		if err := bots.KeepOptions(tx, row.City, bots.Options{"enabled": row.Enabled, "repost": repost}); err != nil {
			return err
		}
	}
	for _, column := range []string{"enabled", "boost"} {
		if err := tx.Migrator().DropColumn(&account{}, column); err != nil {
			return err
		}
	}
	return nil
}

// store is the bot's tables.
type store struct {
	db  *gorm.DB
	box *secret.Box
	bot string
	now func() time.Time
}

func (s store) place(table, row, column string) secret.Place {
	return secret.Place{Table: s.bot + "_" + table, Row: row, Column: column}
}

// utc is the time as the database keeps it.
func (s store) utc() time.Time { return s.now().UTC().Truncate(time.Microsecond) }

func (s store) accounts(ctx context.Context) ([]Account, error) {
	var rows []Account
	err := s.db.WithContext(ctx).Order("city").Find(&rows).Error
	return rows, wrap("list accounts", err)
}

// account returns a city's account and its token, or errNoAccount.
func (s store) account(ctx context.Context, city string) (Account, string, error) {
	var row Account
	err := s.db.WithContext(ctx).Where("city = ?", city).Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return row, "", errNoAccount
	}
	if err != nil {
		return row, "", fmt.Errorf("read account: %w", err)
	}
	token, err := s.box.Open(s.place("accounts", city, "token"), row.Token)
	return row, string(token), err
}

// connect stores a login that succeeded. The same account keeps the position it had; errTaken if another
// city has it.
func (s store) connect(ctx context.Context, row Account, token string) error {
	row.Token = s.box.Seal(s.place("accounts", row.City, "token"), []byte(token))
	row.Revision = rand.Text()
	err := s.db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		var old Account
		err := tx.Where("city = ?", row.City).Take(&old).Error
		switch {
		case errors.Is(err, gorm.ErrRecordNotFound):
			return tx.Create(&row).Error
		case err != nil:
			return err
		}
		row.CreatedAt = old.CreatedAt
		if old.Instance == row.Instance && old.AccountID == row.AccountID {
			row.Position = old.Position
		}
		return tx.Save(&row).Error
	})
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		return errTaken
	}
	return wrap("store account", err)
}

// change updates columns of a city's account and gives it a new revision.
func (s store) change(ctx context.Context, city string, columns map[string]any) error {
	columns["revision"] = rand.Text()
	return wrap("change account", s.db.WithContext(ctx).Model(&Account{}).Where("city = ?", city).Updates(columns).Error)
}

// moveTo stores the read position. It is no change of the account, and it does nothing when another account has
// taken the place meanwhile.
func (s store) moveTo(ctx context.Context, a Account, position string) error {
	err := s.db.WithContext(ctx).Model(&Account{}).
		Where("city = ? AND instance = ? AND account_id = ?", a.City, a.Instance, a.AccountID).
		UpdateColumn("position", position).Error
	return wrap("store position", err)
}

func (s store) disconnect(ctx context.Context, city string) error {
	return wrap("delete account", s.db.WithContext(ctx).Where("city = ?", city).Delete(&Account{}).Error)
}

// app returns the registration on an instance and its secret; ok is false when a new one is needed.
//
// Instances delete applications that nobody is logged in with after a day (app/lib/vacuum/applications_vacuum.rb
// of Mastodon), and then show an error page of their own to whom we send there. So an unused one is trusted for an hour.
func (s store) app(ctx context.Context, instance, redirectURI string) (app App, key string, ok bool, err error) {
	err = s.db.WithContext(ctx).Where("instance = ?", instance).Take(&app).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return app, "", false, nil
	}
	if err != nil {
		return app, "", false, fmt.Errorf("read app: %w", err)
	}
	var users int64
	if err := s.db.WithContext(ctx).Model(&Account{}).Where("instance = ?", instance).Count(&users).Error; err != nil {
		return app, "", false, fmt.Errorf("count accounts: %w", err)
	}
	var logins int64
	if err := s.db.WithContext(ctx).Model(&Login{}).Where("instance = ? AND expires_at > ?", instance, s.utc()).Count(&logins).Error; err != nil {
		return app, "", false, fmt.Errorf("count logins: %w", err)
	}
	age := s.now().Sub(app.CreatedAt)
	fresh := users > 0 || age < time.Hour || logins > 0 && age < time.Hour+loginTime // a login ends with the app it began with
	opened, err := s.box.Open(s.place("apps", instance, "secret"), app.Secret)
	return app, string(opened), fresh && (redirectURI == "" || app.RedirectURI == redirectURI), err
}

// saveApp stores a registration in place of the one with the client id old, "" for none. When somebody else was quicker,
// theirs stays: a login may be under way with it, and a code is worth something to one registration only.
func (s store) saveApp(ctx context.Context, app App, key, old string) error {
	app.Secret = s.box.Seal(s.place("apps", app.Instance, "secret"), []byte(key))
	app.CreatedAt = s.utc()
	db := s.db.WithContext(ctx)
	if old == "" {
		return wrap("store app", db.Clauses(clause.OnConflict{DoNothing: true}).Create(&app).Error)
	}
	return wrap("replace app", db.Model(&App{}).Where("instance = ? AND client_id = ?", app.Instance, old).Select("*").Updates(&app).Error)
}

// forgetApp lets the next login register anew.
func (s store) forgetApp(ctx context.Context, instance string) error {
	return wrap("delete app", s.db.WithContext(ctx).Where("instance = ?", instance).Delete(&App{}).Error)
}

// uses says whether any city's account on the instance has this token.
func (s store) uses(ctx context.Context, instance, token string) (bool, error) {
	var rows []Account
	if err := s.db.WithContext(ctx).Where("instance = ?", instance).Find(&rows).Error; err != nil {
		return false, fmt.Errorf("list accounts: %w", err)
	}
	for _, row := range rows {
		have, err := s.box.Open(s.place("accounts", row.City, "token"), row.Token)
		if err != nil || string(have) == token {
			return err == nil, err
		}
	}
	return false, nil
}

// openLogin stores a login and returns its state. Those that expired go.
func (s store) openLogin(ctx context.Context, l Login, browser, verifier string) (state string, err error) {
	state = rand.Text()
	l.State = s.box.Digest("mastodon state", state)
	if browser != "" {
		l.Browser = s.box.Digest("mastodon browser", browser)
	}
	l.Verifier = s.box.Seal(s.place("logins", l.State, "verifier"), []byte(verifier))
	l.ExpiresAt = s.utc().Add(loginTime)
	err = s.db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := tx.Where("expires_at < ?", s.utc()).Delete(&Login{}).Error; err != nil {
			return err
		}
		return tx.Create(&l).Error
	})
	return state, wrap("store login", err)
}

// useLogin takes the login of a state away, if it began in this browser, and returns it with its PKCE verifier. errNoLogin
// if there is none.
func (s store) useLogin(ctx context.Context, state, browser string) (Login, string, error) {
	var login Login
	bound := ""
	if browser != "" {
		bound = s.box.Digest("mastodon browser", browser)
	}
	digest := s.box.Digest("mastodon state", state)
	err := s.db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		err := tx.Where("state = ? AND browser = ? AND expires_at > ?", digest, bound, s.utc()).Take(&login).Error
		if errors.Is(err, gorm.ErrRecordNotFound) {
			return errNoLogin
		}
		if err != nil {
			return err
		}
		done := tx.Where("state = ?", digest).Delete(&Login{})
		if done.Error == nil && done.RowsAffected == 0 {
			return errNoLogin // PostgreSQL lets two readers in, but only one deletes
		}
		return done.Error
	})
	if err != nil {
		return Login{}, "", wrap("use login", err)
	}
	verifier, err := s.box.Open(s.place("logins", digest, "verifier"), login.Verifier)
	return login, string(verifier), err
}

func wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}
