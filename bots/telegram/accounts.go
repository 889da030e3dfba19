package telegram

import (
	"strconv"
	"time"

	"github.com/go-telegram/bot/models"
	"gorm.io/gorm"

	"linienfunk/bots"
	"linienfunk/bots/kit"
	"linienfunk/internal/secret"
)

// Account is a city's bot. City, BotID and WebhookID are unique.
type Account struct {
	kit.Base
	BotID        int64  `gorm:"not null;uniqueIndex:idx_telegram_accounts_bot"`
	Username     string `gorm:"size:64;not null"` // without the @
	Name         string `gorm:"not null"`
	ReadsAll     bool   `gorm:"not null"`                                                            // privacy mode is off: the bot sees all messages in groups
	Token        []byte `gorm:"not null"`                                                            // sealed
	WebhookID    string `gorm:"column:hook;size:64;not null;uniqueIndex:idx_telegram_accounts_hook"` // last part of its webhook's URL
	LastUpdate   int64  `gorm:"column:position;not null"`                                            // id of the update that was handled last
	LastUpdateAt int64  `gorm:"column:position_at;not null"`                                         // when, in seconds since 1970
	PausedAt     int64  `gorm:"not null"`                                                            // when Telegram last asked for a pause, in milliseconds since 1970
	PausedUntil  int64  `gorm:"not null"`                                                            // and the end of that pause
}

type accounts = kit.Accounts[Account, *Account]

func newAccounts(core bots.Core) accounts {
	return accounts{
		DB: core.DB, Box: core.Box, Table: "telegram_accounts", Column: "token",
		OnConnect: deleteUnreachable, OnDisconnect: deleteChats,
	}
}

// newAccount returns the account of a city for a bot that Telegram describes as me.
func newAccount(box *secret.Box, city string, me *models.User) Account {
	id := box.Digest("telegram hook", city+"/"+strconv.FormatInt(me.ID, 10))[:32]
	return Account{Base: kit.Base{City: city}, BotID: me.ID, WebhookID: id}.withProfile(me)
}

// withProfile returns the account with what Telegram says of the bot (https://core.telegram.org/bots/api#getme).
func (a Account) withProfile(me *models.User) Account {
	a.Username, a.Name, a.ReadsAll = me.Username, me.FirstName, me.CanReadAllGroupMessages
	return a
}

// Label is the bot's user name as people write it; its number as long as the name of an imported bot is not known.
func (a *Account) Label() string {
	if a.Username == "" {
		return strconv.FormatInt(a.BotID, 10)
	}
	return "@" + a.Username
}

// Link opens a chat with the bot (https://core.telegram.org/api/links#public-username-links).
func (a *Account) Link() string { return "https://t.me/" + a.Username }

// Sealed implements kit.Row.
func (a *Account) Sealed() *[]byte { return &a.Token }

// Identity implements kit.Row.
func (a *Account) Identity() map[string]any { return map[string]any{"bot_id": a.BotID} }

// Inherit implements kit.Row: a new token of the same bot keeps the offset and a pause.
func (a *Account) Inherit(old Account) {
	if old.BotID == a.BotID {
		a.LastUpdate, a.LastUpdateAt = old.LastUpdate, old.LastUpdateAt
		a.PausedAt, a.PausedUntil = old.PausedAt, old.PausedUntil
	}
}

// offsetLifetime is a little less than the week without updates after which Telegram continues with arbitrary ids, which may be
// lower than the last one (https://core.telegram.org/bots/api#update). For the same reason the stored offset follows the ids
// even when they decrease.
const offsetLifetime = 6 * 24 * time.Hour

// nextOffset returns the offset for getUpdates: the one behind the last update, or 0 (all that wait) if that has lost its meaning.
func nextOffset(row Account, now time.Time) int64 {
	if row.LastUpdate == 0 || now.Sub(time.Unix(row.LastUpdateAt, 0)) > offsetLifetime {
		return 0
	}
	return row.LastUpdate + 1
}

// deleteUnreachable deletes a city's chats unless it connects the same bot again: a different bot may not write to them. There may be
// chats without an old account, which came in while that was being disconnected.
func deleteUnreachable(tx *gorm.DB, row Account, old *Account) error {
	if old != nil && old.BotID == row.BotID {
		return nil
	}
	return deleteChats(tx, row.City)
}

// deleteChats deletes all chats that a city's bot knows.
func deleteChats(tx *gorm.DB, city string) error {
	for _, table := range []any{&Subscriber{}, &Reply{}, &Delivery{}, &QueuedReport{}, &SentMessage{}, &ToldKey{}} {
		if err := tx.Where("city = ?", city).Delete(table).Error; err != nil {
			return err
		}
	}
	return nil
}
