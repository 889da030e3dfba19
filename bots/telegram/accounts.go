package telegram

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/go-telegram/bot/models"
	"gorm.io/gorm"

	"linienfunk/internal/secret"
)

// Account is a city's bot.
type Account struct {
	City         string `gorm:"primaryKey;size:32"`
	BotID        int64  `gorm:"not null;uniqueIndex:idx_telegram_accounts_bot"`
	Username     string `gorm:"size:64;not null"` // without the @
	Name         string `gorm:"not null"`
	ReadsAll     bool   `gorm:"not null"`                                                            // privacy mode is off: the bot sees all messages in groups
	Token        []byte `gorm:"not null"`                                                            // sealed
	WebhookID    string `gorm:"column:hook;size:64;not null;uniqueIndex:idx_telegram_accounts_hook"` // last part of its webhook's URL
	Revision     string `gorm:"size:64;not null"`
	LastUpdate   int64  `gorm:"column:position;not null"`    // id of the update that was handled last
	LastUpdateAt int64  `gorm:"column:position_at;not null"` // when, in seconds since 1970
	PausedAt     int64  `gorm:"not null"`                    // when Telegram last asked for a pause, in milliseconds since 1970
	PausedUntil  int64  `gorm:"not null"`                    // and the end of that pause
}

// Label is the bot's user name as people write it.
func (a Account) Label() string { return "@" + a.Username }

// Link opens a chat with the bot (https://core.telegram.org/api/links#public-username-links).
func (a Account) Link() string { return "https://t.me/" + a.Username }

// withProfile returns the account with what Telegram says of the bot (https://core.telegram.org/bots/api#getme).
func (a Account) withProfile(me *models.User) Account {
	a.Username, a.Name, a.ReadsAll = me.Username, me.FirstName, me.CanReadAllGroupMessages
	return a
}

var (
	errNoAccount = errors.New("city has no bot")
	errTaken     = errors.New("bot belongs to another city")
)

// tokenCell is the table cell that the sealed token is bound to.
func tokenCell(city string) secret.Cell {
	return secret.Cell{Table: "telegram_accounts", Row: city, Column: "token"}
}

func (s store) accounts(ctx context.Context) ([]Account, error) {
	var rows []Account
	return rows, wrap("list accounts", s.db.WithContext(ctx).Order("city").Find(&rows).Error)
}

// account returns a city's account and its token, or errNoAccount.
func (s store) account(ctx context.Context, city string) (Account, string, error) {
	return s.loadAccount(s.db.WithContext(ctx).Where("city = ?", city))
}

// accountByWebhook returns the account with the WebhookID and its token, or errNoAccount.
func (s store) accountByWebhook(ctx context.Context, id string) (Account, string, error) {
	return s.loadAccount(s.db.WithContext(ctx).Where("hook = ?", id))
}

func (s store) loadAccount(query *gorm.DB) (Account, string, error) {
	var row Account
	err := query.Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return row, "", errNoAccount
	}
	if err != nil {
		return row, "", fmt.Errorf("read account: %w", err)
	}
	token, err := s.box.Open(tokenCell(row.City), row.Token)
	return row, string(token), err
}

// connect stores a city's bot. A new token of the same bot keeps the offset and the subscribers. A different bot may not write
// to them, so they are deleted. It returns errTaken if another city has the bot.
func (s store) connect(ctx context.Context, row Account, token string) error {
	row.Token = s.box.Seal(tokenCell(row.City), []byte(token))
	row.Revision = rand.Text()
	row.WebhookID = s.box.Digest("telegram hook", row.City+"/"+strconv.FormatInt(row.BotID, 10))[:32]
	err := s.db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		var old []Account
		if err := tx.Where("city = ?", row.City).Limit(1).Find(&old).Error; err != nil {
			return err
		}
		if len(old) > 0 && old[0].BotID == row.BotID {
			row.LastUpdate, row.LastUpdateAt = old[0].LastUpdate, old[0].LastUpdateAt
			row.PausedAt, row.PausedUntil = old[0].PausedAt, old[0].PausedUntil
		} else if err := deleteChats(tx, row.City); err != nil { // without an old bot, too: one being disconnected may have added rows
			return err
		}
		return tx.Save(&row).Error
	})
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		return errTaken
	}
	return wrap("store account", err)
}

// setProfile stores the bot's names. It leaves the revision, since nothing has to be restarted.
func (s store) setProfile(ctx context.Context, a Account) error {
	return s.updateAccount(ctx, a, "change account", map[string]any{"username": a.Username, "name": a.Name, "reads_all": a.ReadsAll})
}

// setLastUpdate stores the id of the update that was handled last.
func (s store) setLastUpdate(ctx context.Context, a Account, id int64) error {
	return s.updateAccount(ctx, a, "store offset", map[string]any{"position": id, "position_at": s.now().Unix()})
}

func (s store) setPause(ctx context.Context, a Account, until time.Time) error {
	return s.updateAccount(ctx, a, "store pause", map[string]any{"paused_at": s.now().UnixMilli(), "paused_until": until.UnixMilli()})
}

// updateAccount sets columns, unless the city has connected a different bot since.
func (s store) updateAccount(ctx context.Context, a Account, action string, columns map[string]any) error {
	return wrap(action, s.db.WithContext(ctx).Model(&Account{}).
		Where("city = ? AND bot_id = ?", a.City, a.BotID).Updates(columns).Error)
}

// disconnect deletes the city's bot and all chats that it knows.
func (s store) disconnect(ctx context.Context, city string) error {
	return wrap("delete account", s.db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := deleteChats(tx, city); err != nil {
			return err
		}
		return tx.Where("city = ?", city).Delete(&Account{}).Error
	}))
}

func deleteChats(tx *gorm.DB, city string) error {
	for _, table := range []any{&Subscriber{}, &Reply{}, &Delivery{}} {
		if err := tx.Where("city = ?", city).Delete(table).Error; err != nil {
			return err
		}
	}
	return nil
}
