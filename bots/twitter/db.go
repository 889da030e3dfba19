package twitter

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-gormigrate/gormigrate/v2"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"linienfunk/db"
	"linienfunk/internal/secret"
)

// Post is a report that was sent, in case it is sent again. It is kept for a day, much longer than reports are fresh.
type Post struct {
	City     string    `gorm:"primaryKey;size:32"`
	Key      string    `gorm:"primaryKey;size:64"` // digest of the report's key
	RemoteID string    `gorm:"not null"`           // of the receipt
	URL      string    `gorm:"not null"`
	At       time.Time `gorm:"not null;index:idx_twitter_posts_at"`
}

// postRetention is how long posts are kept.
const postRetention = 24 * time.Hour

func migrations() []*gormigrate.Migration {
	return []*gormigrate.Migration{{
		ID:      "1-accounts",
		Migrate: func(tx *gorm.DB) error { return tx.AutoMigrate(&Account{}, &Login{}, &Post{}, &Spending{}) },
	}}
}

// store reads and writes the tables twitter_posts and twitter_spendings.
type store struct {
	db  *gorm.DB
	box *secret.Box
	now func() time.Time
}

// utc is the current time, rounded as the database stores it.
func (s store) utc() time.Time { return s.now().UTC().Truncate(time.Microsecond) }

// isOurs reports whether a user is the account of one of the cities.
func (s store) isOurs(ctx context.Context, user string) (bool, error) {
	var count int64
	err := s.db.WithContext(ctx).Model(&Account{}).Where("user_id = ?", user).Count(&count).Error
	return count > 0, wrap("look up account", err)
}

// sentPost returns the post for a report's key.
func (s store) sentPost(ctx context.Context, city, key string) (Post, bool, error) {
	var row Post
	err := s.db.WithContext(ctx).Where("city = ? AND key = ?", city, s.box.Digest("twitter post", key)).Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return row, false, nil
	}
	return row, err == nil, wrap("look up post", err)
}

// rememberPost stores a post and deletes old ones.
func (s store) rememberPost(ctx context.Context, row Post) error {
	row.Key, row.At = s.box.Digest("twitter post", row.Key), s.utc()
	return wrap("remember post", db.Remember(ctx, s.db, func(tx *gorm.DB) error {
		if err := tx.Where("at < ?", row.At.Add(-postRetention)).Delete(&Post{}).Error; err != nil {
			return err
		}
		return tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(&row).Error
	}))
}

func wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}
