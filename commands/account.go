package commands

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"linienfunk/db"
)

// LastOwnerOf lists the cities that have no other owner than an admin.
func (c *Commands) LastOwnerOf(ctx context.Context, admin uint) ([]string, error) {
	return lastOwnerOf(c.DB.WithContext(ctx), admin)
}

func lastOwnerOf(tx *gorm.DB, admin uint) (cities []string, err error) {
	err = tx.Model(&db.CityAdmin{}).Where("admin_id = ? AND role = ?", admin, db.RoleOwner).
		Where("NOT EXISTS (SELECT 1 FROM city_admins o WHERE o.city = city_admins.city AND o.role = ? AND o.admin_id <> ?)", db.RoleOwner, admin).
		Order("city").Pluck("city", &cities).Error
	return cities, err
}

// EndAccount ends, in the transaction in which an account is deleted, all that the admin has in cities, and what commands remember of them. It does nothing if there are cities that have no
// other owner, and returns these. after is called after the transaction.
func (c *Commands) EndAccount(tx *gorm.DB, admin uint) (lastOf []string, after func(), err error) {
	var locked []db.City // as onMember does, in an order that all have
	mine := tx.Model(&db.CityAdmin{}).Select("city").Where("admin_id = ?", admin)
	if err := tx.Clauses(clause.Locking{Strength: "UPDATE"}).Where("name IN (?)", mine).Order("name").Find(&locked).Error; err != nil {
		return nil, nil, err
	}
	if lastOf, err = lastOwnerOf(tx, admin); err != nil || len(lastOf) > 0 {
		return lastOf, nil, err
	}
	ended, err := c.endAccess(tx, "", admin)
	if err != nil {
		return nil, nil, err
	}
	if err := tx.Where("actor = ?", fmt.Sprintf("admin %d", admin)).Delete(&doneCall{}).Error; err != nil {
		return nil, nil, err
	}
	return nil, ended.announce, nil
}

// ExportAccount returns what is stored about an admin beside the account: linked chats, open invitations, and calls that are remembered for a day.
func (c *Commands) ExportAccount(ctx context.Context, admin uint) (map[string]any, error) {
	type chat struct {
		City    string    `json:"city"`
		Network string    `json:"network"`
		Person  string    `json:"person"`
		Since   time.Time `json:"since"`
	}
	type sent struct {
		City    string    `json:"city"`
		Address string    `json:"address"`
		Role    db.Role   `json:"role"`
		Sent    time.Time `json:"sent"`
	}
	var links []Link
	var invitations []Invitation
	var calls []doneCall
	for _, rows := range []any{&links, &invitations} {
		if err := c.Tables.WithContext(ctx).Where("admin_id = ?", admin).Order("id").Find(rows).Error; err != nil {
			return nil, err
		}
	}
	unmailed := []string{}
	if err := c.Tables.WithContext(ctx).Model(&HeldMail{}).Where("admin_id = ? AND off = ?", admin, true).Order("city").Pluck("city", &unmailed).Error; err != nil {
		return nil, err
	}
	if err := c.Tables.WithContext(ctx).Where("actor = ?", fmt.Sprintf("admin %d", admin)).Order("at").Find(&calls).Error; err != nil {
		return nil, err
	}
	chats, guests, times := []chat{}, []sent{}, []time.Time{}
	for _, row := range links {
		person, err := c.Box.Open(addressCell(row), row.Address)
		if err != nil {
			return nil, err
		}
		chats = append(chats, chat{row.City, row.Network, string(person), row.CreatedAt})
	}
	for _, row := range invitations {
		address, err := c.Box.Open(invitedCell(row), row.Address)
		if err != nil {
			return nil, err
		}
		guests = append(guests, sent{row.City, string(address), row.Role, row.SentAt})
	}
	for _, row := range calls {
		times = append(times, row.At)
	}
	return map[string]any{"linked_chats": chats, "invitations": guests, "commands_of_the_last_day": times, "no_mails_about": unmailed}, nil
}
