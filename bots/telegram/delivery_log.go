package telegram

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm/clause"
)

// Delivery says that a subscriber has a report, so that a crash in the middle of a page does not send it again.
type Delivery struct {
	Report     string `gorm:"primaryKey;size:32"` // keyed hash of Report.Key
	Subscriber uint64 `gorm:"primaryKey;autoIncrement:false"`
	City       string `gorm:"size:32;not null;index:idx_telegram_deliveries_old,priority:1"`
	At         int64  `gorm:"not null;index:idx_telegram_deliveries_old,priority:2"` // seconds since 1970
}

// keepDeliveries is longer than any report is fresh.
const keepDeliveries = 48 * time.Hour

func (s store) delivered(ctx context.Context, report string, v Subscriber) error {
	row := Delivery{Report: report, Subscriber: v.ID, City: v.City, At: s.now().Unix()}
	return wrap("store delivery", s.db.WithContext(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(&row).Error)
}

// deliveries is who of a page has the report.
func (s store) deliveries(ctx context.Context, report string, page []Subscriber) (map[uint64]bool, error) {
	has := map[uint64]bool{}
	if len(page) == 0 {
		return has, nil
	}
	var ids []uint64
	err := s.db.WithContext(ctx).Model(&Delivery{}).
		Where("report = ? AND subscriber BETWEEN ? AND ?", report, page[0].ID, page[len(page)-1].ID).Pluck("subscriber", &ids).Error
	if err != nil {
		return nil, fmt.Errorf("read deliveries: %w", err)
	}
	for _, id := range ids {
		has[id] = true
	}
	return has, nil
}

// passed deletes the deliveries before a cursor that the core has stored: nobody asks for them again.
func (s store) passed(ctx context.Context, city, report string, at cursor) error {
	rows := s.db.WithContext(ctx).Where("report = ?", report)
	if at.groups {
		groups := s.db.Model(&Subscriber{}).Select("id").Where("city = ? AND kind <> ?", city, private)
		rows = rows.Where("subscriber NOT IN (?)", groups)
	} else {
		rows = rows.Where("subscriber <= ?", at.after)
	}
	return wrap("tidy deliveries", rows.Delete(&Delivery{}).Error)
}

// tidy deletes deliveries of reports that nobody sends any more.
func (s store) tidy(ctx context.Context, city string) error {
	return wrap("tidy deliveries", s.db.WithContext(ctx).
		Where("city = ? AND at < ?", city, s.now().Add(-keepDeliveries).Unix()).Delete(&Delivery{}).Error)
}
