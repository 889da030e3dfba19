package mastodon

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	masto "github.com/mattn/go-mastodon"

	"linienfunk/bots/kit"
)

// Account is a city's account on an instance.
type Account struct {
	kit.Base
	Instance  string `gorm:"size:300;not null;uniqueIndex:idx_mastodon_accounts_owner,priority:1"` // https://host
	AccountID string `gorm:"size:64;not null;uniqueIndex:idx_mastodon_accounts_owner,priority:2"`
	Acct      string `gorm:"size:255;not null"`      // without the host
	Domain    string `gorm:"size:255;not null"`      // behind the second @; not always Instance's host
	URL       string `gorm:"not null"`               // the profile
	IsBot     bool   `gorm:"not null"`               // flagged as automated in its profile
	Limited   bool   `gorm:"not null;default:false"` // by the instance's moderators: only followers see its posts
	Token     []byte `gorm:"not null"`               // sealed
	Position  string `gorm:"size:64;not null"`       // id of the last notification that was handled
	CreatedAt time.Time
	UpdatedAt time.Time

	FailingSince *time.Time // since when reading fails because of the instance
}

// Label is the account's full address; of one that was imported and is not identified yet, its instance.
func (a Account) Label() string {
	if a.imported() {
		return a.Domain
	}
	return "@" + a.Acct + "@" + a.Domain
}

// Link is the account's profile.
func (a Account) Link() string { return a.URL }

// Sealed holds the access token.
func (a *Account) Sealed() *[]byte { return &a.Token }

// Identity is the account on its instance.
func (a *Account) Identity() map[string]any {
	return map[string]any{"instance": a.Instance, "account_id": a.AccountID}
}

// Inherit keeps the read position of the same account.
func (a *Account) Inherit(old Account) {
	a.CreatedAt = old.CreatedAt
	if old.Instance == a.Instance && old.AccountID == a.AccountID {
		a.Position = old.Position
	}
}

// account returns the row of a city and a client that speaks for it.
func (b *bot) account(ctx context.Context, city string) (Account, *client, error) {
	row, token, err := b.Rows.Load(ctx, city)
	if err != nil {
		return Account{}, nil, err
	}
	return row, b.clientOf(row, token), nil
}

// isOurs reports whether an account, as the instance of row shows it, is that of a city of this program. Its posts are reports that have gone
// out already, even where it is not marked as automated.
func (b *bot) isOurs(ctx context.Context, row Account, seen masto.Account) (bool, error) {
	name, _, _ := strings.Cut(seen.Acct, "@")
	var rows []Account
	err := b.Rows.DB.WithContext(ctx).Where("instance = ? AND account_id = ?", row.Instance, string(seen.ID)).
		Or("url = ?", seen.URL).Or("LOWER(acct) = ?", strings.ToLower(name)).Find(&rows).Error
	if err != nil {
		return false, wrap("look up author", err)
	}
	return slices.ContainsFunc(rows, func(ours Account) bool {
		here := ours.Instance == row.Instance
		switch name, host, remote := strings.Cut(seen.Acct, "@"); {
		case here && ours.AccountID == string(seen.ID), seen.URL != "" && seen.URL == ours.URL:
			return true
		case remote:
			return strings.EqualFold(name, ours.Acct) && strings.EqualFold(host, ours.Domain)
		default:
			return here && strings.EqualFold(name, ours.Acct)
		}
	}), nil
}

// tokenInUse reports whether any city's account on the instance has this token.
func (b *bot) tokenInUse(ctx context.Context, instance, token string) (bool, error) {
	rows, err := b.Rows.List(ctx)
	if err != nil {
		return false, err
	}
	for _, row := range rows {
		if row.Instance != instance {
			continue
		}
		_, have, err := b.Rows.Load(ctx, row.City)
		if err != nil {
			return false, fmt.Errorf("compare tokens: %w", err)
		}
		if have == token {
			return true, nil
		}
	}
	return false, nil
}
