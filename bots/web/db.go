package web

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/go-gormigrate/gormigrate/v2"
	"gorm.io/gorm"

	"linienfunk/db"
	"linienfunk/report"
)

// post is a report on a city's page, in web_posts. Ids increase in the order of Send and are never used again, not even after the
// last post was deleted, because open pages and feed readers remember them.
type post struct {
	ID      uint   `gorm:"primaryKey;autoIncrement"`
	City    string `gorm:"size:32;not null;index"`
	Key     string `gorm:"size:200;uniqueIndex;not null"` // report.Report.Key: a report that is sent twice is posted once
	Text    string `gorm:"not null"`
	At      time.Time
	Created time.Time  `gorm:"autoCreateTime"`
	People  int        `gorm:"not null;default:0"` // report.Report.People
	Ended   *time.Time // report.Report.Ended
	Edited  *time.Time // when People or Ended last changed; nil for never
	Means   string     `gorm:"not null;default:''"` // report.Report.Means as JSON; empty if nothing was read
}

// report is the part of the report that the post keeps.
func (p post) report() report.Report {
	r := report.Report{Text: p.Text, At: p.At, People: p.People}
	if p.Means != "" {
		_ = json.Unmarshal([]byte(p.Means), &r.Means) // as meansOf wrote it
	}
	if p.Ended != nil {
		r.Ended = *p.Ended
	}
	return r
}

// page is the state of a city's list, in web_pages. A city without a row never had a post.
type page struct {
	City    string    `gorm:"primaryKey;size:32"`
	Changed time.Time // when the list last changed, for the feeds
}

func migrations() []*gormigrate.Migration {
	return []*gormigrate.Migration{
		{ID: "1-posts", Migrate: createTables},
		{ID: "2-options", Migrate: keepOptions},
		{ID: "3-state", Migrate: addState},
		{ID: "4-means", Migrate: addMeans},
		{ID: "5-edited", Migrate: addEdited},
	}
}

// createTables creates the tables as the first version had them. Its types must not change with those of the program.
func createTables(tx *gorm.DB) error {
	type page struct {
		City    string `gorm:"primaryKey;size:32"`
		FormOff bool   `gorm:"not null"`
		ListOff bool   `gorm:"not null"`
		Changed time.Time
	}
	type post struct {
		ID      uint   `gorm:"primaryKey;autoIncrement"`
		City    string `gorm:"size:32;not null;index"`
		Key     string `gorm:"size:200;uniqueIndex;not null"`
		Text    string `gorm:"not null"`
		At      time.Time
		Created time.Time
	}
	return tx.AutoMigrate(&post{}, &page{})
}

// keepOptions moves the switches, which were columns of web_pages, to the city's settings.
func keepOptions(tx *gorm.DB) error {
	type page struct {
		City             string
		FormOff, ListOff bool
	}
	var rows []page
	if err := tx.Where("form_off = ? OR list_off = ?", true, true).Find(&rows).Error; err != nil {
		return err
	}
	for _, row := range rows {
		if err := db.KeepOptions(tx, row.City, map[string]any{"form": !row.FormOff, "list": !row.ListOff}); err != nil {
			return err
		}
	}
	for _, column := range []string{"form_off", "list_off"} {
		if err := tx.Migrator().DropColumn(&page{}, column); err != nil {
			return err
		}
	}
	return nil
}

// addState adds what becomes of a report.
func addState(tx *gorm.DB) error {
	type post struct {
		People int `gorm:"not null;default:0"`
		Ended  *time.Time
	}
	if err := tx.Migrator().AddColumn(&post{}, "People"); err != nil {
		return err
	}
	return tx.Migrator().AddColumn(&post{}, "Ended")
}

// addMeans adds what was read in a report.
func addMeans(tx *gorm.DB) error {
	type post struct {
		Means string `gorm:"not null;default:''"`
	}
	return tx.Migrator().AddColumn(&post{}, "Means")
}

// addEdited adds when a post was edited.
func addEdited(tx *gorm.DB) error {
	type post struct {
		Edited *time.Time
	}
	return tx.Migrator().AddColumn(&post{}, "Edited")
}

func meansOf(r report.Report) string {
	if r.Means.IsZero() {
		return ""
	}
	text, _ := json.Marshal(r.Means) // of strings and numbers: cannot fail
	return string(text)
}

func wrap(action string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", action, err)
}
