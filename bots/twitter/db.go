package twitter

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/dghubble/oauth1"
	"github.com/go-gormigrate/gormigrate/v2"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"linienfunk/internal/secret"
)

// Account is a city's account at X.
type Account struct {
	City            string    `gorm:"primaryKey;size:32"`
	UserID          string    `gorm:"size:32;not null;uniqueIndex:idx_twitter_accounts_user"`
	Handle          string    `gorm:"size:32;not null"` // without @
	Keys            []byte    `gorm:"not null"`         // sealed: token and secret
	Revision        string    `gorm:"size:64;not null"`
	Position        string    `gorm:"size:32;not null"` // id of the last mention that was dealt with; empty before the first
	MessagePosition string    `gorm:"size:32;not null"` // the same for direct messages
	NoMessages      bool      `gorm:"not null"`         // X refused to show direct messages, last time we asked
	Since           time.Time `gorm:"not null"`         // when it was connected, by X's clock: nothing older is reported
	CreatedAt       time.Time
	UpdatedAt       time.Time
}

// Label is the account's name.
func (a Account) Label() string { return "@" + a.Handle }

// Login is a login under way. It works once, in one browser, for a quarter of an hour. What identifies it is kept as a digest only.
type Login struct {
	Token     string    `gorm:"primaryKey;size:64"` // digest of the request token
	City      string    `gorm:"size:32;not null"`
	Browser   string    `gorm:"size:64;not null"` // digest of the cookie
	Path      string    `gorm:"not null"`         // the settings pages' mount point, to return to
	Secret    []byte    `gorm:"not null"`         // sealed: of the request token
	ExpiresAt time.Time `gorm:"not null"`
}

// Post is what was sent, for a report that comes a second time. It is kept for a day, much longer than reports are fresh.
type Post struct {
	City     string    `gorm:"primaryKey;size:32"`
	Key      string    `gorm:"primaryKey;size:64"` // digest of the report's key
	RemoteID string    `gorm:"not null"`           // of the receipt
	URL      string    `gorm:"not null"`
	At       time.Time `gorm:"not null;index:idx_twitter_posts_at"`
}

// keepPosts is how long posts are remembered.
const keepPosts = 24 * time.Hour

var (
	errNoAccount = errors.New("city has no account")
	errNoLogin   = errors.New("login unknown, used or expired")
	errTaken     = errors.New("account belongs to another city")
)

func migrations() []*gormigrate.Migration {
	return []*gormigrate.Migration{{
		ID:      "1-accounts",
		Migrate: func(tx *gorm.DB) error { return tx.AutoMigrate(&Account{}, &Login{}, &Post{}, &Spending{}) },
	}}
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

// account returns a city's account and its keys, or errNoAccount.
func (s store) account(ctx context.Context, city string) (Account, *oauth1.Token, error) {
	var row Account
	err := s.db.WithContext(ctx).Where("city = ?", city).Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return row, nil, errNoAccount
	}
	if err != nil {
		return row, nil, fmt.Errorf("read account: %w", err)
	}
	plain, err := s.box.Open(s.place("accounts", city, "keys"), row.Keys)
	if err != nil {
		return row, nil, err
	}
	keys := new(oauth1.Token)
	return row, keys, wrap("read keys", json.Unmarshal(plain, keys))
}

// ours says whether a user is the account of one of the cities.
func (s store) ours(ctx context.Context, user string) (bool, error) {
	var count int64
	err := s.db.WithContext(ctx).Model(&Account{}).Where("user_id = ?", user).Count(&count).Error
	return count > 0, wrap("look up account", err)
}

// connect stores a login that succeeded. The same account goes on where it was; errTaken if another city has it.
func (s store) connect(ctx context.Context, row Account, keys *oauth1.Token) error {
	plain, err := json.Marshal(keys)
	if err != nil {
		return err
	}
	row.Keys = s.box.Seal(s.place("accounts", row.City, "keys"), plain)
	row.Revision = rand.Text()
	err = s.db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		var old Account
		err := tx.Where("city = ?", row.City).Take(&old).Error
		switch {
		case errors.Is(err, gorm.ErrRecordNotFound):
			return tx.Create(&row).Error
		case err != nil:
			return err
		}
		row.CreatedAt = old.CreatedAt
		if old.UserID == row.UserID {
			row.Position, row.MessagePosition, row.Since = old.Position, old.MessagePosition, old.Since
		}
		return tx.Save(&row).Error
	})
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		return errTaken
	}
	return wrap("store account", err)
}

// set changes one column that is no change of the account, unless another account has taken the place meanwhile.
func (s store) set(ctx context.Context, a Account, column string, value any) error {
	err := s.db.WithContext(ctx).Model(&Account{}).Where("city = ? AND user_id = ?", a.City, a.UserID).
		UpdateColumn(column, value).Error
	return wrap("store "+column, err)
}

// rename stores what an account is called now, unless another one has taken the place meanwhile.
func (s store) rename(ctx context.Context, a Account) error {
	err := s.db.WithContext(ctx).Model(&Account{}).Where("city = ? AND user_id = ?", a.City, a.UserID).
		Updates(map[string]any{"handle": a.Handle, "revision": rand.Text()}).Error
	return wrap("rename account", err)
}

func (s store) disconnect(ctx context.Context, city string) error {
	return wrap("delete account", s.db.WithContext(ctx).Where("city = ?", city).Delete(&Account{}).Error)
}

// sent returns what was sent for a report's key.
func (s store) sent(ctx context.Context, city, key string) (Post, bool, error) {
	var row Post
	err := s.db.WithContext(ctx).Where("city = ? AND key = ?", city, s.box.Digest("twitter post", key)).Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return row, false, nil
	}
	return row, err == nil, wrap("look up post", err)
}

// remember keeps what was sent, and forgets what is old.
func (s store) remember(ctx context.Context, row Post) error {
	row.Key, row.At = s.box.Digest("twitter post", row.Key), s.utc()
	return wrap("remember post", s.db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := tx.Where("at < ?", row.At.Add(-keepPosts)).Delete(&Post{}).Error; err != nil {
			return err
		}
		return tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(&row).Error
	}))
}

func wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}
