package telegram

import (
	"context"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// SentMessage is a report in a group or channel, for Edit. Those in private chats are not stored: they are many, and only one person reads each.
type SentMessage struct {
	Report     string `gorm:"primaryKey;size:32"`             // as in Delivery
	Subscriber uint64 `gorm:"primaryKey;autoIncrement:false"` // Subscriber.ID of the group
	City       string `gorm:"size:32;not null;index:idx_telegram_sent_messages_old,priority:1"`
	At         int64  `gorm:"not null;index:idx_telegram_sent_messages_old,priority:2"` // when the rider sent the report, in seconds since 1970
	Message    int    `gorm:"not null"`                                                 // its id in the chat
	Shown      string `gorm:"size:32;not null"`                                         // keyed hash of the text that it has
}

// textHash identifies a text in SentMessage.Shown.
func (s store) textHash(text string) string { return s.box.Digest("telegram text", text)[:32] }

// addSentMessage stores a message that was sent. If the report was sent again after a crash, the newer message counts.
func (s store) addSentMessage(ctx context.Context, m SentMessage) error {
	return wrap("store message", s.db.WithContext(ctx).Clauses(clause.OnConflict{UpdateAll: true}).Create(&m).Error)
}

// sentMessages returns the messages of a report whose text is another one than text.
func (s store) sentMessages(ctx context.Context, city, report, text string) (found []SentMessage, err error) {
	err = s.db.WithContext(ctx).Where("city = ? AND report = ? AND shown <> ?", city, report, s.textHash(text)).Order("subscriber").Find(&found).Error
	return found, wrap("read messages", err)
}

func (s store) setShown(ctx context.Context, m SentMessage, text string) error {
	return wrap("change message", s.message(ctx, m).Update("shown", s.textHash(text)).Error)
}

func (s store) deleteSentMessage(ctx context.Context, m SentMessage) error {
	return wrap("delete message", s.message(ctx, m).Delete(&SentMessage{}).Error)
}

func (s store) message(ctx context.Context, m SentMessage) *gorm.DB {
	return s.db.WithContext(ctx).Model(&SentMessage{}).Where("city = ? AND report = ? AND subscriber = ?", m.City, m.Report, m.Subscriber)
}

// pruneSentMessages deletes the ids of messages about reports from before a time.
func (s store) pruneSentMessages(ctx context.Context, city string, before time.Time) error {
	return wrap("prune messages", s.db.WithContext(ctx).Where("city = ? AND at < ?", city, before.Unix()).Delete(&SentMessage{}).Error)
}
