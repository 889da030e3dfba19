package telegram

import (
	"context"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// ToldKey says that an answer was queued, so that it is not queued again. It is no longer needed when nobody would queue it again.
type ToldKey struct {
	City string `gorm:"primaryKey;size:32"`
	Key  string `gorm:"primaryKey;size:32"` // keyed hash
	At   int64  `gorm:"not null"`           // seconds since 1970
}

// toldLifetime is how long keys are kept: longer than a notice is repeated, and than Telegram keeps an update.
const toldLifetime = 3 * 24 * time.Hour

func (s store) toldKey(city, key string) string {
	return s.box.Digest("telegram told", city+"/"+key)[:32]
}

// addOnce stores a reply, in place of one of the same kind that waits, unless one with the key was stored before.
func (s store) addOnce(ctx context.Context, r Reply, key string) error {
	return wrap("store answer", s.db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		made := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&ToldKey{City: r.City, Key: key, At: s.now().Unix()})
		if made.Error != nil || made.RowsAffected == 0 {
			return made.Error
		}
		return replaceIn(tx, r)
	}))
}

// pruneTold deletes old keys.
func (s store) pruneTold(ctx context.Context, city string) error {
	return wrap("prune keys of answers", s.db.WithContext(ctx).Where("city = ? AND at < ?", city, s.now().Add(-toldLifetime).Unix()).Delete(&ToldKey{}).Error)
}
