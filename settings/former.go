package settings

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"gorm.io/gorm"

	"linienfunk/bots"
)

// formerRow is how a city's settings were kept before they had a history.
type formerRow struct {
	City      string `gorm:"primaryKey;size:32"`
	Settings  string `gorm:"not null"` // JSON
	UpdatedBy uint   `gorm:"not null"`
	UpdatedAt time.Time
}

// TableName is the table.
func (formerRow) TableName() string { return "settings_documents" }

// Adopt begins the history of cities that were made before there was one: what they had set, and what they had chosen of the
// bots' options, becomes their first link. Call it after the bots' migrations and before Run.
func (s *Storage) Adopt(ctx context.Context) error {
	err := s.db.Transaction(ctx, func(tx *gorm.DB) error {
		var rows []formerRow
		if err := tx.Find(&rows).Error; err != nil || len(rows) == 0 {
			return err
		}
		options, err := s.formerOptions(tx)
		if err != nil {
			return err
		}
		for _, row := range rows {
			if err := s.adopt(tx, row, options[row.City]); err != nil {
				s.log.Error("a city's former settings cannot be used: it begins with the usual ones, at rest", "city", row.City, "err", err)
				if err := s.adoptBroken(tx, row.City); err != nil {
					return err
				}
			}
			if err := tx.Delete(&row).Error; err != nil {
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
func (s *Storage) formerOptions(tx *gorm.DB) (map[string]map[string]bots.Options, error) {
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
		if err := tx.Migrator().DropTable(table); err != nil {
			return nil, err
		}
	}
	return all, nil
}

const adoptedNote = "Settings from before the history / Einstellungen von vor dem Verlauf"

func (s *Storage) adopt(tx *gorm.DB, row formerRow, options map[string]bots.Options) error {
	var doc Settings
	if err := json.Unmarshal([]byte(row.Settings), &doc); err != nil {
		return err
	}
	doc.Bots = options
	document, err := doc.Document()
	if err != nil {
		return err
	}
	// What a create that fails has written must not stay, and PostgreSQL ends a transaction at the first error.
	return tx.Transaction(func(tx *gorm.DB) error {
		_, err := s.create(tx, row.City, document, 0, adoptedNote)
		return err
	})
}

func (s *Storage) adoptBroken(tx *gorm.DB, city string) error {
	doc := Default(city, languages[0])
	doc.Active, doc.Listed = false, false
	document, err := doc.Document()
	if err != nil {
		return err
	}
	_, err = s.create(tx, city, document, 0, adoptedNote)
	return err
}
