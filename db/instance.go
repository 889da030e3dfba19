package db

import (
	"context"
	"errors"

	"gorm.io/gorm/clause"
)

// Instance is the only row of its table: it tells the key with which secrets in this database are sealed, without
// betraying it.
type Instance struct {
	ID  uint   `gorm:"primaryKey;autoIncrement:false"`
	Key string `gorm:"size:64;not null"` // keyed digest of a fixed text
}

// ErrOtherKey says that the database belongs to another instance key.
var ErrOtherKey = errors.New("sealed with another key")

// SealedWith remembers the digest of the instance key if the database knows none yet, and otherwise returns
// ErrOtherKey unless it is the same.
func (d *DB) CheckInstanceKey(ctx context.Context, digest string) error {
	const only = 1
	err := d.WithContext(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(&Instance{ID: only, Key: digest}).Error
	if err != nil {
		return wrap("store instance", err)
	}
	known, err := findOne[Instance](d.WithContext(ctx).Where("id = ?", only))
	if err == nil && known.Key != digest {
		err = ErrOtherKey
	}
	return err
}
