package settings

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"linienfunk/db"
	"linienfunk/settings/chain"
)

const formerDefaultsNote = "Kept as it was: the default has changed / Bleibt, wie es war: die Voreinstellung ist jetzt eine andere"

// KeepFormerDefaults gives cities the options that the bots' migrations kept when defaults changed (db.KeepDefaults), where they have none of
// their own. Each city gets a change by the program in its history. Call it when all cities are known.
func (n *Node) KeepFormerDefaults(ctx context.Context, store *db.DB) error {
	for bot := range n.schema.Options {
		table := bot + "_former_defaults"
		if !store.Migrator().HasTable(table) {
			continue
		}
		var rows []db.FormerDefault
		if err := store.WithContext(ctx).Table(table).Find(&rows).Error; err != nil {
			return fmt.Errorf("read former defaults: %w", err)
		}
		for _, row := range rows {
			var values map[string]any
			if err := json.Unmarshal([]byte(row.Values), &values); err != nil {
				return fmt.Errorf("former defaults of %s in %s: %w", bot, row.City, err)
			}
			if err := n.addOptions(ctx, row.City, bot, values); err != nil {
				n.log.Warn("former defaults are not stored; the next start tries again", "city", row.City, "bot", bot, "err", err)
				continue
			}
			if err := store.WithContext(ctx).Table(table).Where("city = ?", row.City).Delete(&db.FormerDefault{}).Error; err != nil {
				return fmt.Errorf("delete former defaults: %w", err)
			}
		}
	}
	return nil
}

// submitTries is how often the program makes a change that meets those of others.
const submitTries = 5

// addOptions sets options of a bot that the city has not set.
func (n *Node) addOptions(ctx context.Context, city, bot string, values map[string]any) error {
	var err error
	for range submitTries {
		current, known, _ := n.Get(ctx, city)
		if !known {
			return errors.New("the city is not known")
		}
		changes := map[string]any{}
		for option, value := range values {
			if _, set := current.Bots[bot][option]; !set {
				changes["bots."+bot+"."+option] = value
			}
		}
		if len(changes) == 0 {
			return nil
		}
		changed, wrong := With(current.Document, changes)
		if wrong != nil {
			return wrong
		}
		_, err = n.Submit(ctx, Draft{City: city, Base: current.Hash, From: current.Document, To: changed, Note: formerDefaultsNote})
		if errors.Is(err, chain.ErrNothing) {
			return nil
		}
		if !errors.Is(err, ErrConflict) {
			return err
		}
	}
	return err
}
