package twitter

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/dghubble/oauth1"

	"linienfunk/bots/kit"
)

// Account is a city's account at X.
type Account struct {
	kit.Base
	UserID          string    `gorm:"size:32;not null;uniqueIndex:idx_twitter_accounts_user"`
	Handle          string    `gorm:"size:32;not null"` // without @
	Keys            []byte    `gorm:"not null"`         // sealed: token and secret, in JSON
	Position        string    `gorm:"size:32;not null"` // id of the last mention that was handled; empty before the first
	MessagePosition string    `gorm:"size:32;not null"` // the same for direct messages
	NoMessages      bool      `gorm:"not null"`         // X refused to show direct messages when we last asked
	Since           time.Time `gorm:"not null"`         // when it was connected, by X's clock: nothing older is reported
	CreatedAt       time.Time
	UpdatedAt       time.Time
}

// Label is the account's name; its number as long as the name of an imported account is not known.
func (a Account) Label() string {
	if a.Handle == "" {
		return a.UserID
	}
	return "@" + a.Handle
}

// Link is the account's page.
func (a Account) Link() string { return "https://x.com/" + a.Handle }

// Sealed holds the keys.
func (a *Account) Sealed() *[]byte { return &a.Keys }

// Identity is the account's id at X.
func (a *Account) Identity() map[string]any { return map[string]any{"user_id": a.UserID} }

// Inherit keeps the read positions of the same account.
func (a *Account) Inherit(old Account) {
	a.CreatedAt = old.CreatedAt
	if old.UserID == a.UserID {
		a.Position, a.MessagePosition, a.Since = old.Position, old.MessagePosition, old.Since
	}
}

// marshalKeys returns an account's keys as they are sealed.
func marshalKeys(keys *oauth1.Token) (string, error) {
	text, err := json.Marshal(keys)
	return string(text), err
}

func unmarshalKeys(text string) (*oauth1.Token, error) {
	keys := new(oauth1.Token)
	if err := json.Unmarshal([]byte(text), keys); err != nil {
		return nil, fmt.Errorf("read keys: %w", err)
	}
	return keys, nil
}

// account returns the row of a city and a client of the API for it.
func (b *bot) account(ctx context.Context, city string) (Account, apiClient, error) {
	row, text, err := b.Rows.Load(ctx, city)
	if err != nil {
		return Account{}, nil, err
	}
	keys, err := unmarshalKeys(text)
	if err != nil {
		return Account{}, nil, err
	}
	return row, b.apiFor(keys, row.UserID, row.Handle), nil
}
