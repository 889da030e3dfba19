package commands

import (
	"context"
	"errors"
	"strings"
	"time"

	"gorm.io/gorm/clause"

	"linienfunk/db"
	"linienfunk/internal/limits"
	"linienfunk/internal/secret"
)

// Link says that a person in a chat is an admin of a city, and may do there what the admin may. The admin has typed a code there that only their page has shown.
type Link struct {
	ID        uint   `gorm:"primaryKey"`
	City      string `gorm:"size:32;not null;uniqueIndex:idx_command_links_person,priority:1"`
	Network   string `gorm:"size:32;not null;uniqueIndex:idx_command_links_person,priority:2"`
	Person    string `gorm:"size:64;not null;uniqueIndex:idx_command_links_person,priority:3"` // a keyed digest
	Address   []byte `gorm:"not null"`                                                         // of the person, sealed
	AdminID   uint   `gorm:"not null"`
	Told      uint   `gorm:"not null"` // the number of the last report that was held of which the person has heard
	CreatedAt time.Time
}

// TableName is the table's name for gorm.
func (Link) TableName() string { return "command_links" }

// Linked is the result of "link" and of what ends one.
type Linked struct {
	City   string `json:"city"`
	Linked bool   `json:"linked"`
}

// LinkCode is the result of "link new".
type LinkCode struct {
	Code    string    `json:"code" doc:"To send to the city's account: /link CODE"`
	Expires time.Time `json:"expires"`
}

// LinkList is the result of "links".
type LinkList struct {
	Links []LinkedChat `json:"links"`
}

// LinkedChat is a chat of an admin.
type LinkedChat struct {
	Link    int       `json:"link" doc:"The number for links remove."`
	Network string    `json:"network"`
	Admin   string    `json:"admin" doc:"The admin's address."`
	Since   time.Time `json:"since"`
}

// linkPurpose is db.Token's. codeLife is how long a code works; codeLetters has none that are easily taken for another.
const (
	linkPurpose = "chat"
	codeLife    = 15 * time.Minute
	codeLetters = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
	codeLength  = 10 // 50 bits, and few tries: see codeLimits
)

func newLink(ctx context.Context, c *Commands, call Call) (any, error) {
	if call.Actor.Admin == 0 {
		return nil, refuse(Forbidden, "refused-no-admin")
	}
	code := newCode()
	expires := db.Time(c.Now().Add(codeLife))
	token := db.Token{Hash: c.codeHash(call.City, code), Purpose: linkPurpose, AdminID: call.Actor.Admin, Data: "{}", ExpiresAt: expires}
	if err := c.DB.WithContext(ctx).Create(&token).Error; err != nil {
		return nil, err
	}
	return LinkCode{code, expires}, nil
}

// codeHash is that of a code as it was shown, or as somebody has typed it.
func (c *Commands) codeHash(city, code string) string {
	return c.Box.Digest("link "+city, strings.ToUpper(strings.TrimSpace(code)))
}

// codeLimits are the limits of tries with codes: at most 10 an hour by one person, and 100 in one city by all, half of them at once.
type codeLimits struct{ person, city *limits.Limiter }

func newCodeLimits(group *limits.Group) codeLimits {
	return codeLimits{
		person: group.New("commands.codes.person", limits.Rate{Burst: 5, Every: 12 * time.Minute}),
		city:   group.New("commands.codes.city", limits.Rate{Burst: 50, Every: 72 * time.Second}),
	}
}

func link(ctx context.Context, c *Commands, call Call) (any, error) {
	if !c.codes.person.Allow(call.City+" "+call.Actor.Network+" "+call.Actor.Person) || !c.codes.city.Allow(call.City) {
		return nil, refuse(TooMany, "refused-tries")
	}
	token, err := c.DB.UseToken(ctx, c.codeHash(call.City, call.Text("code")), linkPurpose)
	if errors.Is(err, db.ErrNotFound) {
		return nil, wrong("code", "refused-code")
	}
	if err != nil {
		return nil, err
	}
	newest, err := c.DB.Entries(ctx, call.City, 0, 1)
	if err != nil {
		return nil, err
	}
	row := Link{City: call.City, Network: call.Actor.Network, Person: c.personHash(call.City, call.Actor.Network, call.Actor.Person), AdminID: token.AdminID, CreatedAt: db.Time(c.Now())}
	row.Address = c.Box.Seal(addressCell(row), []byte(call.Actor.Person))
	if len(newest) > 0 {
		row.Told = newest[0].ID
	}
	err = c.Tables.WithContext(ctx).Clauses(clause.OnConflict{
		Columns: []clause.Column{{Name: "city"}, {Name: "network"}, {Name: "person"}}, DoUpdates: clause.AssignmentColumns([]string{"admin_id", "address", "told", "created_at"}),
	}).Create(&row).Error
	return Linked{call.City, true}, err
}

func (c *Commands) personHash(city, network, person string) string {
	return c.Box.Digest("linked person", city+" "+network+" "+person)
}

func addressCell(row Link) secret.Cell {
	return secret.Cell{Table: "command_links", Row: row.City + " " + row.Network + " " + row.Person, Column: "address"}
}

func unlink(ctx context.Context, c *Commands, call Call) (any, error) {
	err := c.Tables.WithContext(ctx).Where("city = ? AND network = ? AND person = ?", call.City, call.Actor.Network, c.personHash(call.City, call.Actor.Network, call.Actor.Person)).
		Delete(&Link{}).Error
	return Linked{call.City, false}, err
}

// linkOf returns the link of a person in a chat, and what its admin may do to the city now; Anyone if there is no link, or if the admin is none of the city's any more.
func (c *Commands) linkOf(ctx context.Context, city, network, person string) (row Link, level Level, err error) {
	var found []Link
	err = c.Tables.WithContext(ctx).Where("city = ? AND network = ? AND person = ?", city, network, c.personHash(city, network, person)).Find(&found).Error
	if err != nil || len(found) == 0 {
		return row, Anyone, err
	}
	level, err = c.levelIn(ctx, city, found[0].AdminID)
	return found[0], level, err
}

// levelIn is what an admin may do to a city now.
func (c *Commands) levelIn(ctx context.Context, city string, admin uint) (Level, error) {
	role, err := c.DB.RoleIn(ctx, city, admin)
	if errors.Is(err, db.ErrNotFound) {
		return Anyone, nil
	}
	return LevelOf(role), err
}

func links(ctx context.Context, c *Commands, call Call) (any, error) {
	var found []Link
	if err := c.Tables.WithContext(ctx).Where("city = ?", call.City).Order("id").Find(&found).Error; err != nil {
		return nil, err
	}
	list := LinkList{Links: []LinkedChat{}}
	for _, one := range found {
		admin, err := c.DB.AdminByID(ctx, one.AdminID)
		if errors.Is(err, db.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		list.Links = append(list.Links, LinkedChat{int(one.ID), one.Network, admin.Address, one.CreatedAt})
	}
	return list, nil
}

func removeLink(ctx context.Context, c *Commands, call Call) (any, error) {
	var found []Link
	if err := c.Tables.WithContext(ctx).Where("city = ? AND id = ?", call.City, call.Number("link")).Find(&found).Error; err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, &Refusal{Reason: NotFound, Param: "link", Say: "refused-no-link"}
	}
	if err := c.Tables.WithContext(ctx).Delete(&found[0]).Error; err != nil {
		return nil, err
	}
	c.tellUnlinked(ctx, found[0])
	return Linked{call.City, false}, nil
}
