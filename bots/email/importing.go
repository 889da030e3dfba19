package email

import (
	"context"
	"fmt"
	"strings"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"linienfunk/bots"
	"linienfunk/bots/importing"
	"linienfunk/bots/kit"
	"linienfunk/db"
	"linienfunk/mail"
)

var _ importing.Network = (*Bot)(nil)

// Import implements importing.Network: subscribers who have confirmed their address. The old programs stored most of them only then.
func (b *Bot) Import(ctx context.Context, tx *gorm.DB, city string, old importing.City) (r importing.Result, err error) {
	query := "SELECT * FROM mailinglist WHERE user_id = ?"
	if old.Program == importing.Kibicara {
		query = "SELECT * FROM email_subscribers WHERE hood = ?"
	}
	s := b.store
	s.db = db.In(ctx, b.core.DB, tx)
	var people []Subscriber
	unconfirmed, invalid := 0, 0
	err = old.Each(ctx, func(row importing.Row) error {
		if row.Has("confirmed") && !row.On("confirmed") {
			unconfirmed++
			return nil
		}
		address, err := mail.Address(strings.ToLower(row.Text("email")))
		if err != nil || b.ours(address[strings.LastIndexByte(address, '@')+1:]) {
			invalid++
			return nil
		}
		person := s.person(address)
		people = append(people, Subscriber{City: city, Person: person, Address: s.box.Seal(addressCell(city, person), []byte(address)), Confirmed: true, AskedAt: s.now().Unix()})
		return nil
	}, query, old.ID)
	if err != nil {
		return r, err
	}
	if len(people) > 0 {
		if err := s.db.Clauses(clause.OnConflict{DoNothing: true}).CreateInBatches(people, 200).Error; err != nil {
			return r, fmt.Errorf("store subscribers: %w", err)
		}
		n, err := s.count(ctx, city)
		if err != nil {
			return r, err
		}
		r.Bring(int(n), "subscribers by mail")
		if twice := len(people) - int(n); twice > 0 {
			r.Lose("subscribers by mail who are there twice: %d", twice)
		}
	}
	if unconfirmed > 0 {
		r.Lose("subscribers by mail who have not confirmed their address: %d", unconfirmed)
	}
	if invalid > 0 {
		r.Lose("subscribers by mail whose address cannot get mail from here: %d", invalid)
	}
	return r, b.loseAddress(ctx, city, old, &r)
}

// loseAddress says that a city's address changes, as far as the old database has it.
func (b *Bot) loseAddress(ctx context.Context, city string, old importing.City, r *importing.Result) error {
	if old.Program != importing.Kibicara {
		r.Lose("mail to the old address is not read: the city's is %s now", b.address(city))
		return nil
	}
	hoods, err := old.All(ctx, "SELECT * FROM hoods WHERE id = ?", old.ID)
	if err != nil {
		return err
	}
	if len(hoods) > 0 && hoods[0].Has("email_enabled") && !hoods[0].On("email_enabled") {
		r.Options = bots.Options{kit.Enabled: false}
		r.Lose("mail was switched off, and stays so until it is switched on in the settings")
	}
	addresses, err := old.All(ctx, "SELECT * FROM email WHERE hood = ?", old.ID)
	if len(addresses) > 0 {
		r.Lose("mail to the old address is not read: the city's is %s now", b.address(city))
	}
	return err
}
