package telegram

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm/clause"
)

// Delivery records that a subscriber got a report, so that a page that is repeated after a crash does not send it again.
type Delivery struct {
	Report     string `gorm:"primaryKey;size:32"` // keyed hash of Report.Key
	Subscriber uint64 `gorm:"primaryKey;autoIncrement:false"`
	City       string `gorm:"size:32;not null;index:idx_telegram_deliveries_old,priority:1"`
	At         int64  `gorm:"not null;index:idx_telegram_deliveries_old,priority:2"` // seconds since 1970
}

// deliveryRetention is longer than a city's limit for the age of reports can be.
const deliveryRetention = 48 * time.Hour

func (s store) addDelivery(ctx context.Context, report string, v Subscriber) error {
	row := Delivery{Report: report, Subscriber: v.ID, City: v.City, At: s.now().Unix()}
	return wrap("store delivery", s.db.WithContext(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(&row).Error)
}

// deliveredTo returns the ids of those subscribers of a page, ordered by id, that got the report.
func (s store) deliveredTo(ctx context.Context, report string, page []Subscriber) (map[uint64]bool, error) {
	delivered := map[uint64]bool{}
	if len(page) == 0 {
		return delivered, nil
	}
	var ids []uint64
	err := s.db.WithContext(ctx).Model(&Delivery{}).
		Where("report = ? AND subscriber BETWEEN ? AND ?", report, page[0].ID, page[len(page)-1].ID).Pluck("subscriber", &ids).Error
	if err != nil {
		return nil, fmt.Errorf("read deliveries: %w", err)
	}
	for _, id := range ids {
		delivered[id] = true
	}
	return delivered, nil
}

// deleteDeliveriesBefore deletes a report's deliveries before a cursor that the core has stored: no page reads them again.
func (s store) deleteDeliveriesBefore(ctx context.Context, city, report string, at cursor) error {
	rows := s.db.WithContext(ctx).Where("report = ?", report)
	if at.groups {
		groups := s.db.Model(&Subscriber{}).Select("id").Where("city = ? AND kind <> ?", city, private)
		rows = rows.Where("subscriber NOT IN (?)", groups)
	} else {
		rows = rows.Where("subscriber <= ?", at.after)
	}
	return wrap("delete deliveries", rows.Delete(&Delivery{}).Error)
}

// deleteOldDeliveries deletes deliveries of reports that have expired.
func (s store) deleteOldDeliveries(ctx context.Context, city string) error {
	return wrap("delete old deliveries", s.db.WithContext(ctx).
		Where("city = ? AND at < ?", city, s.now().Add(-deliveryRetention).Unix()).Delete(&Delivery{}).Error)
}
