package db

import (
	"context"
	"time"
)

// CityFigures are what the operator sees of a city.
type CityFigures struct {
	Owners []string  // addresses
	Since  int       // reports since a time
	Last   time.Time // the newest report; zero if there was none
	Rows   int       // reports in the ledger
}

// CityFigures returns the figures of some cities.
func (d *DB) CityFigures(ctx context.Context, cities []string, since time.Time) (map[string]CityFigures, error) {
	all := map[string]CityFigures{}
	tx := d.WithContext(ctx)
	var owners []struct{ City, Address string }
	err := tx.Table("city_admins").Select("city_admins.city, admins.address").Joins("JOIN admins ON admins.id = city_admins.admin_id").
		Where("city_admins.city IN ? AND city_admins.role = ?", cities, RoleOwner).Order("admins.id").Scan(&owners).Error
	if err != nil {
		return nil, wrap("list owners", err)
	}
	for _, one := range owners {
		figures := all[one.City]
		figures.Owners = append(figures.Owners, one.Address)
		all[one.City] = figures
	}
	var counts []struct {
		City         string
		Rows, Recent int
		Newest       uint
	}
	err = tx.Model(&Entry{}).Select("city, COUNT(*) AS rows, MAX(id) AS newest, SUM(CASE WHEN created_at > ? THEN 1 ELSE 0 END) AS recent", Time(since)).
		Where("city IN ?", cities).Group("city").Scan(&counts).Error
	if err != nil {
		return nil, wrap("count reports", err)
	}
	var ids []uint
	for _, one := range counts {
		figures := all[one.City]
		figures.Rows, figures.Since = one.Rows, one.Recent
		all[one.City] = figures
		ids = append(ids, one.Newest)
	}
	var newest []Entry
	if err := tx.Select("city, created_at").Where("id IN ?", ids).Find(&newest).Error; err != nil {
		return nil, wrap("find the newest reports", err)
	}
	for _, one := range newest {
		figures := all[one.City]
		figures.Last = one.CreatedAt
		all[one.City] = figures
	}
	return all, nil
}
