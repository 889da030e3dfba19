package commands

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"linienfunk/bots"
	"linienfunk/bots/chat"
	"linienfunk/db"
	"linienfunk/internal/limits"
	"linienfunk/internal/secret"
)

// InfoPlace is where those who run a city hear together what others did and what is held: a group in a chat, or an address that several people read. All of them make the city's info channel.
type InfoPlace struct {
	ID        uint       `gorm:"primaryKey"`
	City      string     `gorm:"size:32;not null;uniqueIndex:idx_command_info_places_place,priority:1"`
	Network   string     `gorm:"size:32;not null;uniqueIndex:idx_command_info_places_place,priority:2"`
	Place     string     `gorm:"size:64;not null;uniqueIndex:idx_command_info_places_place,priority:3"` // a keyed digest
	Address   []byte     `gorm:"not null"`                                                              // of the place, sealed
	Shared    bool       `gorm:"not null"`                                                              // a group: the network says who of its members writes or presses a button
	Code      string     `gorm:"size:64;not null"`                                                      // a keyed digest of what confirms the address; empty once it is confirmed
	Expires   *time.Time // of the code
	Told      uint       `gorm:"not null"` // the number of the last report that was held of which it was told
	CreatedAt time.Time
}

// TableName is the table's name for gorm.
func (InfoPlace) TableName() string { return "command_info_places" }

// InfoChanged is the result of what changes where the city's team is told.
type InfoChanged struct {
	City      string `json:"city"`
	Place     int    `json:"place" doc:"The number for info remove; 0 for one that is none any more."`
	Confirmed bool   `json:"confirmed" doc:"False while the address was only asked, by a message."`
}

// InfoList is the result of "info".
type InfoList struct {
	Places []ListedPlace `json:"places"`
}

// ListedPlace is where the city's team is told.
type ListedPlace struct {
	Place     int       `json:"place" doc:"The number for info remove."`
	Network   string    `json:"network"`
	Title     string    `json:"title" doc:"The network's name for people."`
	Address   string    `json:"address" doc:"An address, or the number of a group."`
	Confirmed bool      `json:"confirmed" doc:"False while the address was only asked, by a message."`
	Since     time.Time `json:"since"`
}

const (
	maxPlaces    = 10             // of a city
	infoCodeLife = 24 * time.Hour // how long an address can be confirmed
)

// infoLimits are the limits of messages that ask an address: anybody could be asked.
type infoLimits struct{ city, address *limits.Limiter }

func newInfoLimits(group *limits.Group) infoLimits {
	return infoLimits{
		city:    group.New("commands.info.city", limits.Rate{Burst: 10, Every: 30 * time.Minute}),
		address: group.New("commands.info.address", limits.Rate{Burst: 3, Every: 6 * time.Hour}),
	}
}

func (c *Commands) placeHash(city, network, address string) string {
	return c.Box.Digest("info place", city+" "+network+" "+address)
}

func (c *Commands) infoCodeHash(city, network, code string) string {
	return c.Box.Digest("info code", city+" "+network+" "+strings.ToUpper(strings.TrimSpace(code)))
}

func placeCell(row InfoPlace) secret.Cell {
	return secret.Cell{Table: "command_info_places", Row: row.City + " " + row.Network + " " + row.Place, Column: "address"}
}

// newPlace returns a row that is not stored, which has heard of all that is held now.
func (c *Commands) newPlace(ctx context.Context, city, network, address string) (InfoPlace, error) {
	row := InfoPlace{City: city, Network: network, Place: c.placeHash(city, network, address), CreatedAt: db.Time(c.Now())}
	row.Address = c.Box.Seal(placeCell(row), []byte(address))
	newest, err := c.DB.Entries(ctx, city, 0, 1)
	if len(newest) > 0 {
		row.Told = newest[0].ID
	}
	return row, err
}

func (c *Commands) places(ctx context.Context, city string) (all []InfoPlace, err error) {
	err = c.Tables.WithContext(ctx).Where("city = ?", city).Order("id").Find(&all).Error
	return all, err
}

func listInfo(ctx context.Context, c *Commands, call Call) (any, error) {
	all, err := c.places(ctx, call.City)
	if err != nil {
		return nil, err
	}
	list := InfoList{Places: []ListedPlace{}}
	for _, row := range all {
		address, err := c.Box.Open(placeCell(row), row.Address)
		if err != nil {
			return nil, err
		}
		list.Places = append(list.Places, ListedPlace{int(row.ID), row.Network, c.title(call.Actor.Lang, row.Network), string(address), row.Code == "", row.CreatedAt})
	}
	return list, nil
}

// infoHere makes the group in which an owner writes one of the places.
func infoHere(ctx context.Context, c *Commands, call Call) (any, error) {
	if call.Actor.Group == "" {
		return nil, refuse(Conflict, "refused-no-group")
	}
	row, err := c.newPlace(ctx, call.City, call.Actor.Network, call.Actor.Group)
	if err != nil {
		return nil, err
	}
	row.Shared = true
	return c.addPlace(ctx, row)
}

// addPlace stores a place. One that is there already stays, and has the code of the new one, if it was not confirmed.
func (c *Commands) addPlace(ctx context.Context, row InfoPlace) (any, error) {
	err := c.Tables.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		var all []InfoPlace
		if err := tx.Where("city = ?", row.City).Find(&all).Error; err != nil {
			return err
		}
		for _, one := range all {
			switch {
			case one.Network != row.Network || one.Place != row.Place:
			case one.Code == "" || row.Code != "" && one.Code == row.Code:
				row = one
				return nil
			default:
				row.ID = one.ID
				return tx.Model(&InfoPlace{}).Where("id = ?", one.ID).Updates(map[string]any{"code": row.Code, "expires": row.Expires, "shared": row.Shared, "told": row.Told}).Error
			}
		}
		if len(all) >= maxPlaces {
			return refuse(TooMany, "refused-info-many", "Max", maxPlaces)
		}
		return tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&row).Error
	})
	if err != nil {
		return nil, err
	}
	return InfoChanged{row.City, int(row.ID), row.Code == ""}, nil
}

// addInfo asks an address whether it wants to be one of the places. Whoever reads it confirms by the button in the message, or by the command that it names.
func addInfo(ctx context.Context, c *Commands, call Call) (any, error) {
	name, address := call.Text("through"), call.Text("address")
	network := c.Networks[name]
	if network == nil {
		return nil, &Refusal{Reason: NotFound, Param: "through", Say: "refused-network", Pairs: []any{"Networks", strings.Join(c.NetworkNames(), ", ")}}
	}
	if !c.infos.city.Allow(call.City) || !c.infos.address.Allow(name+" "+strings.ToLower(address)) {
		return nil, refuse(TooMany, "refused-info-asked")
	}
	city, _, err := c.Settings.Get(ctx, call.City)
	if err != nil {
		return nil, err
	}
	row, err := c.newPlace(ctx, call.City, name, address)
	if err != nil {
		return nil, err
	}
	code := newCode()
	expires := db.Time(c.Now().Add(infoCodeLife))
	row.Code, row.Expires = c.infoCodeHash(call.City, name, code), &expires
	result, err := c.addPlace(ctx, row)
	if err != nil || result.(InfoChanged).Confirmed {
		return result, err
	}
	command := "/" + c.word(city.Lang, *c.byName["info confirm"]) + " " + code
	question := chat.Answer{Text: c.Text(city.Lang, "notice-info-asked", "City", city.Title, "Usage", command), Buttons: []chat.Button{{Label: c.Text(city.Lang, "button-info-confirm"), Command: command}}}
	if err := network.Tell(ctx, call.City, address, "info "+row.Code, question); err != nil {
		if bots.AsError(err).Kind != bots.KindPermanent {
			return nil, err
		}
		if err := c.Tables.WithContext(ctx).Where("id = ? AND code = ?", result.(InfoChanged).Place, row.Code).Delete(&InfoPlace{}).Error; err != nil {
			return nil, err
		}
		return nil, wrong("address", "refused-person", "Why", c.Translate(call.Actor.Lang, name, bots.AsError(err).Say))
	}
	return result, nil
}

// confirmInfo takes the code that an address was sent. Only who writes from there has read it.
func confirmInfo(ctx context.Context, c *Commands, call Call) (any, error) {
	if !c.codes.person.Allow(call.City+" "+call.Actor.Network+" "+call.Actor.Person) || !c.codes.city.Allow(call.City) {
		return nil, refuse(TooMany, "refused-tries")
	}
	var row InfoPlace
	err := c.Tables.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		err := tx.Where("city = ? AND network = ? AND code = ? AND expires > ?", call.City, call.Actor.Network, c.infoCodeHash(call.City, call.Actor.Network, call.Text("code")), db.Time(c.Now())).Take(&row).Error
		if errors.Is(err, gorm.ErrRecordNotFound) {
			return wrong("code", "refused-info-code")
		}
		if err != nil {
			return err
		}
		// The network may write the address in another way than whoever has typed it.
		confirmed := row
		confirmed.Place = c.placeHash(call.City, call.Actor.Network, call.Actor.Person)
		if err := tx.Where("city = ? AND network = ? AND place = ? AND id <> ?", row.City, row.Network, confirmed.Place, row.ID).Delete(&InfoPlace{}).Error; err != nil {
			return err
		}
		return tx.Model(&InfoPlace{}).Where("id = ?", row.ID).Updates(map[string]any{
			"place": confirmed.Place, "address": c.Box.Seal(placeCell(confirmed), []byte(call.Actor.Person)), "code": "", "expires": nil,
		}).Error
	})
	if err != nil {
		return nil, err
	}
	return InfoChanged{call.City, int(row.ID), true}, nil
}

// stopInfo ends that the place where somebody writes is told. In a group that is for owners, at an address for whoever reads it.
func stopInfo(ctx context.Context, c *Commands, call Call) (any, error) {
	place := call.Actor.Person
	if call.Actor.Group != "" {
		if place = call.Actor.Group; call.Actor.Level < Owner {
			return nil, refuse(Forbidden, "refused-level", "Level", Owner.String())
		}
	}
	err := c.Tables.WithContext(ctx).Where("city = ? AND network = ? AND place = ?", call.City, call.Actor.Network, c.placeHash(call.City, call.Actor.Network, place)).Delete(&InfoPlace{}).Error
	return InfoChanged{City: call.City}, err
}

func removeInfo(ctx context.Context, c *Commands, call Call) (any, error) {
	var found []InfoPlace
	if err := c.Tables.WithContext(ctx).Where("city = ? AND id = ?", call.City, call.Number("place")).Find(&found).Error; err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, &Refusal{Reason: NotFound, Param: "place", Say: "refused-no-place"}
	}
	row := found[0]
	if err := c.Tables.WithContext(ctx).Delete(&row).Error; err != nil {
		return nil, err
	}
	if city, _, err := c.Settings.Get(ctx, call.City); err == nil && row.Code == "" {
		to := recipient{name: fmt.Sprintf("place %d", row.ID), city: call.City, network: row.Network, lang: city.Lang, cell: placeCell(row), address: row.Address}
		c.deliver(context.WithoutCancel(ctx), to, notice{Answer: chat.Answer{Text: c.Text(city.Lang, "answer-info-stop"), Linked: true}, key: "removed"})
	}
	return InfoChanged{City: call.City}, nil
}

// movePlace gives a group that is one of the places its new name. If that is one already, the old one goes.
func (c *Commands) movePlace(ctx context.Context, city, network, from, to string) error {
	return c.Tables.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		var found []InfoPlace
		if err := tx.Where("city = ? AND network = ? AND place IN ?", city, network, []string{c.placeHash(city, network, from), c.placeHash(city, network, to)}).Find(&found).Error; err != nil {
			return err
		}
		for _, row := range found {
			switch {
			case row.Place == c.placeHash(city, network, to):
			case len(found) > 1:
				return tx.Delete(&row).Error
			default:
				row.Place = c.placeHash(city, network, to)
				row.Address = c.Box.Seal(placeCell(row), []byte(to))
				return tx.Save(&row).Error
			}
		}
		return nil
	})
}

// newCode returns a code that people can type.
func newCode() string {
	random := make([]byte, codeLength)
	_, _ = rand.Read(random) // never fails
	for i, b := range random {
		random[i] = codeLetters[int(b)%len(codeLetters)]
	}
	return string(random)
}
