package db

import (
	"time"

	"github.com/go-gormigrate/gormigrate/v2"
	"gorm.io/gorm"
)

// Revocation remembers that a network turned an account away, so that a restart does not try again. It holds for
// one revision of the account: new credentials are a new revision.
type Revocation struct {
	City      string `gorm:"primaryKey;size:32"`
	Bot       string `gorm:"primaryKey;size:32"`
	Revision  string `gorm:"size:64;not null"`
	Detail    string `gorm:"size:500"`
	CreatedAt time.Time
}

// Migrate makes or changes the core's tables.
func (d *DB) Migrate() error {
	return d.MigratePrefixed("", []*gormigrate.Migration{{
		ID: "1-core",
		Migrate: func(tx *gorm.DB) error {
			return tx.AutoMigrate(&Admin{}, &City{}, &CityAdmin{}, &Token{}, &Session{}, &Entry{}, &Delivery{}, &Revocation{})
		},
	}, {
		ID:      "2-instance",
		Migrate: func(tx *gorm.DB) error { return tx.AutoMigrate(&Instance{}) },
	}, {
		ID: "3-withdrawn",
		Migrate: func(tx *gorm.DB) error {
			if tx.Migrator().HasColumn(&Entry{}, "withdrawn") { // 1-core made it
				return nil
			}
			return tx.Migrator().AddColumn(&Entry{}, "Withdrawn")
		},
	}})
}
