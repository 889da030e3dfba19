package commands

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"linienfunk/db"
	"linienfunk/mail"
	"linienfunk/report"
	"linienfunk/settings"
)

// HeldMail is what somebody who runs a city was mailed of what waits there for a moderator. Who has linked a chat, or has their address in the city's info channel, hears of it there instead.
type HeldMail struct {
	City    string     `gorm:"primaryKey;size:32"`
	AdminID uint       `gorm:"primaryKey;autoIncrement:false;index"`
	Off     bool       `gorm:"not null"` // they want no such mails
	Told    uint       `gorm:"not null"` // the number of the last report of which they were mailed
	Next    uint       `gorm:"not null"` // what Told will be once the mail of At is stored; 0 if it is
	Flagged bool       `gorm:"not null"` // riders have objected to a report, whatever its number, of which they were not mailed
	At      *time.Time // of the last mail; nil before the first
}

// TableName is the table's name for gorm.
func (HeldMail) TableName() string { return "command_held_mails" }

// MailsWanted is the result of "people mails".
type MailsWanted struct {
	City string `json:"city"`
	On   bool   `json:"on" doc:"What waits for a moderator is mailed to who has asked for it."`
}

// The pause between two mails to a person about one city is half the time for which reports are fresh, within these limits: what comes in the pause can still be released after it.
const (
	minMailPause = 5 * time.Minute
	maxMailPause = time.Hour
)

func mailPause(freshness time.Duration) time.Duration {
	return min(max(freshness/2, minMailPause), maxMailPause)
}

// heldIn lists what somebody who runs a city may decide about, the newest first. What is not fresh any more cannot be released.
func (c *Commands) heldIn(ctx context.Context, city settings.Snapshot) ([]db.Entry, error) {
	entries, err := c.DB.Held(ctx, city.City, c.Now().Add(-city.Freshness()), 100)
	return slices.DeleteFunc(entries, func(e db.Entry) bool { return e.List == string(report.Muted) || e.List == string(report.Instance) }), err
}

// mailHeld mails those who run a city, and hear of it nowhere else, that something waits: at once, and then once in a pause, if something new has come.
func (c *Commands) mailHeld(ctx context.Context, city settings.Snapshot, entries []db.Entry) error {
	if len(entries) == 0 || !city.Runs() {
		return nil
	}
	admins, err := c.DB.AdminsOf(ctx, city.City)
	if err != nil {
		return err
	}
	var rows []HeldMail
	if err := c.Tables.WithContext(ctx).Where("city = ?", city.City).Find(&rows).Error; err != nil {
		return err
	}
	elsewhere, err := c.hearElsewhere(ctx, city.City)
	if err != nil {
		return err
	}
	for _, admin := range admins {
		if !admin.Confirmed || elsewhere(admin) {
			continue
		}
		i := slices.IndexFunc(rows, func(row HeldMail) bool { return row.AdminID == admin.ID })
		if i < 0 {
			i, rows = len(rows), append(rows, HeldMail{City: city.City, AdminID: admin.ID})
			err = errors.Join(err, c.Tables.WithContext(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(&rows[i]).Error)
		}
		err = errors.Join(err, c.mailHeldTo(ctx, city, admin, rows[i], entries)) // the others are mailed
	}
	return err
}

// hearElsewhere returns whether an admin hears in a chat, or at an address of the info channel, what is held.
func (c *Commands) hearElsewhere(ctx context.Context, city string) (func(db.Admin) bool, error) {
	var links []Link
	if err := c.Tables.WithContext(ctx).Where("city = ?", city).Find(&links).Error; err != nil {
		return nil, err
	}
	places, err := c.places(ctx, city)
	if err != nil {
		return nil, err
	}
	linked, addresses := map[uint]bool{}, map[string]bool{}
	for _, row := range links {
		linked[row.AdminID] = linked[row.AdminID] || c.Networks[row.Network] != nil
	}
	for _, row := range places {
		if row.Code != "" || c.Networks[row.Network] == nil {
			continue
		}
		address, err := c.Box.Open(placeCell(row), row.Address)
		if err != nil {
			return nil, err
		}
		addresses[strings.ToLower(string(address))] = true
	}
	return func(admin db.Admin) bool { return linked[admin.ID] || addresses[admin.Address] }, nil
}

// mailHeldTo mails one person. Of several nodes one notes that it will, and then stores the mail with a key that is made from the note: whoever finds the note after a crash stores the
// same mail.
func (c *Commands) mailHeldTo(ctx context.Context, city settings.Snapshot, admin db.Admin, row HeldMail, entries []db.Entry) error {
	if row.Off {
		return nil
	}
	table := func() *gorm.DB {
		return c.Tables.WithContext(ctx).Model(&HeldMail{}).Where("city = ? AND admin_id = ?", city.City, admin.ID)
	}
	if row.Next == 0 {
		now, newest := db.Time(c.Now()), entries[0].ID
		flagged := row.Flagged && slices.ContainsFunc(entries, db.Entry.IsFlagged) // it may not be taken back yet
		if newest <= row.Told && !flagged || row.At != nil && now.Before(row.At.Add(mailPause(city.Freshness()))) {
			return nil
		}
		done := table().Where("next = 0 AND told = ? AND off = ?", row.Told, false).Updates(map[string]any{"next": newest, "at": now, "flagged": row.Flagged && !flagged})
		if done.Error != nil || done.RowsAffected == 0 {
			return done.Error
		}
		row.Next, row.At = newest, &now
	}
	if err := c.Mail.Enqueue(ctx, c.heldMail(city, admin, row, len(entries))); err != nil {
		return err
	}
	return table().Where("next = ?", row.Next).Updates(map[string]any{"told": row.Next, "next": 0}).Error
}

// heldMail says how much waits, and where. It has no texts: a report that is held may name people, and mails are copied and kept on their way.
func (c *Commands) heldMail(city settings.Snapshot, admin db.Admin, row HeldMail, count int) mail.Message {
	stop := fmt.Sprintf("%s/mails/%s/%d/%s", c.BaseURL, city.City, admin.ID, c.stopSeal(city.City, admin.ID))
	minutes := int(mailPause(city.Freshness()) / time.Minute)
	pairs := []any{"Count", count, "City", city.Title, "Minutes", minutes, "URL", c.BaseURL + "/city/" + city.City + "/ledger?held=1", "Stop", stop}
	return mail.Message{
		Key:      "commands:waits:" + digest(fmt.Appendf(nil, "%s %d %d %d", city.City, admin.ID, row.Next, row.At.UnixMicro())),
		FromName: "Linienfunk", To: admin.Address, Expires: c.Now().Add(max(city.Freshness(), maxMailPause)),
		Subject: c.Text(admin.Lang, "waits-subject", pairs...), Text: c.Text(admin.Lang, "waits-mail", pairs...),
		Header: map[string]string{"List-Unsubscribe": "<" + stop + ">", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"},
	}
}

// flagMails has those mailed who run a city that riders have objected to a report.
func (c *Commands) flagMails(ctx context.Context, city string) error {
	return c.Tables.WithContext(ctx).Model(&HeldMail{}).Where("city = ?", city).Update("flagged", true).Error
}

func (c *Commands) stopSeal(city string, admin uint) string {
	return c.Box.Digest("stop mails", fmt.Sprintf("%s %d", city, admin))[:32]
}

// MailsStoppable reports whether the address of a mail, which ends with a seal, stops the mails about what waits in a city.
func (c *Commands) MailsStoppable(city string, admin uint, seal string) bool {
	return subtle.ConstantTimeCompare([]byte(seal), []byte(c.stopSeal(city, admin))) == 1
}

// StopMails ends the mails to somebody about what waits in a city. It may be repeated, and does nothing for those who do not run the city any more.
func (c *Commands) StopMails(ctx context.Context, city string, admin uint) error {
	level, err := c.levelIn(ctx, city, admin)
	if err != nil || level < Moderator {
		return err
	}
	return c.wantMails(ctx, city, admin, false)
}

func (c *Commands) wantMails(ctx context.Context, city string, admin uint, on bool) error {
	row := HeldMail{City: city, AdminID: admin, Off: !on}
	return c.Tables.WithContext(ctx).Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "city"}, {Name: "admin_id"}}, DoUpdates: clause.AssignmentColumns([]string{"off"})}).Create(&row).Error
}

func setMails(ctx context.Context, c *Commands, call Call) (any, error) {
	if call.Actor.Admin == 0 {
		return nil, refuse(Forbidden, "refused-no-person-mails")
	}
	return MailsWanted{call.City, call.On("on")}, c.wantMails(ctx, call.City, call.Actor.Admin, call.On("on"))
}

// unwanted are those who run a city and want no mails about what waits.
func (c *Commands) unwanted(ctx context.Context, city string) (map[uint]bool, error) {
	var ids []uint
	err := c.Tables.WithContext(ctx).Model(&HeldMail{}).Where("city = ? AND off = ?", city, true).Pluck("admin_id", &ids).Error
	off := map[uint]bool{}
	for _, id := range ids {
		off[id] = true
	}
	return off, err
}
