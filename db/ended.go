package db

import (
	"context"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"
)

// EndedCity is a city that is being deleted, or was deleted lately. It has no column "city": it is what a deletion leaves, so that nobody else takes the name at once.
type EndedCity struct {
	Name    string    `gorm:"primaryKey;size:32"`
	By      string    `gorm:"size:80;not null"` // who wanted it: commands.Actor.ID; empty once the city is gone
	AskedAt time.Time `gorm:"not null"`
	EndsAt  time.Time `gorm:"not null"`                     // until then it can be stopped
	Active  bool      `gorm:"not null"`                     // the city was not paused before
	MovedTo string    `gorm:"size:200;not null;default:''"` // the address to which the city had moved

	BegunAt    *time.Time // since then it cannot be stopped any more
	Told       string     `gorm:"not null;default:''"` // JSON: how far subscribers were told, by network
	GoneAt     *time.Time // the rows are deleted
	FreeAt     *time.Time // then others may have the name
	Erased     bool       `gorm:"not null;default:false"` // so is what is not in rows
	LeaseUntil *time.Time // of the node that is at it
}

// TableName is the table's name for gorm.
func (EndedCity) TableName() string { return "ended_cities" }

// Gone reports whether the city is deleted.
func (e EndedCity) Gone() bool { return e.GoneAt != nil }

// Ended returns what is known of a city that is being deleted, or whose name is not free yet; ErrNotFound if there is none.
func (d *DB) Ended(ctx context.Context, city string) (EndedCity, error) {
	return findOne[EndedCity](d.WithContext(ctx).Where("name = ? AND (free_at IS NULL OR free_at > ?)", city, d.now()))
}

// Ending returns when each of these cities is deleted, without those that are gone.
func (d *DB) Ending(ctx context.Context, names []string) (map[string]time.Time, error) {
	var rows []EndedCity
	err := d.WithContext(ctx).Where("name IN ? AND gone_at IS NULL", names).Find(&rows).Error
	ends := map[string]time.Time{}
	for _, row := range rows {
		ends[row.Name] = row.EndsAt
	}
	return ends, wrap("list cities that are being deleted", err)
}

// NameKept reports whether nobody may have the name yet, since the city that had it was deleted lately.
func (d *DB) NameKept(tx *gorm.DB, name string) (bool, error) {
	return Any(tx.Model(&EndedCity{}), "name = ? AND (free_at IS NULL OR free_at > ?)", name, d.now())
}

// Rows are rows of a table that are about a city and do not say so in a column "city".
type Rows struct {
	Table, Where string
	Values       []any
}

// DeleteCity deletes, in one transaction, the rows that are given, and then all of all tables whose column "city" is the city. before is called first, and last before the commit.
func (d *DB) DeleteCity(ctx context.Context, city string, rows []Rows, before, last func(tx *gorm.DB) error) error {
	tables, err := d.TablesOfCities(ctx)
	if err != nil {
		return err
	}
	return wrap("delete a city", d.Transaction(ctx, func(tx *gorm.DB) error {
		if err := before(tx); err != nil {
			return err
		}
		for _, r := range rows {
			if err := tx.Exec(`DELETE FROM "`+r.Table+`" WHERE `+r.Where, r.Values...).Error; err != nil {
				return wrap(r.Table, err)
			}
		}
		for _, table := range tables {
			if err := tx.Exec(`DELETE FROM "`+table+`" WHERE city = ?`, city).Error; err != nil {
				return wrap(table, err)
			}
		}
		return last(tx)
	}))
}

// TablesOfCities lists the tables with a column "city", those first that refer to others.
func (d *DB) TablesOfCities(ctx context.Context) (found []string, err error) {
	all, err := d.tables(ctx)
	if err != nil {
		return nil, err
	}
	ordered, err := inOrder(all, nil)
	for _, t := range ordered {
		if slices.Contains(t.columns, "city") {
			found = append(found, t.name)
		}
	}
	slices.Reverse(found)
	return found, err
}

// OtherTables lists the tables without a column "city", except those of migrations.
func (d *DB) OtherTables(ctx context.Context) (found []string, err error) {
	all, err := d.tables(ctx)
	for _, t := range all {
		if !slices.Contains(t.columns, "city") && t.name != "migrations" && !strings.HasSuffix(t.name, "_migrations") {
			found = append(found, t.name)
		}
	}
	return found, err
}
