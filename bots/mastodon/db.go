package mastodon

import (
	"fmt"
	"time"

	"github.com/go-gormigrate/gormigrate/v2"
	"gorm.io/gorm"

	"linienfunk/db"
	"linienfunk/internal/secret"
)

func migrations() []*gormigrate.Migration {
	return []*gormigrate.Migration{{
		ID:      "1-accounts",
		Migrate: func(tx *gorm.DB) error { return tx.AutoMigrate(&Account{}, &App{}, &Login{}) },
	}, {
		ID:      "2-options",
		Migrate: keepOptions,
	}, {
		ID:      "3-posts",
		Migrate: func(tx *gorm.DB) error { return tx.AutoMigrate(&Account{}, &Post{}) },
	}, {
		ID:      "4-boosts",
		Migrate: keepBoosts,
	}, {
		ID:      "5-scopes",
		Migrate: func(tx *gorm.DB) error { return tx.AutoMigrate(&App{}) },
	}, {
		ID:      "6-directs",
		Migrate: func(tx *gorm.DB) error { return tx.AutoMigrate(&Direct{}) },
	}, {
		ID:      "7-seen",
		Migrate: func(tx *gorm.DB) error { return tx.AutoMigrate(&SeenMention{}) },
	}}
}

// keepBoosts lets cities boost that are connected from before copies were the default.
func keepBoosts(tx *gorm.DB) error {
	var cities []string
	if err := tx.Model(&Account{}).Pluck("city", &cities).Error; err != nil {
		return err
	}
	for _, city := range cities {
		if err := db.KeepDefaults(tx, city, map[string]any{"repost": "boost"}); err != nil {
			return err
		}
	}
	return nil
}

// keepOptions moves options that were columns of mastodon_accounts into the city's settings.
func keepOptions(tx *gorm.DB) error {
	type account struct {
		City           string
		Enabled, Boost bool
	}
	if !tx.Migrator().HasColumn(&account{}, "enabled") {
		return nil
	}
	var rows []account
	if err := tx.Find(&rows).Error; err != nil {
		return err
	}
	for _, row := range rows {
		repost := "copy"
		if row.Boost {
			repost = "boost"
		}
		if err := db.KeepOptions(tx, row.City, map[string]any{"enabled": row.Enabled, "repost": repost}); err != nil {
			return err
		}
	}
	for _, column := range []string{"enabled", "boost"} {
		if err := tx.Migrator().DropColumn(&account{}, column); err != nil {
			return err
		}
	}
	return nil
}

// store reads and writes the tables mastodon_apps, mastodon_posts and mastodon_directs.
type store struct {
	db  *gorm.DB
	box *secret.Box
	bot string
	now func() time.Time
}

func (s store) place(table, row, column string) secret.Cell {
	return secret.Cell{Table: s.bot + "_" + table, Row: row, Column: column}
}

// utc is the current time, rounded as the database stores it.
func (s store) utc() time.Time { return s.now().UTC().Truncate(time.Microsecond) }

func wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}
