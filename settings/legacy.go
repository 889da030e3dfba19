package settings

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"linienfunk/bots"
)

// formerRow is how a city's settings were kept before they had a history.
type legacyRow struct {
	City      string `gorm:"primaryKey;size:32"`
	Settings  string `gorm:"not null"` // JSON
	UpdatedBy uint   `gorm:"not null"`
	UpdatedAt time.Time
}

// TableName is the table.
func (legacyRow) TableName() string { return "settings_documents" }

// Adopt begins the history of cities that were made before there was one: what they had set, and what they had chosen of the
// bots' options, becomes their first link. Call it after the bots' migrations and before Run.
func (s *Storage) ImportLegacy(ctx context.Context) error {
	err := s.db.Transaction(ctx, func(tx *gorm.DB) error {
		if _, err := lockProgress(tx, true); err != nil { // another program may be at it, too
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
		return fmt.Errorf("adopt former settings: %w", err)
	}
	return nil
}

// formerOptions reads what the bots' migrations kept, by city and bot.
func (s *Storage) legacyOptions(tx *gorm.DB) (map[string]map[string]bots.Options, error) {
	all := map[string]map[string]bots.Options{}
	for bot := range s.schema.Options {
		table := bot + "_former_options"
		if !tx.Migrator().HasTable(table) {
			continue
		}
		var rows []bots.FormerOption
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

// adopt takes over what can be used. What cannot is logged, gets its usual value, and stays in the former tables, for the operator
// to look up.
func (s *Storage) importCity(tx *gorm.DB, row legacyRow, options map[string]bots.Options) error {
	usual := Default(row.City, languages[0])
	var doc Settings
	if err := json.Unmarshal([]byte(row.Settings), &doc); err != nil {
		s.log.Error("a city's former settings cannot be read: it begins with the usual ones, at rest", "city", row.City, "err", err)
		doc = usual
		doc.Active, doc.Listed = false, false
	}
	doc.Bots = options
	document, err := doc.Document()
	if err != nil {
		return err
	}
	var wrong Errors
	if _, _, err := s.schema.Check([]byte("{}"), document); errors.As(err, &wrong) {
		s.log.Error("some of a city's former settings cannot be used: they get their usual values", "city", row.City, "err", wrong)
		if document, err = replaceFields(document, wrong, usual); err != nil {
			return err
		}
	}
	_, err = s.create(tx, row.City, document, 0, legacyNote)
	return err
}

// replace gives the fields that are wrong their usual values.
func replaceFields(document []byte, wrong Errors, usual Settings) ([]byte, error) {
	text, err := usual.Document()
	if err != nil {
		return nil, err
	}
	values, err := Fields(text)
	if err != nil {
		return nil, err
	}
	changes := map[string]any{}
	for _, one := range wrong {
		changes[one.Field] = values[one.Field] // nil, and so nothing, for an option
	}
	return With(document, changes)
}
