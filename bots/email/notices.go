package email

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"time"

	"gorm.io/gorm/clause"

	"linienfunk/bots/chat"
	"linienfunk/db"
	"linienfunk/internal/secret"
	"linienfunk/mail/inbound"
)

// Notice is a mail to somebody who runs a city, with commands that they may answer with or whose links they may open. Its token is the Message-ID of the mail and part of the links: whoever
// knows it has received the mail.
type Notice struct {
	ID      string    `gorm:"primaryKey;size:32"` // keyed digest of the token
	City    string    `gorm:"size:32;not null;index:idx_email_notices_old,priority:1"`
	Person  string    `gorm:"size:32;not null"` // as in Subscriber
	Content []byte    `gorm:"not null"`         // noticeContent as JSON, sealed
	Expires time.Time `gorm:"not null;index:idx_email_notices_old,priority:2"`
}

type noticeContent struct {
	Address string        `json:"address"`
	Text    string        `json:"text"`
	Buttons []chat.Button `json:"buttons"`
}

// reports are those that the notice is about.
func (c noticeContent) reports() (all []string) {
	for _, one := range c.Buttons {
		if one.Report != "" && (len(all) == 0 || all[len(all)-1] != one.Report) {
			all = append(all, one.Report)
		}
	}
	return all
}

func noticeCell(id string) secret.Cell {
	return secret.Cell{Table: "email_notices", Row: id, Column: "content"}
}

// noticeToken is the same for the same message to the same person, and known to nobody else.
func (b *Bot) noticeToken(city, address, key string) string {
	return b.core.Box.Digest("email notice", city+"\x00"+address+"\x00"+key)[:40]
}

func (s store) noticeID(token string) string { return s.box.Digest("email notice id", token)[:32] }

// addNotice stores a notice, unless it is stored.
func (s store) addNotice(ctx context.Context, city, token string, c noticeContent, expires time.Time) error {
	plain, err := json.Marshal(c)
	if err != nil {
		return err
	}
	id := s.noticeID(token)
	row := Notice{ID: id, City: city, Person: s.person(c.Address), Content: s.box.Seal(noticeCell(id), plain), Expires: db.Time(expires)}
	if err := s.db.WithContext(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(&row).Error; err != nil {
		return fmt.Errorf("store notice: %w", err)
	}
	return nil
}

// notice returns a city's notice, and false if there is none with the token.
func (s store) notice(ctx context.Context, city, token string) (row Notice, c noticeContent, found bool, err error) {
	var rows []Notice
	if err := s.db.WithContext(ctx).Where("id = ? AND city = ?", s.noticeID(token), city).Find(&rows).Error; err != nil {
		return row, c, false, fmt.Errorf("read notice: %w", err)
	}
	if len(rows) == 0 {
		return row, c, false, nil
	}
	plain, err := s.box.Open(noticeCell(rows[0].ID), rows[0].Content)
	if err == nil {
		err = json.Unmarshal(plain, &c)
	}
	return rows[0], c, err == nil, err
}

// keptNotices is how long a notice is kept after it has expired, so that whoever answers hears why nothing is done.
const keptNotices = 24 * time.Hour

// Prune implements bots.Pruner. Notices have texts of reports.
func (b *Bot) Prune(ctx context.Context, city string, before time.Time) error {
	limit := b.core.Now().Add(-keptNotices)
	if before.After(limit) {
		limit = before
	}
	old := []any{"city = ? AND expires < ?", city, db.Time(limit)}
	if due, err := db.Any(b.store.db.WithContext(ctx).Model(&Notice{}), old...); err != nil || !due {
		return err
	}
	return b.store.db.WithContext(ctx).Where(old[0], old[1:]...).Delete(&Notice{}).Error
}

// noticeForm is a token in the Message-ID of a notice.
var noticeForm = regexp.MustCompile(`<([0-9a-f]{40})@`)

// answered returns the notice that a mail answers, by its author. Mail programs name the message that is answered, and often those before it (RFC 5322, section 3.6.4).
func (b *Bot) answered(ctx context.Context, city string, m *inbound.Mail) (row Notice, c noticeContent, found bool, err error) {
	ids := m.Get("In-Reply-To") + " " + m.Get("References")
	person := b.store.person(m.Author(m.EnvelopeFrom))
	for _, match := range noticeForm.FindAllStringSubmatch(ids[:min(len(ids), maxIDs)], maxAnswered) {
		row, c, found, err = b.store.notice(ctx, city, match[1])
		if err != nil || found && row.Person == person {
			return row, c, found, err
		}
	}
	return Notice{}, noticeContent{}, false, nil
}

// maxIDs is how many bytes of the fields are read, and maxAnswered how many ids in them.
const (
	maxIDs      = 4 << 10
	maxAnswered = 5
)
