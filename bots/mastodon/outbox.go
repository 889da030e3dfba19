package mastodon

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"linienfunk/bots/chat"
	"linienfunk/db"
	"linienfunk/internal/secret"
)

// Direct is a direct message to somebody who has written a command, or who runs the city. Sent ones are kept for some days without their content, so that none is sent twice.
type Direct struct {
	ID        uint64    `gorm:"primaryKey"`
	City      string    `gorm:"size:32;not null;uniqueIndex:idx_mastodon_directs_once,priority:1"`
	Key       string    `gorm:"size:64;not null;uniqueIndex:idx_mastodon_directs_once,priority:2"` // keyed digest
	Content   []byte    // directContent as JSON, sealed; NULL once it is sent
	RemoteID  string    `gorm:"size:64;not null"` // of the post
	About     string    `gorm:"not null"`         // the numbers of the reports that it names, for those who answer it
	Tries     int       `gorm:"not null"`
	NotBefore time.Time `gorm:"not null"` // of the next try
	CreatedAt time.Time `gorm:"not null"`
}

type directContent struct {
	Person  string `json:"person"`
	Text    string `json:"text"`
	ReplyTo string `json:"reply_to,omitempty"` // the id of the post that it answers
}

// directTime is how long a message is tried, and keptDirects how long it is remembered.
const (
	directTime  = 24 * time.Hour
	keptDirects = 3 * 24 * time.Hour
)

// maxPart is the length of a post, which is Mastodon's limit less a margin for a long name. A longer answer has several, maxParts at most.
const (
	maxPart  = 480
	maxParts = 8
)

// refusedMark begins a message about what was not done.
const refusedMark = "⚠️ "

func directCell(d Direct) secret.Cell {
	return secret.Cell{Table: "mastodon_directs", Row: d.City + " " + d.Key, Column: "content"}
}

// queueDirect stores the messages of an answer, once for each key.
func (b *bot) queueDirect(ctx context.Context, city, person, replyTo, key string, a chat.Answer) error {
	text := a.Text
	if a.Refused {
		text = refusedMark + text
	}
	var about []string
	for _, button := range a.Buttons { // there are no buttons here: the commands are written
		text += "\n" + button.Command
		if button.Report != "" && (len(about) == 0 || about[len(about)-1] != button.Report) {
			about = append(about, button.Report)
		}
	}
	var rows []Direct
	for i, part := range parts(text, maxPart-utf8.RuneCountInString(person)-2) {
		plain, err := json.Marshal(directContent{person, part, replyTo})
		if err != nil {
			return err
		}
		row := Direct{City: city, Key: b.Core.Box.Digest("mastodon direct", fmt.Sprintf("%s %s %d", city, key, i)), About: strings.Join(about, " "), NotBefore: b.store.utc(), CreatedAt: b.store.utc()}
		row.Content = b.Core.Box.Seal(directCell(row), plain)
		rows = append(rows, row)
	}
	return wrap("store message", b.store.db.WithContext(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(&rows).Error)
}

// parts cuts a text into parts of at most limit characters, at the end of a line if there is one.
func parts(text string, limit int) (all []string) {
	rest := []rune(strings.TrimSpace(text))
	for len(rest) > limit && len(all) < maxParts-1 {
		at := limit
		for i := limit; i > limit/2; i-- {
			if rest[i] == '\n' {
				at = i
				break
			}
		}
		all = append(all, strings.TrimSpace(string(rest[:at])))
		rest = []rune(strings.TrimSpace(string(rest[at:])))
	}
	return append(all, string(rest))
}

// nextDirect returns the oldest message of a city that waits: they are sent in order, this one not before its time.
func (s store) nextDirect(ctx context.Context, city string) (d Direct, found bool, err error) {
	var rows []Direct
	err = s.db.WithContext(ctx).Where("city = ? AND content IS NOT NULL", city).Order("id").Limit(1).Find(&rows).Error
	if err != nil || len(rows) == 0 {
		return d, false, wrap("look for messages", err)
	}
	return rows[0], true, nil
}

// endDirect notes that a message was sent, as the post with an id, or is given up.
func (s store) endDirect(ctx context.Context, d Direct, id string) error {
	return wrap("note message", s.db.WithContext(context.WithoutCancel(ctx)).Model(&d).Updates(map[string]any{"content": nil, "remote_id": id}).Error)
}

func (s store) postponeDirect(ctx context.Context, d Direct, until time.Time) error {
	return wrap("note message", s.db.WithContext(context.WithoutCancel(ctx)).Model(&d).Updates(map[string]any{"tries": d.Tries + 1, "not_before": db.Time(until)}).Error)
}

// reportsOf returns the reports in the message with an id, if it is one of ours.
func (s store) reportsOf(ctx context.Context, city, id string) ([]string, error) {
	var about []string
	err := s.db.WithContext(ctx).Model(&Direct{}).Where("city = ? AND remote_id = ?", city, id).Pluck("about", &about).Error
	if err != nil || id == "" || len(about) == 0 {
		return nil, wrap("look for message", err)
	}
	return strings.Fields(about[0]), nil
}

func (s store) deleteOldDirects(ctx context.Context, city string) error {
	return wrap("delete old messages", s.db.WithContext(ctx).Where("city = ? AND created_at < ?", city, s.utc().Add(-keptDirects)).Delete(&Direct{}).Error)
}

// deleteDirects deletes all messages of a city whose account is disconnected, or another one now.
func deleteDirects(tx *gorm.DB, city string) error {
	return tx.Where("city = ?", city).Delete(&Direct{}).Error
}
