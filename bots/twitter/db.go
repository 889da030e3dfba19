package twitter

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-gormigrate/gormigrate/v2"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"linienfunk/internal/secret"
)

// Post is what was sent, for a report that comes a second time. It is kept for a day, much longer than reports are fresh.
type Post struct {
	City     string    `gorm:"primaryKey;size:32"`
	Key      string    `gorm:"primaryKey;size:64"` // digest of the report's key
	RemoteID string    `gorm:"not null"`           // of the receipt
	URL      string    `gorm:"not null"`
	At       time.Time `gorm:"not null;index:idx_twitter_posts_at"`
}

// keepPosts is how long posts are remembered.
const keepPosts = 24 * time.Hour

func migrations() []*gormigrate.Migration {
	return []*gormigrate.Migration{{
		ID:      "1-accounts",
		Migrate: func(tx *gorm.DB) error { return tx.AutoMigrate(&Account{}, &Login{}, &Post{}, &Spending{}) },
	}}
}

// store is the bot's tables.
type store struct {
	db  *gorm.DB
	box *secret.Box
	now func() time.Time
}

// utc is the time as the database keeps it.
func (s store) utc() time.Time { return s.now().UTC().Truncate(time.Microsecond) }

// ours says whether a user is the account of one of the cities.
func (s store) ours(ctx context.Context, user string) (bool, error) {
	var count int64
	err := s.db.WithContext(ctx).Model(&Account{}).Where("user_id = ?", user).Count(&count).Error
	return count > 0, wrap("look up account", err)
}

// sent returns what was sent for a report's key.
func (s store) sent(ctx context.Context, city, key string) (Post, bool, error) {
	var row Post
	err := s.db.WithContext(ctx).Where("city = ? AND key = ?", city, s.box.Digest("twitter post", key)).Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return row, false, nil
	}
	return row, err == nil, wrap("look up post", err)
}

// remember keeps what was sent, and forgets what is old.
func (s store) remember(ctx context.Context, row Post) error {
	row.Key, row.At = s.box.Digest("twitter post", row.Key), s.utc()
	return wrap("remember post", s.db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := tx.Where("at < ?", row.At.Add(-keepPosts)).Delete(&Post{}).Error; err != nil {
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
