package settings

import (
	"context"
	"encoding/json"
	"fmt"

	"gorm.io/gorm"

	"linienfunk/internal/wait"
)

// Lock keeps everybody from writing settings until the transaction ends, as everybody who writes them does first.
func (s *Storage) Lock(tx *gorm.DB) error {
	_, err := lockProgress(tx)
	return err
}

// EraseUpdates removes a deleted city's messages from the stream, except for those that no storage has read yet: they are refused, and removed by a later call. Nodes that start find
// a gap in the sequence, and request all cities.
func (s *Storage) EraseUpdates(ctx context.Context, city string) error {
	var row progressRow
	if err := s.db.WithContext(ctx).Where("id = ?", 1).Limit(1).Find(&row).Error; err != nil {
		return fmt.Errorf("read progress: %w", err)
	}
	state, err := s.bus.UpdatesState(ctx)
	if err != nil || state.Stream != row.Stream {
		return err
	}
	_, err = s.bus.EraseUpdates(ctx, row.Sequence, func(data []byte) bool {
		var about struct {
			City string `json:"city"`
		}
		return json.Unmarshal(data, &about) == nil && about.City == city
	})
	return err
}

// Drop has the node compare all cities with the storage now, instead of within a minute, and returns once it does not know a city that was deleted, or after ten seconds.
func (n *Node) Drop(ctx context.Context, city string) error {
	ctx, cancel := context.WithTimeout(ctx, takeTime)
	defer cancel()
	for {
		if _, ok, _ := n.Get(ctx, city); !ok { // reads memory
			return nil
		}
		if err := n.compareHeads(ctx); err != nil {
			n.log.Debug("cannot compare settings with the storage", "err", err)
		}
		if wait.For(ctx, minBackoff); ctx.Err() != nil {
			return ctx.Err()
		}
	}
}
