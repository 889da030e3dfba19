package telegram

import (
	"context"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
	"gorm.io/gorm/schema"

	"linienfunk/internal/secret"
)

// replyKinds are the kinds of replies to riders. Each is an option, where a city may write its own text, and, as "answer-<kind>",
// one of our texts. There is no default for thanks: reports are answered only in cities that wrote a text for it.
var replyKinds = []string{"welcome", "goodbye", "help", "files", "thanks"}

// unblocked is the kind of a reply to a user who has unblocked the bot: the welcome, with a hint that it takes /start to subscribe again.
const unblocked = "unblocked"

// commandAnswer is the kind of an answer to a command of the city. For those who run the city, kindKey characters of its key follow, so that each is sent.
const (
	commandAnswer = "run"
	kindKey       = 12
)

// Reply is a message to a rider or a group that waits to be sent. Only one of each kind waits per chat and topic, however often riders
// ask.
type Reply struct {
	ID       uint64 `gorm:"primaryKey"`
	City     string `gorm:"size:32;not null;uniqueIndex:idx_telegram_answers_topic,priority:1"`
	ChatHash string `gorm:"column:person;size:32;not null;uniqueIndex:idx_telegram_answers_topic,priority:2"`
	Kind     string `gorm:"size:16;not null;uniqueIndex:idx_telegram_answers_topic,priority:3"`
	Topic    int    `gorm:"not null;default:0;uniqueIndex:idx_telegram_answers_topic,priority:4"` // of a forum; 0 is the general one
	Chat     []byte `gorm:"not null"`                                                             // id, sealed as in Subscriber
	Group    bool   `gorm:"column:public;not null"`                                               // the chat is a group
	At       int64  `gorm:"not null"`                                                             // seconds since 1970
	Text     []byte // sealed; NULL if the kind tells the text
	Press    string `gorm:"size:64;not null;default:''"` // id of the press on a button that the reply answers
	Message  int    `gorm:"not null;default:0"`          // id of the message with that button, which the reply replaces
}

// TableName keeps the table's first name, telegram_answers.
func (Reply) TableName(names schema.Namer) string { return names.TableName("Answer") }

// replyLifetime is the age at which a reply is dropped instead of sent.
const replyLifetime = 15 * time.Minute

// answerLifetime is that of answers to commands, and of notices to those who run the city.
const answerLifetime = 24 * time.Hour

// isAnswer reports whether a reply is an answer to a command, or a notice.
func (r Reply) isAnswer() bool {
	return r.Kind == commandAnswer || strings.HasPrefix(r.Kind, commandAnswer+" ")
}

// isTooOld reports whether a reply is dropped.
func (r Reply) isTooOld(now time.Time) bool {
	lifetime := replyLifetime
	if r.isAnswer() {
		lifetime = answerLifetime
	}
	return now.Unix()-r.At > int64(lifetime/time.Second)
}

func (s store) addReply(ctx context.Context, r Reply) error {
	return wrap("store reply", s.db.WithContext(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(&r).Error)
}

// replaceReply is addReply, but a reply of the same kind that waits, or is just being sent, gives way to this one.
func (s store) replaceReply(ctx context.Context, r Reply) error {
	return wrap("store reply", s.db.WithContext(ctx).Transaction(func(tx *gorm.DB) error { return replaceIn(tx, r) }))
}

func replaceIn(tx *gorm.DB, r Reply) error {
	err := tx.Where("city = ? AND person = ? AND kind = ? AND topic = ?", r.City, r.ChatHash, r.Kind, r.Topic).Delete(&Reply{}).Error
	if err != nil {
		return err
	}
	return tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&r).Error
}

// replyTextCell is the table cell that the text of a reply is bound to.
func replyTextCell(r Reply) secret.Cell {
	return secret.Cell{Table: "telegram_answers", Row: r.City + "/" + r.ChatHash + "/" + r.Kind, Column: "text"}
}

// nextReply returns the oldest reply, and false if none waits.
func (s store) nextReply(ctx context.Context, city string) (Reply, bool, error) {
	var found []Reply
	err := s.db.WithContext(ctx).Where("city = ?", city).Order("id").Limit(1).Find(&found).Error
	if err != nil || len(found) == 0 {
		return Reply{}, false, wrap("read replies", err)
	}
	return found[0], true, nil
}

// cancelReply deletes a reply of one kind to a chat, if it waits.
func (s store) cancelReply(ctx context.Context, city string, chat int64, kind string) error {
	return wrap("cancel reply", s.db.WithContext(ctx).
		Where("city = ? AND person = ? AND kind = ?", city, s.chatHash(city, chat), kind).Delete(&Reply{}).Error)
}

func (s store) deleteReply(ctx context.Context, r Reply) error {
	return wrap("delete reply", s.db.WithContext(ctx).Delete(&r).Error)
}
