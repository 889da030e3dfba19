package settings

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"linienfunk/bots"
	"linienfunk/db"
)

// legacyRow is a city's settings before there was a history.
type legacyRow struct {
	City      string `gorm:"primaryKey;size:32"`
	Settings  string `gorm:"not null"` // JSON
	UpdatedBy uint   `gorm:"not null"`
	UpdatedAt time.Time
}

// TableName is the table.
func (legacyRow) TableName() string { return "settings_documents" }

// ImportLegacy starts the history of cities from before there was one: their settings, and the options that the bots'
// migrations exported, become their first link. Call it after the bots' migrations and before Run.
func (s *Storage) ImportLegacy(ctx context.Context) error {
	err := s.db.Transaction(ctx, func(tx *gorm.DB) error {
		if _, err := lockProgress(tx); err != nil { // another process may import at the same time
			return err
		}
		var rows []legacyRow
		err := tx.Where("city NOT IN (SELECT city FROM settings_heads)").Find(&rows).Error
		if err != nil || len(rows) == 0 {
			return err
		}
		options, err := s.legacyOptions(tx)
		if err != nil {
			return err
		}
		for _, row := range rows {
			if err := s.importCity(tx, row, options[row.City]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("import settings without a history: %w", err)
	}
	return nil
}

// legacyOptions reads the options that the bots' migrations exported, by city and bot.
func (s *Storage) legacyOptions(tx *gorm.DB) (map[string]map[string]bots.Options, error) {
	all := map[string]map[string]bots.Options{}
	for bot := range s.schema.Options {
		table := bot + "_former_options"
		if !tx.Migrator().HasTable(table) {
			continue
		}
		var rows []db.FormerOption
		if err := tx.Table(table).Find(&rows).Error; err != nil {
			return nil, err
		}
		for _, row := range rows {
			var values bots.Options
			if err := json.Unmarshal([]byte(row.Values), &values); err != nil {
				return nil, fmt.Errorf("options of %s in %s: %w", bot, row.City, err)
			}
			if all[row.City] == nil {
				all[row.City] = map[string]bots.Options{}
			}
			all[row.City][bot] = values
		}
	}
	return all, nil
}

const legacyNote = "Settings from before the history / Einstellungen von vor dem Verlauf"

// importCity makes the first link of a city. Invalid values are logged and replaced with defaults; the old tables keep them for the
// operator to look up.
func (s *Storage) importCity(tx *gorm.DB, row legacyRow, options map[string]bots.Options) error {
	defaults := Default(row.City, languages[0])
	var doc Settings
	if err := json.Unmarshal([]byte(row.Settings), &doc); err != nil {
		s.log.Error("a city's old settings cannot be read: it starts inactive, with defaults", "city", row.City, "err", err)
		doc = defaults
		doc.Active, doc.Listed = false, false
	}
	doc.Bots = options
	document, err := doc.Document()
	if err != nil {
		return err
	}
	var wrong Errors
	if _, _, err := s.schema.Check([]byte("{}"), document); errors.As(err, &wrong) {
		s.log.Error("some of a city's old settings are invalid: they get their defaults", "city", row.City, "err", wrong)
		if document, err = replaceFields(document, wrong, defaults); err != nil {
			return err
		}
	}
	_, err = s.create(tx, row.City, document, 0, legacyNote)
	return err
}

// replaceFields gives the invalid fields their defaults.
func replaceFields(document []byte, wrong Errors, defaults Settings) ([]byte, error) {
	text, err := defaults.Document()
	if err != nil {
		return nil, err
	}
	values, err := Fields(text)
	if err != nil {
		return nil, err
	}
	changes := map[string]any{}
	for _, one := range wrong {
		changes[one.Field] = values[one.Field] // nil for an option, which removes it
	}
	return With(document, changes)
}
