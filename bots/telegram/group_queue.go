package telegram

import (
	"context"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"linienfunk/internal/secret"
)

// QueuedReport is a report that waits until its group accepts messages again, so that the group delays neither other groups nor the
// city's next report.
type QueuedReport struct {
	ID         uint64 `gorm:"primaryKey"`
	City       string `gorm:"size:32;not null;uniqueIndex:idx_telegram_queued_reports_once,priority:1"`
	Subscriber uint64 `gorm:"not null;uniqueIndex:idx_telegram_queued_reports_once,priority:2"`         // Subscriber.ID of the group
	Report     string `gorm:"size:32;not null;uniqueIndex:idx_telegram_queued_reports_once,priority:3"` // as in Delivery
	Text       []byte `gorm:"not null"`                                                                 // sealed
	At         int64  `gorm:"not null"`                                                                 // when the rider sent the report, in seconds since 1970
	Expires    int64  `gorm:"not null"`                                                                 // when it is no longer fresh, in seconds since 1970
}

// textCell is the table cell that a queued text is bound to.
func (q QueuedReport) textCell() secret.Cell {
	return secret.Cell{Table: "telegram_queued_reports", Row: q.City + "/" + q.Report, Column: "text"}
}

// queueReport stores a report for a group. It also records the delivery, so that a page that is repeated after a crash does not queue or send
// it again.
func (s store) queueReport(ctx context.Context, q QueuedReport, text string) error {
	q.Text = s.box.Seal(q.textCell(), []byte(text))
	delivery := Delivery{Report: q.Report, Subscriber: q.Subscriber, City: q.City, At: s.now().Unix()}
	return wrap("queue report", s.db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		for _, row := range []any{&q, &delivery} {
			if err := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(row).Error; err != nil {
				return err
			}
		}
		return nil
	}))
}

// queuedText returns the text of a queued report.
func (s store) queuedText(q QueuedReport) (string, error) {
	text, err := s.box.Open(q.textCell(), q.Text)
	return string(text), wrap("unseal queued report", err)
}

// groupsWithQueue returns the Subscriber.ID of each group of a city for which reports wait.
func (s store) groupsWithQueue(ctx context.Context, city string) (map[uint64]bool, error) {
	var ids []uint64
	err := s.db.WithContext(ctx).Model(&QueuedReport{}).Where("city = ?", city).Distinct().Pluck("subscriber", &ids).Error
	waiting := map[uint64]bool{}
	for _, id := range ids {
		waiting[id] = true
	}
	return waiting, wrap("read queue", err)
}

// queueHeads returns the first report that waits for each group, in order. It deletes those that have expired, and those for
// groups that are gone.
func (s store) queueHeads(ctx context.Context, city string) ([]QueuedReport, error) {
	db := s.db.WithContext(ctx)
	groups := s.db.Model(&Subscriber{}).Select("id").Where("city = ? AND active = ?", city, true)
	err := db.Where("city = ? AND (expires <= ? OR subscriber NOT IN (?))", city, s.now().Unix(), groups).Delete(&QueuedReport{}).Error
	if err != nil {
		return nil, wrap("delete old queue", err)
	}
	var heads []QueuedReport
	first := s.db.Model(&QueuedReport{}).Select("MIN(id)").Where("city = ?", city).Group("subscriber")
	err = db.Where("id IN (?)", first).Order("id").Find(&heads).Error
	return heads, wrap("read queue", err)
}

// changeQueued replaces the text of a report where it waits.
func (s store) changeQueued(ctx context.Context, city, report, text string) error {
	sealed := s.box.Seal(QueuedReport{City: city, Report: report}.textCell(), []byte(text))
	return wrap("change queued reports", s.db.WithContext(ctx).Model(&QueuedReport{}).
		Where("city = ? AND report = ?", city, report).Update("text", sealed).Error)
}

func (s store) deleteQueued(ctx context.Context, q QueuedReport) error {
	return wrap("delete queued report", s.db.WithContext(ctx).Delete(&q).Error)
}

// cancelQueued deletes what waits of a report.
func (s store) cancelQueued(ctx context.Context, city, report string) error {
	return wrap("cancel queued reports", s.db.WithContext(ctx).
		Where("city = ? AND report = ?", city, report).Delete(&QueuedReport{}).Error)
}

// pruneQueued deletes texts from before a time.
func (s store) pruneQueued(ctx context.Context, city string, before time.Time) error {
	return wrap("prune queue", s.db.WithContext(ctx).Where("city = ? AND at < ?", city, before.Unix()).Delete(&QueuedReport{}).Error)
}
