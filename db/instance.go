package db

import (
	"context"
	"errors"

	"gorm.io/gorm/clause"
)

// Instance is the only row of its table. It identifies the instance key with which secrets in this database are sealed
// without revealing it.
type Instance struct {
	ID  uint   `gorm:"primaryKey;autoIncrement:false"`
	Key string `gorm:"size:64;not null"` // keyed digest of a constant text
}

// ErrOtherKey is returned when the database belongs to another instance key.
var ErrOtherKey = errors.New("sealed with another key")

// CheckInstanceKey stores the digest of the instance key if the database has none yet, and otherwise returns ErrOtherKey if it differs.
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

// ReplaceInstanceKey stores the digest of another instance key in place of one of the given ones. It returns ErrOtherKey if the database has none of them.
func (d *DB) ReplaceInstanceKey(ctx context.Context, known []string, digest string) error {
	done := d.WithContext(ctx).Model(&Instance{}).Where("key IN ?", known).Update("key", digest)
	if done.Error == nil && done.RowsAffected == 0 {
		return ErrOtherKey
	}
	return wrap("store instance", done.Error)
}

// HasInstanceKey reports whether the database has one of the digests.
func (d *DB) HasInstanceKey(ctx context.Context, digests []string) (bool, error) {
	found, err := Any(d.WithContext(ctx).Model(&Instance{}), "key IN ?", digests)
	return found, wrap("read instance", err)
}
