package db

import (
	"encoding/json"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// FormerDefault is a row of the table <bot>_former_defaults: the options that were the defaults when a city began to use a network. Package
// settings moves them into the city's settings, where the city has chosen nothing else, and deletes the row.
type FormerDefault struct {
	City   string `gorm:"primaryKey;size:32"`
	Values string `gorm:"not null"` // JSON
}

// KeepDefaults is for migrations of a version in which defaults of options change: the city keeps the old ones.
func KeepDefaults(tx *gorm.DB, city string, values map[string]any) error {
	text, err := json.Marshal(values)
	if err != nil {
		return err
	}
	if err := tx.AutoMigrate(&FormerDefault{}); err != nil {
		return err
	}
	return tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(&FormerDefault{City: city, Values: string(text)}).Error
}
