package mastodon

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/go-gormigrate/gormigrate/v2"
	"gorm.io/gorm"

	"linienfunk/bots"
	"linienfunk/internal/secret"
)

// Account is a city's account on an instance.
type Account struct {
	City      string `gorm:"primaryKey;size:32"`
	Instance  string `gorm:"size:300;not null;uniqueIndex:idx_mastodon_accounts_owner,priority:1"` // https://host
	AccountID string `gorm:"size:64;not null;uniqueIndex:idx_mastodon_accounts_owner,priority:2"`
	Acct      string `gorm:"size:255;not null"`      // without the host
	Domain    string `gorm:"size:255;not null"`      // what stands behind the second @, not always Instance's host
	URL       string `gorm:"not null"`               // the profile
	IsBot     bool   `gorm:"not null"`               // flagged as automated in its profile
	Limited   bool   `gorm:"not null;default:false"` // by the instance's moderators: only followers see its posts
	Token     []byte `gorm:"not null"`               // sealed
	Revision  string `gorm:"size:64;not null"`
	Position  string `gorm:"size:64;not null"` // id of the last notification that was dealt with
	CreatedAt time.Time
	UpdatedAt time.Time

	FailingSince *time.Time // since when the instance does not let us read, by its own fault
}

// Label is the account's full address.
func (a Account) Label() string { return "@" + a.Acct + "@" + a.Domain }

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
	}, {
		ID:      "3-posts",
		Migrate: func(tx *gorm.DB) error { return tx.AutoMigrate(&Account{}, &Post{}) },
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

func (s store) place(table, row, column string) secret.Cell {
	return secret.Cell{Table: s.bot + "_" + table, Row: row, Column: column}
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

// note writes down what was found out about an account. It is no change of the account, which goes on running.
func (s store) note(ctx context.Context, a Account, columns map[string]any) error {
	err := s.db.WithContext(context.WithoutCancel(ctx)).Model(&Account{}).
		Where("city = ? AND instance = ? AND account_id = ?", a.City, a.Instance, a.AccountID).UpdateColumns(columns).Error
	return wrap("note about account", err)
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

func wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}
