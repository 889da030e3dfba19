package commands

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm"

	"linienfunk/db"
	"linienfunk/mail"
)

// Announcement is what the operator has to say to those who run cities, or to everybody.
type Announcement struct {
	ID       uint       `gorm:"primaryKey"`
	English  string     `gorm:"not null;default:''"`
	German   string     `gorm:"not null;default:''"`
	StartsAt time.Time  `gorm:"not null"`
	EndsAt   time.Time  `gorm:"not null;index"`
	Public   bool       `gorm:"not null"` // on the public pages of cities, too
	MailedTo uint       `gorm:"not null"` // owners up to this number of their account were mailed
	MailedAt *time.Time // when all were; nil as long as some are not
}

// TableName is the table's name for gorm.
func (Announcement) TableName() string { return "command_announcements" }

// Text is the announcement in a language, or in the one that there is.
func (a Announcement) Text(lang string) (text, in string) {
	if a.German != "" && (lang == "de" || a.English == "") {
		return a.German, "de"
	}
	return a.English, "en"
}

// Announcements is the result of "announcements": those that have not ended, the newest first.
type Announcements struct {
	Announcements []AnnouncementShown `json:"announcements"`
}

// AnnouncementShown is an announcement as operators see it. It is the result of "announce" and "announcements end", too.
type AnnouncementShown struct {
	Announcement int       `json:"announcement" doc:"Its number."`
	English      string    `json:"english"`
	German       string    `json:"german"`
	From         time.Time `json:"from"`
	Until        time.Time `json:"until"`
	Public       bool      `json:"public" doc:"On the public pages of cities, too."`
	Mails        bool      `json:"mails" doc:"It is being mailed to the owners."`
}

// announcementsKept is how long announcements are kept after their end. startForm is how operators write when one starts.
const (
	announcementsKept = 30 * 24 * time.Hour
	startForm         = "2006-01-02 15:04"
)

var announcementParam = Param{Name: "announcement", Kind: Number, Required: true, Min: 1, Max: 1 << 40}

var ofAnnouncements = []Command{
	{Name: "announce", Level: Operator, NoCity: true, Result: AnnouncementShown{}, run: announce,
		Params: []Param{{Name: "english", Kind: Text, Max: 1000, Lines: true}, {Name: "german", Kind: Text, Max: 1000, Lines: true}, {Name: "from", Kind: Text, Max: 40}, {Name: "hours", Kind: Number, Min: 1, Max: 24 * 90, Default: 24},
			{Name: "public", Kind: Switch, Default: false}, {Name: "mail", Kind: Switch, Default: false}}},
	{Name: "announcements", Level: Operator, Reads: true, NoCity: true, Result: Announcements{}, run: listAnnouncements},
	{Name: "announcements end", Level: Operator, NoCity: true, Result: AnnouncementShown{}, run: endAnnouncement, Params: []Param{announcementParam}},
}

func (a Announcement) shown() AnnouncementShown {
	return AnnouncementShown{int(a.ID), a.English, a.German, a.StartsAt, a.EndsAt, a.Public, a.MailedAt == nil}
}

func announce(ctx context.Context, c *Commands, call Call) (any, error) {
	now := db.Time(c.Now())
	row := Announcement{English: call.Text("english"), German: call.Text("german"), StartsAt: now, Public: call.On("public")}
	if row.English == "" && row.German == "" {
		return nil, wrong("english", "refused-announcement-empty")
	}
	if from := call.Text("from"); from != "" {
		at, err := time.ParseInLocation(startForm, strings.Replace(from, "T", " ", 1), time.Local) // a browser's field has a T
		if err != nil {
			return nil, wrong("from", "refused-announcement-from")
		}
		row.StartsAt = db.Time(at)
	}
	row.EndsAt = row.StartsAt.Add(time.Duration(call.Number("hours")) * time.Hour)
	if !row.EndsAt.After(now) {
		return nil, wrong("from", "refused-announcement-over")
	}
	if !call.On("mail") {
		row.MailedAt = &now
	}
	if err := c.Tables.WithContext(ctx).Create(&row).Error; err != nil {
		return nil, err
	}
	c.instanceChanged(ctx)
	return row.shown(), nil
}

func endAnnouncement(ctx context.Context, c *Commands, call Call) (any, error) {
	now := db.Time(c.Now())
	var row Announcement
	err := c.Tables.WithContext(ctx).Where("id = ? AND ends_at > ?", call.Number("announcement"), now).Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return nil, &Refusal{Reason: NotFound, Param: "announcement", Say: "refused-announcement-unknown"}
	}
	if err == nil {
		err = c.Tables.WithContext(ctx).Model(&row).Updates(map[string]any{"ends_at": now, "mailed_at": cmp.Or(row.MailedAt, &now)}).Error
	}
	if err != nil {
		return nil, err
	}
	c.instanceChanged(ctx)
	return row.shown(), nil
}

func listAnnouncements(ctx context.Context, c *Commands, _ Call) (any, error) {
	var rows []Announcement
	if err := c.Tables.WithContext(ctx).Where("ends_at > ?", db.Time(c.Now())).Order("id DESC").Limit(100).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("list announcements: %w", err)
	}
	list := Announcements{Announcements: []AnnouncementShown{}}
	for _, row := range rows {
		list.Announcements = append(list.Announcements, row.shown())
	}
	return list, nil
}

// ReadAnnouncements brings the announcements on this node up to what is stored.
func (c *Commands) ReadAnnouncements(ctx context.Context) error {
	var rows []Announcement
	if err := c.Tables.WithContext(ctx).Where("ends_at > ?", db.Time(c.Now())).Order("id DESC").Limit(100).Find(&rows).Error; err != nil {
		return fmt.Errorf("read announcements: %w", err)
	}
	c.announced.Store(&rows)
	return nil
}

// Announced returns the announcements that are to be shown now, the newest first.
func (c *Commands) Announced() (now []Announcement) {
	all := c.announced.Load()
	if all == nil {
		return nil
	}
	for _, one := range *all {
		if at := c.Now(); !at.Before(one.StartsAt) && at.Before(one.EndsAt) {
			now = append(now, one)
		}
	}
	return now
}

// mailedAtOnce is how many owners are mailed between two notes of how far that is.
const mailedAtOnce = 100

// MailAnnouncements mails owners what is to be mailed, each once: a mail has a key, and how far they were mailed is stored.
func (c *Commands) MailAnnouncements(ctx context.Context) error {
	var rows []Announcement
	if err := c.Tables.WithContext(ctx).Where("mailed_at IS NULL AND ends_at > ?", db.Time(c.Now())).Find(&rows).Error; err != nil {
		return fmt.Errorf("list announcements: %w", err)
	}
	for _, row := range rows {
		if err := c.mailAnnouncement(ctx, row); err != nil {
			return fmt.Errorf("mail announcement %d: %w", row.ID, err)
		}
	}
	return nil
}

func (c *Commands) mailAnnouncement(ctx context.Context, row Announcement) error {
	for {
		var owners []db.Admin
		err := c.DB.WithContext(ctx).Where("id > ? AND id IN (SELECT admin_id FROM city_admins WHERE role = ?)", row.MailedTo, db.RoleOwner).Order("id").Limit(mailedAtOnce).Find(&owners).Error
		if err != nil {
			return err
		}
		for _, owner := range owners {
			text, _ := row.Text(owner.Lang)
			err := c.Mail.Enqueue(ctx, mail.Message{
				Key: fmt.Sprintf("commands:announcement:%d:%d", row.ID, owner.ID), FromName: "Linienfunk", To: owner.Address, Expires: c.Now().Add(mail.Lifetime),
				Subject: c.Text(owner.Lang, "announcement-subject"), Text: c.Text(owner.Lang, "announcement-mail", "Text", text, "URL", c.BaseURL),
			})
			if err != nil {
				return err
			}
			row.MailedTo = owner.ID
		}
		done := map[string]any{"mailed_to": row.MailedTo}
		if len(owners) < mailedAtOnce {
			done["mailed_at"] = db.Time(c.Now())
		}
		if err := c.Tables.WithContext(ctx).Model(&Announcement{}).Where("id = ?", row.ID).Updates(done).Error; err != nil || len(owners) < mailedAtOnce {
			return err
		}
	}
}
