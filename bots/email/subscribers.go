package email

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-gormigrate/gormigrate/v2"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"linienfunk/bots/chat"
	"linienfunk/db"
	"linienfunk/internal/secret"
	"linienfunk/mail/inbound"
)

// Subscriber is an address with a subscription to a city's reports. Only confirmed ones get reports.
type Subscriber struct {
	ID        uint64 `gorm:"primaryKey"`
	City      string `gorm:"size:32;not null;uniqueIndex:idx_email_subscriber,priority:1;index:idx_email_page,priority:1"`
	Person    string `gorm:"size:32;not null;uniqueIndex:idx_email_subscriber,priority:2;index"` // keyed hash of the address
	Address   []byte `gorm:"not null"`                                                           // sealed
	Confirmed bool   `gorm:"not null;index:idx_email_page,priority:2"`
	AskedAt   int64  `gorm:"not null;index"`     // when the last mail about the subscription was sent, seconds since 1970
	Asks      int    `gorm:"not null;default:0"` // how many such mails were sent
	Interest  []byte // sealed: a chat.Interest; NULL for everything

	MoveAsked string `gorm:"size:200;not null;default:''"` // the address about which the subscriber was asked last whether they go along: see ending.Mover
	MoveTo    string `gorm:"size:200;not null;default:''"` // the one that they go along to
	MoveAt    int64  `gorm:"not null;default:0"`           // since when they want to, seconds since 1970
	Welcome   bool   `gorm:"not null;default:false"`       // came from another instance, and was not told yet
}

// bounceID identifies a subscription for Bounced.
func bounceID(s Subscriber) string { return s.City + " " + s.Person }

func migrations() []*gormigrate.Migration {
	// The option "enabled" was a table once.
	type Option struct {
		City string `gorm:"primaryKey;size:32"`
		Off  bool   `gorm:"not null"`
	}
	return []*gormigrate.Migration{{
		ID:      "1-subscribers",
		Migrate: func(tx *gorm.DB) error { return tx.AutoMigrate(&Subscriber{}, &Option{}) },
	}, {
		ID:      "2-asks",
		Migrate: func(tx *gorm.DB) error { return tx.AutoMigrate(&Subscriber{}) },
	}, {
		ID: "3-options",
		Migrate: func(tx *gorm.DB) error {
			var rows []Option
			if err := tx.Where("off = ?", true).Find(&rows).Error; err != nil {
				return err
			}
			for _, row := range rows {
				if err := db.KeepOptions(tx, row.City, map[string]any{"enabled": false}); err != nil {
					return err
				}
			}
			return tx.Migrator().DropTable(&Option{})
		},
	}, {
		ID:      "4-mailboxes",
		Migrate: func(tx *gorm.DB) error { return tx.AutoMigrate(&Mailbox{}) },
	}, {
		ID:      "5-greylist",
		Migrate: func(tx *gorm.DB) error { return tx.AutoMigrate(&inbound.Greylist{}) },
	}, {
		ID:      "6-submission",
		Migrate: func(tx *gorm.DB) error { return tx.AutoMigrate(&Mailbox{}) },
	}, {
		ID:      "7-interests",
		Migrate: func(tx *gorm.DB) error { return tx.AutoMigrate(&Subscriber{}) },
	}, {
		ID:      "8-notices",
		Migrate: func(tx *gorm.DB) error { return tx.AutoMigrate(&Notice{}) },
	}, {
		ID:      "9-folders",
		Migrate: func(tx *gorm.DB) error { return tx.AutoMigrate(&Mailbox{}) },
	}, {
		ID:      "10-moves",
		Migrate: func(tx *gorm.DB) error { return tx.AutoMigrate(&Subscriber{}, &takenIn{}) },
	}}
}

type store struct {
	db  *gorm.DB
	box *secret.Box
	now func() time.Time
}

// Limits of subscribing.
const (
	confirmTime         = 48 * time.Hour   // how long a confirmation link works
	mailInterval        = 10 * time.Minute // between two mails about a subscription to one address for one city
	ignoredInterval     = 24 * time.Hour   // the same, after ignoredMails that were not confirmed
	ignoredMails        = 2
	maxMailsPerAddress  = 3   // such mails to one address within mailInterval, over all cities
	maxMailsPerCityHour = 120 // such mails of one city within an hour
	spareMails          = 120 // more such mails, for networks that have caused none within the hour
)

var errBusy = errors.New("too many subscriptions of this city within an hour")

func (s store) person(address string) string { return s.box.Digest("email subscriber", address)[:32] }

func addressCell(city, person string) secret.Cell {
	return secret.Cell{Table: "email_subscribers", Row: city + "/" + person, Column: "address"}
}

func (s store) open(v Subscriber) (string, error) {
	address, err := s.box.Open(addressCell(v.City, v.Person), v.Address)
	return string(address), err
}

func interestCell(city, person string) secret.Cell {
	return secret.Cell{Table: "email_subscribers", Row: city + "/" + person, Column: "interest"}
}

// interest returns what a subscriber wants.
func (s store) interest(v Subscriber) (chat.Interest, error) {
	if len(v.Interest) == 0 {
		return chat.Interest{}, nil
	}
	text, err := s.box.Open(interestCell(v.City, v.Person), v.Interest)
	if err != nil {
		return chat.Interest{}, err
	}
	return chat.UnmarshalInterest(text)
}

func (s store) sealInterest(city, person string, i chat.Interest) []byte {
	if i.IsZero() {
		return nil
	}
	return s.box.Seal(interestCell(city, person), i.Marshal())
}

// setInterest returns false if there is no such subscriber.
func (s store) setInterest(ctx context.Context, city, person string, i chat.Interest) (bool, error) {
	done := s.db.WithContext(ctx).Model(&Subscriber{}).Where("city = ? AND person = ?", city, person).Update("interest", s.sealInterest(city, person, i))
	if done.Error != nil {
		return false, fmt.Errorf("store interest: %w", done.Error)
	}
	return done.RowsAffected > 0, nil
}

// request stores a subscriber that is not confirmed, unless there is one, and says whether a mail about it is due. What an address wants that is not
// confirmed yet may be asked for again; of a confirmed one, anybody could change it. errBusy does not depend on
// the address: it would reveal who subscribes. spare is how many mails above maxMailsPerCityHour the city may send.
func (s store) request(ctx context.Context, city, address string, wants chat.Interest, spare int64) (v Subscriber, due bool, err error) {
	now, person := s.now(), s.person(address)
	err = s.db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := s.prune(tx); err != nil {
			return err
		}
		var asked int64
		err := tx.Model(&Subscriber{}).Where("city = ? AND asked_at > ?", city, now.Add(-time.Hour).Unix()).Count(&asked).Error
		if err != nil {
			return err
		}
		if asked >= maxMailsPerCityHour+spare {
			return errBusy
		}
		var recent []Subscriber
		err = tx.Where("person = ? AND asked_at > ?", person, now.Add(-mailInterval).Unix()).Find(&recent).Error
		if err != nil {
			return err
		}
		due = len(recent) < maxMailsPerAddress
		known, err := s.known(tx, city, person)
		if err != nil {
			return err
		}
		interval := mailInterval
		if !known.Confirmed && known.Asks >= ignoredMails {
			interval = ignoredInterval
		}
		due = due && known.AskedAt <= now.Add(-interval).Unix()
		if v, err = s.upsert(tx, city, person, address, due); err != nil || v.Confirmed {
			return err
		}
		return tx.Model(&Subscriber{}).Where("city = ? AND person = ? AND confirmed = ?", city, person, false).Update("interest", s.sealInterest(city, person, wants)).Error
	})
	if err != nil && !errors.Is(err, errBusy) {
		err = fmt.Errorf("store subscriber: %w", err)
	}
	return v, due, err
}

func (s store) upsert(tx *gorm.DB, city, person, address string, mailed bool) (Subscriber, error) {
	v := Subscriber{City: city, Person: person, Address: s.box.Seal(addressCell(city, person), []byte(address))}
	err := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&v).Error
	if err == nil && mailed {
		err = tx.Model(&Subscriber{}).Where("city = ? AND person = ?", city, person).
			Updates(map[string]any{"asked_at": s.now().Unix(), "asks": gorm.Expr("asks + 1")}).Error
	}
	if err != nil {
		return v, err
	}
	return s.known(tx, city, person)
}

// known returns the zero Subscriber if there is none.
func (s store) known(tx *gorm.DB, city, person string) (found Subscriber, err error) {
	err = tx.Where("city = ? AND person = ?", city, person).Limit(1).Find(&found).Error
	return found, err
}

// undoRequest uncounts a mail that could not be sent, so that the person can try again at once.
func (s store) undoRequest(ctx context.Context, v Subscriber) error {
	err := s.db.WithContext(ctx).Model(&Subscriber{}).Where("city = ? AND person = ?", v.City, v.Person).
		Updates(map[string]any{"asked_at": 0, "asks": gorm.Expr("asks - 1")}).Error
	if err != nil {
		return fmt.Errorf("update subscriber: %w", err)
	}
	return nil
}

// prune deletes subscriptions that were not confirmed in time.
func (s store) prune(tx *gorm.DB) error {
	return tx.Where("confirmed = ? AND asked_at < ?", false, s.now().Add(-confirmTime-time.Hour).Unix()).
		Delete(&Subscriber{}).Error
}

// find returns false if there is no such subscriber.
func (s store) find(ctx context.Context, city, person string) (Subscriber, bool, error) {
	var found []Subscriber
	err := s.db.WithContext(ctx).Where("city = ? AND person = ?", city, person).Limit(1).Find(&found).Error
	if err != nil {
		return Subscriber{}, false, fmt.Errorf("read subscriber: %w", err)
	}
	if len(found) == 0 {
		return Subscriber{}, false, nil
	}
	return found[0], true, nil
}

// confirm returns false if there is no such subscriber. It may be repeated.
func (s store) confirm(ctx context.Context, city, person string) (bool, error) {
	done := s.db.WithContext(ctx).Model(&Subscriber{}).Where("city = ? AND person = ?", city, person).
		Update("confirmed", true)
	if done.Error != nil {
		return false, fmt.Errorf("confirm subscriber: %w", done.Error)
	}
	return done.RowsAffected > 0, nil
}

// citiesWithReaders returns the cities that have a confirmed subscriber.
func (s store) citiesWithReaders(ctx context.Context) (map[string]bool, error) {
	var names []string
	if err := s.db.WithContext(ctx).Model(&Subscriber{}).Where("confirmed = ?", true).Distinct().Pluck("city", &names).Error; err != nil {
		return nil, fmt.Errorf("list cities with subscribers: %w", err)
	}
	cities := make(map[string]bool, len(names))
	for _, name := range names {
		cities[name] = true
	}
	return cities, nil
}

// remove deletes a subscriber, if there is one.
func (s store) remove(ctx context.Context, city, person string) error {
	err := s.db.WithContext(ctx).Where("city = ? AND person = ?", city, person).Delete(&Subscriber{}).Error
	if err != nil {
		return fmt.Errorf("remove subscriber: %w", err)
	}
	return nil
}

// page returns up to limit confirmed subscribers whose ID is above after, in order.
func (s store) page(ctx context.Context, city string, after uint64, limit int) ([]Subscriber, error) {
	var page []Subscriber
	err := s.db.WithContext(ctx).Where("city = ? AND confirmed = ? AND id > ?", city, true, after).
		Order("id").Limit(limit).Find(&page).Error
	if err != nil {
		return nil, fmt.Errorf("read subscribers: %w", err)
	}
	return page, nil
}

func (s store) count(ctx context.Context, city string) (int64, error) {
	var count int64
	err := s.db.WithContext(ctx).Model(&Subscriber{}).Where("city = ? AND confirmed = ?", city, true).Count(&count).Error
	if err != nil {
		return 0, fmt.Errorf("count subscribers: %w", err)
	}
	return count, nil
}
