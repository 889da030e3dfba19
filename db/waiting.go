package db

import (
	"context"
	"time"
)

// Waiting is how many deliveries wait to be sent to a network, and since when.
type Waiting struct {
	Bot        string
	Deliveries int
	Oldest     time.Time // when the oldest of their reports was judged
}

// Waiting counts the deliveries that wait to be sent, by network; networks without any are left out. It reads the partial index of what is due, and
// one entry of each network.
func (d *DB) Waiting(ctx context.Context) (list []Waiting, err error) {
	var found []struct {
		Bot        string
		Deliveries int
		First      uint
	}
	err = d.WithContext(ctx).Raw("SELECT bot, COUNT(*) AS deliveries, MIN(entry_id) AS first FROM ledger_deliveries WHERE " + due +
		" AND status IN ('queued', 'retrying') GROUP BY bot ORDER BY bot").Scan(&found).Error
	if err != nil {
		return nil, wrap("count what waits", err)
	}
	for _, f := range found {
		var first Entry
		if err := d.WithContext(ctx).Select("created_at").Where("id = ?", f.First).Limit(1).Find(&first).Error; err != nil {
			return nil, wrap("count what waits", err)
		}
		list = append(list, Waiting{f.Bot, f.Deliveries, first.CreatedAt})
	}
	return list, nil
}
