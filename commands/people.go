package commands

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"linienfunk/db"
)

// People is the result of "people".
type People struct {
	People []Person `json:"people"`
}

// Person is somebody who runs a city.
type Person struct {
	Person  int    `json:"person" doc:"The number for people role and people remove."`
	Address string `json:"address"`
	Role    string `json:"role" doc:"owner or moderator."`
	Since   string `json:"since" doc:"The day on which the person came, as 2026-11-28; empty if that is not known."`
	Seen    string `json:"seen" doc:"The day of the last visit to the pages, as 2026-11-28; empty before the first."`
	You     bool   `json:"you" doc:"It is who asks."`
	Mails   bool   `json:"mails" doc:"What waits for a moderator is mailed to them, unless they hear of it in a chat: see people mails."`
}

// Membership is the result of what changes who runs a city.
type Membership struct {
	City    string `json:"city"`
	Person  int    `json:"person"`
	Address string `json:"address"`
	Role    string `json:"role" doc:"owner or moderator; empty for somebody who does not run the city any more."`
}

func people(ctx context.Context, c *Commands, call Call) (any, error) {
	var rows []db.CityAdmin
	if err := c.DB.WithContext(ctx).Where("city = ?", call.City).Find(&rows).Error; err != nil {
		return nil, err
	}
	roles := map[uint]db.CityAdmin{}
	for _, row := range rows {
		roles[row.AdminID] = row
	}
	admins, err := c.DB.AdminsOf(ctx, call.City)
	if err != nil {
		return nil, err
	}
	off, err := c.unwanted(ctx, call.City)
	if err != nil {
		return nil, err
	}
	city, _, err := c.Settings.Get(ctx, call.City)
	list := People{People: []Person{}}
	for _, admin := range admins {
		row := roles[admin.ID]
		one := Person{Person: int(admin.ID), Address: admin.Address, Role: string(row.Role), Seen: admin.SeenOn, You: admin.ID == call.Actor.Admin, Mails: !off[admin.ID]}
		if row.CreatedAt != nil {
			one.Since = row.CreatedAt.In(city.Clock()).Format(time.DateOnly)
		}
		list.People = append(list.People, one)
	}
	return list, err
}

// member is somebody who runs a city, while nobody else changes who does.
type member struct {
	db.Admin
	role   db.Role
	owners int64 // of the city, with this one
}

// last refuses what would leave the city without an owner.
func (m member) last(param string) *Refusal {
	if m.role == db.RoleOwner && m.owners == 1 {
		return &Refusal{Reason: Conflict, Param: param, Say: "refused-last-owner", Pairs: []any{"Address", m.Address}}
	}
	return nil
}

// onMember runs f in a transaction that no other change of who runs the city overlaps. find finds the admin.
func (c *Commands) onMember(ctx context.Context, city string, find func(tx *gorm.DB) (db.Admin, error), f func(tx *gorm.DB, m member) error) error {
	return c.DB.Transaction(ctx, func(tx *gorm.DB) error {
		if err := tx.Clauses(clause.Locking{Strength: "UPDATE"}).Where("name = ?", city).Take(&db.City{}).Error; err != nil {
			return err
		}
		admin, err := find(tx)
		if err != nil {
			return err
		}
		m := member{Admin: admin}
		var row db.CityAdmin
		if err := tx.Where("city = ? AND admin_id = ?", city, admin.ID).Take(&row).Error; err != nil {
			return err
		}
		m.role = row.Role
		if err := tx.Model(&db.CityAdmin{}).Where("city = ? AND role = ?", city, db.RoleOwner).Count(&m.owners).Error; err != nil {
			return err
		}
		return f(tx, m)
	})
}

// named finds the admin of a city whom the parameter "who" names, by the address or the number.
func named(call Call) func(tx *gorm.DB) (db.Admin, error) {
	return func(tx *gorm.DB) (admin db.Admin, err error) {
		who := strings.TrimPrefix(call.Text("who"), "#")
		query := tx.Where("id IN (?)", tx.Model(&db.CityAdmin{}).Select("admin_id").Where("city = ?", call.City))
		if number, err := strconv.ParseUint(who, 10, 31); err == nil {
			query = query.Where("id = ?", number)
		} else {
			query = query.Where("address = ?", strings.ToLower(who))
		}
		err = query.Take(&admin).Error
		if errors.Is(err, gorm.ErrRecordNotFound) {
			err = &Refusal{Reason: NotFound, Param: "who", Say: "refused-nobody", Pairs: []any{"Who", who}}
		}
		return admin, err
	}
}

func changeRole(ctx context.Context, c *Commands, call Call) (any, error) {
	role := db.Role(call.Text("role"))
	var m member
	err := c.onMember(ctx, call.City, named(call), func(tx *gorm.DB, found member) error {
		m = found
		if m.role == role {
			return nil
		}
		if refusal := m.last("role"); refusal != nil {
			return refusal
		}
		if role != db.RoleOwner { // only an owner's invitations count
			if err := tx.Where("city = ? AND admin_id = ?", call.City, m.ID).Delete(&Invitation{}).Error; err != nil {
				return err
			}
		}
		return tx.Model(&db.CityAdmin{}).Where("city = ? AND admin_id = ?", call.City, m.ID).Update("role", role).Error
	})
	if err != nil {
		return nil, err
	}
	if m.role != role && m.ID != call.Actor.Admin {
		c.mailMember(ctx, "role", call, m.Admin, role)
	}
	return Membership{call.City, int(m.ID), m.Address, string(role)}, nil
}

// removePerson ends also the sessions of the person, whatever other cities they run: who is removed in a hurry may have left a browser behind.
func removePerson(ctx context.Context, c *Commands, call Call) (any, error) {
	var m member
	var ended endedAccess
	err := c.onMember(ctx, call.City, named(call), func(tx *gorm.DB, found member) (err error) {
		m = found
		if refusal := m.last("who"); refusal != nil {
			return refusal
		}
		if ended, err = c.endAccess(tx, call.City, m.ID); err != nil {
			return err
		}
		return tx.Where("admin_id = ?", m.ID).Delete(&db.Session{}).Error
	})
	if err != nil {
		return nil, err
	}
	c.afterwards(ctx, ended)
	if m.ID != call.Actor.Admin {
		c.mailMember(ctx, "removed", call, m.Admin, "")
	}
	return Membership{call.City, int(m.ID), m.Address, ""}, nil
}

func leave(ctx context.Context, c *Commands, call Call) (any, error) {
	if !call.On("sure") {
		return nil, wrong("sure", "refused-unsure")
	}
	if call.Actor.Admin == 0 {
		return nil, refuse(Forbidden, "refused-no-person")
	}
	myself := func(tx *gorm.DB) (admin db.Admin, err error) {
		return admin, tx.Where("id = ?", call.Actor.Admin).Take(&admin).Error
	}
	var m member
	var ended endedAccess
	err := c.onMember(ctx, call.City, myself, func(tx *gorm.DB, found member) (err error) {
		m = found
		if refusal := m.last(""); refusal != nil {
			return refusal
		}
		ended, err = c.endAccess(tx, call.City, m.ID)
		return err
	})
	if err != nil {
		return nil, err
	}
	c.afterwards(ctx, ended)
	return Membership{call.City, int(m.ID), m.Address, ""}, nil
}

// endedAccess is what is left to do once somebody's access has ended.
type endedAccess struct {
	links    []Link
	announce func()
}

// endAccess takes from an admin everything by which they act on a city, or on all cities if it is empty: the role, linked chats and codes for them, invitations, and keys and webhooks that
// they have made. Nothing of it comes back if they are invited again.
func (c *Commands) endAccess(tx *gorm.DB, city string, admin uint) (ended endedAccess, err error) {
	for _, rows := range []any{&db.CityAdmin{}, &HeldMail{}} {
		if err := tx.Where("admin_id = ? AND (city = ? OR ? = '')", admin, city, city).Delete(rows).Error; err != nil {
			return ended, err
		}
	}
	return c.endMade(tx, city, admin, time.Time{})
}

// endMade ends what an admin has made since a time by which somebody acts on a city, or on all cities if it is empty: linked chats and codes for them, invitations, and keys and webhooks.
func (c *Commands) endMade(tx *gorm.DB, city string, admin uint, since time.Time) (ended endedAccess, err error) {
	made := func(at string) *gorm.DB {
		return tx.Where("admin_id = ? AND (city = ? OR ? = '') AND "+at+" >= ?", admin, city, city, db.Time(since))
	}
	if err := made("created_at").Find(&ended.links).Error; err != nil {
		return ended, err
	}
	if err := errors.Join(made("created_at").Delete(&Link{}).Error, made("sent_at").Delete(&Invitation{}).Error, tx.Where("admin_id = ? AND purpose = ?", admin, linkPurpose).Delete(&db.Token{}).Error); err != nil {
		return ended, err
	}
	ended.announce = func() {}
	if c.EndPrograms != nil {
		ended.announce, err = c.EndPrograms(tx, city, admin, since)
	}
	return ended, err
}

// TakenBack ends, in the transaction in which an admin takes their account back, what a thief may have made in it since a time to keep hold of cities. Call after when it is through.
func (c *Commands) TakenBack(tx *gorm.DB, admin uint, since time.Time) (after func(ctx context.Context), err error) {
	ended, err := c.endMade(tx, "", admin, since)
	return func(ctx context.Context) { c.afterwards(ctx, ended) }, err
}

// afterwards tells those who are concerned, after the transaction.
func (c *Commands) afterwards(ctx context.Context, ended endedAccess) {
	ended.announce()
	for _, row := range ended.links {
		c.tellUnlinked(ctx, row)
	}
}
