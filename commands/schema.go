package commands

import (
	"github.com/go-gormigrate/gormigrate/v2"
	"gorm.io/gorm"
)

// Migrations are those of the tables with the prefix "command_".
func Migrations() []*gormigrate.Migration {
	return []*gormigrate.Migration{
		{ID: "1-calls", Migrate: tables},
		{ID: "2-invitations", Migrate: func(tx *gorm.DB) error { return tx.AutoMigrate(&Invitation{}) }},
		{ID: "3-places", Migrate: func(tx *gorm.DB) error { return tx.AutoMigrate(&placeRow{}) }},
		{ID: "4-info-places", Migrate: func(tx *gorm.DB) error { return tx.AutoMigrate(&InfoPlace{}) }},
		{ID: "5-moderation", Migrate: func(tx *gorm.DB) error { return tx.AutoMigrate(&Flag{}, &Act{}) }},
		{ID: "6-stops", Migrate: func(tx *gorm.DB) error { return tx.AutoMigrate(&Stop{}) }},
		{ID: "7-registration", Migrate: func(tx *gorm.DB) error { return tx.AutoMigrate(&RegistrationLink{}) }},
		{ID: "8-held-mails", Migrate: func(tx *gorm.DB) error { return tx.AutoMigrate(&HeldMail{}) }},
		{ID: "9-blocks", Migrate: func(tx *gorm.DB) error { return tx.AutoMigrate(&Block{}) }},
		{ID: "10-announcements", Migrate: func(tx *gorm.DB) error { return tx.AutoMigrate(&Announcement{}) }},
		{ID: "11-moves", Migrate: func(tx *gorm.DB) error { return tx.AutoMigrate(&Move{}) }},
		{ID: "12-arrivals", Migrate: func(tx *gorm.DB) error { return tx.AutoMigrate(&Arrived{}) }},
	}
}
