package db

import (
	"encoding/json"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// FormerOption is a row of the table <bot>_former_options: the options that a city had chosen while a bot stored them in a table of its
// own. Package settings moves them into the city's settings.
type FormerOption struct {
	City   string `gorm:"primaryKey;size:32"`
	Values string `gorm:"not null"` // JSON
}

// KeepOptions is for migrations that drop a table or column with options. It stores the city's choices for package settings.
func KeepOptions(tx *gorm.DB, city string, values map[string]any) error {
	text, err := json.Marshal(values)
	if err != nil {
		return err
	}
	if err := tx.AutoMigrate(&FormerOption{}); err != nil {
		return err
	}
	return tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(&FormerOption{City: city, Values: string(text)}).Error
}
