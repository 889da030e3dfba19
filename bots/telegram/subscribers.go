package telegram

import (
	"context"
	"strconv"
	"time"

	"gorm.io/gorm/clause"

	"linienfunk/bots/chat"
	"linienfunk/internal/secret"
)

// Kinds of chats, as Telegram names them (https://core.telegram.org/bots/api#chat).
const (
	private    = "private"
	group      = "group"
	supergroup = "supergroup"
	channel    = "channel"
)

// Subscriber is a chat that gets a city's reports: a private one, or a group or channel that an admin has confirmed or has yet
// to confirm. The id of a private chat identifies a person, so it is sealed; ChatHash finds the row.
type Subscriber struct {
	ID       uint64 `gorm:"primaryKey"`
	City     string `gorm:"size:32;not null;uniqueIndex:idx_telegram_subscribers_person,priority:1;index:idx_telegram_subscribers_page,priority:1"`
	ChatHash string `gorm:"column:person;size:32;not null;uniqueIndex:idx_telegram_subscribers_person,priority:2"`
	Chat     []byte `gorm:"not null"` // id, sealed
	Kind     string `gorm:"size:16;not null"`
	Title    []byte // sealed; of a group or channel
	Active   bool   `gorm:"not null;index:idx_telegram_subscribers_page,priority:2"` // gets reports; a group's messages may be reports
	Trouble  string `gorm:"size:32;not null"`                                        // id of the text that says why a group rejected the last message
	Recent   string `gorm:"not null"`                                                // of a group: rateLimiter.history

	HeldAt     int64 `gorm:"not null;default:0"`     // of a group: when Telegram last asked for a pause there, in milliseconds since 1970
	HeldUntil  int64 `gorm:"not null;default:0"`     // and the end of that pause
	AllReports bool  `gorm:"not null;default:false"` // of a group: every message is a report, not only commands and mentions

	Interest []byte // sealed: a chat.Interest; NULL for everything
}

// isGroup reports whether the chat has many readers.
func (v Subscriber) isGroup() bool { return v.Kind != private }

// heldUntil returns the end of a pause that Telegram asked for in a group, and whether it lasts.
func (v Subscriber) heldUntil(now time.Time) (time.Time, bool) {
	until := time.UnixMilli(v.HeldUntil)
	return until, until.After(now) && !time.UnixMilli(v.HeldAt).After(now)
}

// chatHash returns the keyed hash of a chat's id. It differs between cities, so that it links no subscriptions of one person.
func (s store) chatHash(city string, chat int64) string {
	return s.box.Digest("telegram chat", city+"/"+strconv.FormatInt(chat, 10))[:32]
}

// chatCell is the table cell that a sealed column of subscribers or replies is bound to.
func chatCell(city, chatHash, column string) secret.Cell {
	return secret.Cell{Table: "telegram_subscribers", Row: city + "/" + chatHash, Column: column}
}

func (s store) sealChat(city string, chat int64) (hash string, sealed []byte) {
	hash = s.chatHash(city, chat)
	return hash, s.box.Seal(chatCell(city, hash, "chat"), []byte(strconv.FormatInt(chat, 10)))
}

// openChat returns the chat id that a row of subscribers or replies has sealed.
func (s store) openChat(city, hash string, sealed []byte) (int64, error) {
	plain, err := s.box.Open(chatCell(city, hash, "chat"), sealed)
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(string(plain), 10, 64)
}

// subscribe stores a private chat, with what it wants.
func (s store) subscribe(ctx context.Context, city string, id int64, i chat.Interest) error {
	v := Subscriber{City: city, Kind: private, Active: true}
	v.ChatHash, v.Chat = s.sealChat(city, id)
	v.Interest = s.sealInterest(city, v.ChatHash, i)
	known := clause.OnConflict{Columns: []clause.Column{{Name: "city"}, {Name: "person"}}, DoUpdates: clause.AssignmentColumns([]string{"interest"})}
	return wrap("store subscriber", s.db.WithContext(ctx).Clauses(known).Create(&v).Error)
}

// removeChat removes a chat of any kind, if it is stored.
func (s store) removeChat(ctx context.Context, city string, chat int64) error {
	return wrap("remove subscriber", s.db.WithContext(ctx).
		Where("city = ? AND person = ?", city, s.chatHash(city, chat)).Delete(&Subscriber{}).Error)
}

// findChat returns a chat of any kind, and whether it is stored.
func (s store) findChat(ctx context.Context, city string, chat int64) (Subscriber, bool, error) {
	var found []Subscriber
	err := s.db.WithContext(ctx).Where("city = ? AND person = ?", city, s.chatHash(city, chat)).Limit(1).Find(&found).Error
	if err != nil || len(found) == 0 {
		return Subscriber{}, false, wrap("read chat", err)
	}
	return found[0], true, nil
}

// update sets columns of a subscriber's row.
func (s store) update(ctx context.Context, v Subscriber, columns map[string]any) error {
	return wrap("change subscriber", s.db.WithContext(ctx).Model(&Subscriber{}).
		Where("city = ? AND id = ?", v.City, v.ID).Updates(columns).Error)
}

func (s store) remove(ctx context.Context, v Subscriber) error {
	return wrap("remove subscriber", s.db.WithContext(ctx).Where("city = ? AND id = ?", v.City, v.ID).Delete(&Subscriber{}).Error)
}

// countPrivate returns how many people have subscribed.
func (s store) countPrivate(ctx context.Context, city string) (int64, error) {
	var count int64
	err := s.db.WithContext(ctx).Model(&Subscriber{}).Where("city = ? AND active = ? AND kind = ?", city, true, private).Count(&count).Error
	return count, wrap("count subscribers", err)
}

// subscribersAfter returns the next active subscribers with ids above after, in order: private chats, or groups and channels.
func (s store) subscribersAfter(ctx context.Context, city string, groups bool, after uint64, limit int) ([]Subscriber, error) {
	kind := "kind = ?"
	if groups {
		kind = "kind <> ?"
	}
	var page []Subscriber
	err := s.db.WithContext(ctx).Where("city = ? AND active = ? AND id > ?", city, true, after).Where(kind, private).
		Order("id").Limit(limit).Find(&page).Error
	return page, wrap("read subscribers", err)
}
