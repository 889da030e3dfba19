package db

import (
	"time"

	"github.com/go-gormigrate/gormigrate/v2"
	"gorm.io/gorm"
)

// Revocation records that a network revoked an account's access, so that the program does not try again after a restart. It
// applies to one revision of the account: new credentials are a new revision.
type Revocation struct {
	City      string `gorm:"primaryKey;size:32"`
	Bot       string `gorm:"primaryKey;size:32"`
	Revision  string `gorm:"size:64;not null"`
	Detail    string `gorm:"size:500"`
	CreatedAt time.Time
}

// Migrate creates and updates the core's tables.
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
			if tx.Migrator().HasColumn(&Entry{}, "withdrawn") { // 1-core created it
				return nil
			}
			return tx.Migrator().AddColumn(&Entry{}, "Withdrawn")
		},
	}})
}
