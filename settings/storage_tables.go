package settings

import (
	"encoding/json"
	"time"

	"github.com/go-gormigrate/gormigrate/v2"
	"gorm.io/gorm"

	"linienfunk/settings/chain"
)

// linkRow is a link of a city's chain.
type linkRow struct {
	City   string    `gorm:"primaryKey;size:32;uniqueIndex:idx_settings_links_base,priority:1"`
	Number int       `gorm:"primaryKey;autoIncrement:false"` // from 1
	Hash   string    `gorm:"size:64;not null;uniqueIndex"`
	Base   string    `gorm:"size:64;not null;uniqueIndex:idx_settings_links_base,priority:2"` // only one patch wins
	Patch  string    `gorm:"not null"`
	Result string    `gorm:"size:64;not null"`
	Author string    `gorm:"size:64;not null"`
	Time   time.Time `gorm:"not null"`
	Note   string    `gorm:"size:500;not null"`
}

// TableName is the table.
func (linkRow) TableName() string { return "settings_links" }

func (r linkRow) link() chain.Link {
	return chain.Link{
		City: r.City, Base: chain.Hash(r.Base), Patch: json.RawMessage(r.Patch), Result: chain.Hash(r.Result),
		Author: r.Author, Time: r.Time, Note: r.Note,
	}
}

// headRow is the current version of a city's chain.
type headRow struct {
	City     string `gorm:"primaryKey;size:32"`
	Number   int    `gorm:"not null"` // of the last link, 0 for none
	Hash     string `gorm:"size:64;not null"`
	Document string `gorm:"not null"`
}

// TableName is the table.
func (headRow) TableName() string { return "settings_heads" }

// progressRow is the last update that is written. The table has one row.
type progressRow struct {
	ID       int    `gorm:"primaryKey;autoIncrement:false"`
	Stream   string `gorm:"size:40;not null"`
	Sequence uint64 `gorm:"not null"`
}

// TableName is the table.
func (progressRow) TableName() string { return "settings_progress" }

// Migrations create the tables.
func Migrations() []*gormigrate.Migration {
	return []*gormigrate.Migration{
		{ID: "1-documents", Migrate: func(tx *gorm.DB) error { return tx.AutoMigrate(&legacyRow{}) }},
		{ID: "2-chains", Migrate: func(tx *gorm.DB) error {
			return tx.AutoMigrate(&linkRow{}, &headRow{}, &progressRow{})
		}},
	}
}
