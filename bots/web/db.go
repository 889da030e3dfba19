package web

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-gormigrate/gormigrate/v2"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"linienfunk/bots"
	"linienfunk/report"
)

// listed is how many reports the page, the live stream and the feeds show.
const listed = 50

// post is a report on a city's page: web_posts. Its ids ascend in the order of Send and are never given again, not
// even after the last post was deleted, since open pages and feed readers remember them.
type post struct {
	ID      uint   `gorm:"primaryKey;autoIncrement"`
	City    string `gorm:"size:32;not null;index"`
	Key     string `gorm:"size:200;uniqueIndex;not null"` // report.Report.Key: sent twice, shown once
	Text    string `gorm:"not null"`
	At      time.Time
	Created time.Time `gorm:"autoCreateTime"`
}

// page is what there is to remember of a city's list, web_pages. A city without a row never had a post.
type page struct {
	City    string    `gorm:"primaryKey;size:32"`
	Changed time.Time // when the list last changed, for the feeds
}

func migrations() []*gormigrate.Migration {
	return []*gormigrate.Migration{{
		ID: "1-posts",
		Migrate: func(tx *gorm.DB) error {
			// The tables as they were then: later migrations change them, whatever post and page say today.
			type post struct {
				ID      uint   `gorm:"primaryKey;autoIncrement"`
				City    string `gorm:"size:32;not null;index"`
				Key     string `gorm:"size:200;uniqueIndex;not null"`
				Text    string `gorm:"not null"`
				At      time.Time
				Created time.Time
			}
			type page struct {
				City    string `gorm:"primaryKey;size:32"`
				FormOff bool   `gorm:"not null"`
				ListOff bool   `gorm:"not null"`
				Changed time.Time
			}
			return tx.AutoMigrate(&post{}, &page{})
		},
	}, {
		ID:      "2-options",
		Migrate: keepOptions,
	}}
}

// keepOptions hands the switches, which were columns of web_pages, to the core.
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
		if err := bots.KeepOptions(tx, row.City, bots.Options{"form": !row.FormOff, "list": !row.ListOff}); err != nil {
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

// page returns what is remembered of a city's list.
func (b *bot) page(ctx context.Context, city string) (page, error) {
	found := page{}
	err := b.core.DB.WithContext(ctx).Take(&found, "city = ?", city).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return page{City: city}, nil
	}
	return found, wrap("read page", err)
}

// latest returns the listed posts of a city, newest first.
func (b *bot) latest(ctx context.Context, city string) ([]post, error) {
	var posts []post
	err := b.core.DB.WithContext(ctx).Where("city = ?", city).Order("id DESC").Limit(listed).Find(&posts).Error
	return posts, wrap("read posts", err)
}

// savePost writes the report as a post of the city, unless it is there already, and returns it as it is there. The
// second result says whether it is new.
func (b *bot) savePost(ctx context.Context, city string, r report.Report) (post, bool, error) {
	saved := post{City: city, Key: r.Key(), Text: r.Text, At: r.At.UTC().Truncate(time.Microsecond)}
	isNew := false
	err := b.core.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		made := tx.Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "key"}}, DoNothing: true}).Create(&saved)
		if made.Error != nil {
			return made.Error
		}
		if isNew = made.RowsAffected > 0; isNew {
			return b.touch(tx, city)
		}
		saved = post{}
		return tx.Take(&saved, "key = ?", r.Key()).Error
	})
	return saved, isNew, wrap("save post", err)
}

// deletePosts deletes the city's posts that the condition names and says whether there were any.
func (b *bot) deletePosts(ctx context.Context, city, condition string, values ...any) (bool, error) {
	found := false
	err := b.core.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		gone := tx.Where("city = ?", city).Where(condition, values...).Delete(&post{})
		if gone.Error != nil {
			return gone.Error
		}
		if found = gone.RowsAffected > 0; found {
			return b.touch(tx, city)
		}
		return nil
	})
	return found, wrap("delete posts", err)
}

// touch notes that the city's list has changed.
func (b *bot) touch(tx *gorm.DB, city string) error {
	return tx.Clauses(clause.OnConflict{
		Columns: []clause.Column{{Name: "city"}}, DoUpdates: clause.AssignmentColumns([]string{"changed"}),
	}).Create(&page{City: city, Changed: b.core.Now().UTC().Truncate(time.Microsecond)}).Error
}

func wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}
