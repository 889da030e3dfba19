package telegram

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"
	"time"

	"gorm.io/gorm"

	"linienfunk/internal/secret"
)

// Account is a city's bot.
type Account struct {
	City        string `gorm:"primaryKey;size:32"`
	BotID       int64  `gorm:"not null;uniqueIndex:idx_telegram_accounts_bot"`
	Username    string `gorm:"size:64;not null"` // without the @
	Name        string `gorm:"not null"`
	ReadsAll    bool   `gorm:"not null"` // privacy mode is off: it sees all messages in groups
	Token       []byte `gorm:"not null"` // sealed
	Hook        string `gorm:"size:64;not null;uniqueIndex:idx_telegram_accounts_hook"`
	Revision    string `gorm:"size:64;not null"`
	Position    int64  `gorm:"not null"` // id of the update that was dealt with last
	PositionAt  int64  `gorm:"not null"` // when, in seconds since 1970
	PausedAt    int64  `gorm:"not null"` // Telegram asked for a pause, in milliseconds since 1970
	PausedUntil int64  `gorm:"not null"` // and wants no messages before
}

// Label is how people write the bot.
func (a Account) Label() string { return "@" + a.Username }

// Link opens a chat with the bot (https://core.telegram.org/api/links#public-username-links).
func (a Account) Link() string { return "https://t.me/" + a.Username }

var (
	errNoAccount = errors.New("city has no bot")
	errTaken     = errors.New("bot belongs to another city")
)

// store is the bot's tables.
type store struct {
	db  *gorm.DB
	box *secret.Box
	now func() time.Time
}

func tokenPlace(city string) secret.Cell {
	return secret.Cell{Table: "telegram_accounts", Row: city, Column: "token"}
}

func (s store) accounts(ctx context.Context) ([]Account, error) {
	var rows []Account
	return rows, wrap("list accounts", s.db.WithContext(ctx).Order("city").Find(&rows).Error)
}

// account returns a city's account and its token, or errNoAccount.
func (s store) account(ctx context.Context, city string) (Account, string, error) {
	return s.takeAccount(s.db.WithContext(ctx).Where("city = ?", city))
}

// hooked is account by the name in its webhook's address.
func (s store) hooked(ctx context.Context, hook string) (Account, string, error) {
	return s.takeAccount(s.db.WithContext(ctx).Where("hook = ?", hook))
}

func (s store) takeAccount(query *gorm.DB) (Account, string, error) {
	var row Account
	err := query.Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return row, "", errNoAccount
	}
	if err != nil {
		return row, "", fmt.Errorf("read account: %w", err)
	}
	token, err := s.box.Open(tokenPlace(row.City), row.Token)
	return row, string(token), err
}

// connect stores a bot. The same bot keeps its position and subscribers; another one cannot reach the former one's
// subscribers, so they are forgotten. errTaken if another city has it.
func (s store) connect(ctx context.Context, row Account, token string) error {
	row.Token = s.box.Seal(tokenPlace(row.City), []byte(token))
	row.Revision = rand.Text()
	row.Hook = s.box.Digest("telegram hook", row.City+"/"+strconv.FormatInt(row.BotID, 10))[:32]
	err := s.db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		var old []Account
		if err := tx.Where("city = ?", row.City).Limit(1).Find(&old).Error; err != nil {
			return err
		}
		switch {
		case len(old) > 0 && old[0].BotID == row.BotID:
			row.Position, row.PositionAt, row.PausedAt, row.PausedUntil = old[0].Position, old[0].PositionAt, old[0].PausedAt, old[0].PausedUntil
		default: // also without one: rows may have come in while the last one was disconnected
			if err := forgetPeople(tx, row.City); err != nil {
				return err
			}
		}
		return tx.Save(&row).Error
	})
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		return errTaken
	}
	return wrap("store account", err)
}

// describe stores what the bot is called now. It is no new revision: nothing has to be restarted.
func (s store) describe(ctx context.Context, row Account) error {
	return wrap("change account", s.db.WithContext(ctx).Model(&Account{}).Where("city = ? AND bot_id = ?", row.City, row.BotID).
		Updates(map[string]any{"username": row.Username, "name": row.Name, "reads_all": row.ReadsAll}).Error)
}

// moveTo stores the read position of this bot.
func (s store) moveTo(ctx context.Context, a Account, position int64) error {
	return wrap("store position", s.db.WithContext(ctx).Model(&Account{}).Where("city = ? AND bot_id = ?", a.City, a.BotID).
		Updates(map[string]any{"position": position, "position_at": s.now().Unix()}).Error)
}

func (s store) pause(ctx context.Context, a Account, until time.Time) error {
	return wrap("store pause", s.db.WithContext(ctx).Model(&Account{}).Where("city = ? AND bot_id = ?", a.City, a.BotID).
		Updates(map[string]any{"paused_at": s.now().UnixMilli(), "paused_until": until.UnixMilli()}).Error)
}

// disconnect forgets the bot and everybody who wrote to it.
func (s store) disconnect(ctx context.Context, city string) error {
	return wrap("delete account", s.db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := forgetPeople(tx, city); err != nil {
			return err
		}
		return tx.Where("city = ?", city).Delete(&Account{}).Error
	}))
}

func forgetPeople(tx *gorm.DB, city string) error {
	for _, table := range []any{&Subscriber{}, &Answer{}, &Delivery{}} {
		if err := tx.Where("city = ?", city).Delete(table).Error; err != nil {
			return err
		}
	}
	return nil
}

func wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}
