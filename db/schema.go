package db

import (
	"context"
	"fmt"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// Schema is the number of the release whose tables this program makes. A release that changes tables, any of them, raises it by one.
//
// Nodes of two releases in succession share a database while they are updated one by one. So a release only adds to the tables of the one
// before: tables, indexes, and columns that have a default or may be NULL. What a release no longer uses, the next one may remove. The older
// program ignores the migrations that it does not know. Neither program starts where the other would be further away.
const Schema = 1

// schemaVersion is the only row of its table.
type schemaVersion struct {
	ID     uint `gorm:"primaryKey;autoIncrement:false"`
	Number int  `gorm:"not null"` // the highest Schema that has changed this database
}

// TableName is the table's name for gorm.
func (schemaVersion) TableName() string { return "schema_version" }

// raiseSchema records that this program changes the tables, unless another one has that is one release ahead. It returns an error if the
// database, or a node that runs, is more than one release away.
func (d *DB) raiseSchema(ctx context.Context) error {
	return wrap("look for the version of the tables", d.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := d.lockMigrations(tx); err != nil {
			return err
		}
		if !tx.Migrator().HasTable(&schemaVersion{}) {
			if err := tx.Migrator().CreateTable(&schemaVersion{}); err != nil {
				return err
			}
		}
		const only = 1
		found := schemaVersion{ID: only}
		if err := tx.Limit(1).Find(&found).Error; err != nil {
			return err
		}
		if found.Number > d.schema+1 {
			return fmt.Errorf("a program that is more than one release newer has changed this database (release %d of the tables, this program's is %d): "+
				"start the newer one, or restore a backup", found.Number, d.schema)
		}
		if found.Number >= d.schema {
			return nil
		}
		if err := d.refuseOldNodes(tx); err != nil {
			return err
		}
		return tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(&schemaVersion{ID: only, Number: d.schema}).Error
	}))
}

// refuseOldNodes returns an error if a node runs whose program does not work with this program's tables.
func (d *DB) refuseOldNodes(tx *gorm.DB) error {
	if d.isSQLite() || !tx.Migrator().HasColumn(&Node{}, "schema") { // no other node, or none that says its release
		return nil
	}
	now, err := d.clock(tx)
	if err != nil {
		return err
	}
	var old []Node
	if err := tx.Where("until > ? AND schema < ?", Time(now), d.schema-1).Order("started").Limit(1).Find(&old).Error; err != nil || len(old) == 0 {
		return err
	}
	return fmt.Errorf("the node on %s runs %s, which is more than one release older (release %d of the tables, this program's is %d): "+
		"update it to a release in between first", old[0].Host, old[0].Version, old[0].Schema, d.schema)
}
