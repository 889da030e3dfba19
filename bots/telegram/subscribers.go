package telegram

import (
	"context"
	"errors"
	"strconv"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"linienfunk/internal/secret"
)

// Kinds of chats, as Telegram calls them (https://core.telegram.org/bots/api#chat).
const (
	private    = "private"
	group      = "group"
	supergroup = "supergroup"
	channel    = "channel"
)

// Subscriber is a chat that gets a city's reports: a person's, or a group or channel that waits to be confirmed or is. A chat's
// number is a person's name to Telegram, so it is sealed; Person, a keyed hash of it, is there to find it.
type Subscriber struct {
	ID      uint64 `gorm:"primaryKey"`
	City    string `gorm:"size:32;not null;uniqueIndex:idx_telegram_subscribers_person,priority:1;index:idx_telegram_subscribers_page,priority:1"`
	Person  string `gorm:"size:32;not null;uniqueIndex:idx_telegram_subscribers_person,priority:2"`
	Chat    []byte `gorm:"not null"` // sealed
	Kind    string `gorm:"size:16;not null"`
	Title   []byte // sealed; of a group or channel
	Active  bool   `gorm:"not null;index:idx_telegram_subscribers_page,priority:2"` // gets reports; a group's messages may be reports
	Trouble string `gorm:"size:32;not null"`                                        // id of the text that says why the last message was not taken
	Recent  string `gorm:"not null"`                                                // of a group: see pace.history

	AllReports bool `gorm:"not null;default:false"` // of a group: every message is a report, not only commands and mentions
}

// maxPending is how many groups may wait to be confirmed: anybody can add the bot to a group.
const maxPending = 30

// person is the keyed hash of a chat's number. It differs between cities, so that nobody can be followed from one to another.
func (s store) person(city string, chat int64) string {
	return s.box.Digest("telegram chat", city+"/"+strconv.FormatInt(chat, 10))[:32]
}

func chatPlace(city, person, column string) secret.Cell {
	return secret.Cell{Table: "telegram_subscribers", Row: city + "/" + person, Column: column}
}

func (s store) sealChat(city string, chat int64) (person string, sealed []byte) {
	person = s.person(city, chat)
	return person, s.box.Seal(chatPlace(city, person, "chat"), []byte(strconv.FormatInt(chat, 10)))
}

// chat is the number that a row of subscribers or answers has sealed.
func (s store) chat(city, person string, sealed []byte) (int64, error) {
	plain, err := s.box.Open(chatPlace(city, person, "chat"), sealed)
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(string(plain), 10, 64)
}

func (s store) title(v Subscriber) string {
	plain, err := s.box.Open(chatPlace(v.City, v.Person, "title"), v.Title)
	if err != nil {
		return "?"
	}
	return string(plain)
}

// subscribe stores a person's chat. Who has subscribed already stays so.
func (s store) subscribe(ctx context.Context, city string, chat int64) error {
	v := Subscriber{City: city, Kind: private, Active: true}
	v.Person, v.Chat = s.sealChat(city, chat)
	return wrap("store subscriber", s.db.WithContext(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(&v).Error)
}

// forget removes a chat of any kind; one that is not there is no error.
func (s store) forget(ctx context.Context, city string, chat int64) error {
	return wrap("remove subscriber", s.db.WithContext(ctx).
		Where("city = ? AND person = ?", city, s.person(city, chat)).Delete(&Subscriber{}).Error)
}

// known returns the chat, and false if it is not there.
func (s store) known(ctx context.Context, city string, chat int64) (Subscriber, bool, error) {
	var found []Subscriber
	err := s.db.WithContext(ctx).Where("city = ? AND person = ?", city, s.person(city, chat)).Limit(1).Find(&found).Error
	if err != nil || len(found) == 0 {
		return Subscriber{}, false, wrap("read chat", err)
	}
	return found[0], true, nil
}

// offer stores a group or channel for the city's admins to confirm, or gives one that is there its new title. When too many wait,
// the oldest goes.
func (s store) offer(ctx context.Context, city string, chat int64, kind, title string) error {
	v := Subscriber{City: city, Kind: kind}
	v.Person, v.Chat = s.sealChat(city, chat)
	v.Title = s.box.Seal(chatPlace(city, v.Person, "title"), []byte(title))
	return wrap("store group", s.db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		err := tx.Clauses(clause.OnConflict{
			Columns:   []clause.Column{{Name: "city"}, {Name: "person"}},
			DoUpdates: clause.AssignmentColumns([]string{"title", "kind"}),
		}).Create(&v).Error
		if err != nil {
			return err
		}
		var pending []uint64
		err = tx.Model(&Subscriber{}).Where("city = ? AND active = ? AND kind <> ?", city, false, private).
			Order("id DESC").Offset(maxPending).Limit(maxPending).Pluck("id", &pending).Error
		if err != nil || len(pending) == 0 {
			return err
		}
		return tx.Where("id IN ?", pending).Delete(&Subscriber{}).Error
	}))
}

// groups lists a city's groups and channels, those first that wait.
func (s store) groups(ctx context.Context, city string) ([]Subscriber, error) {
	var rows []Subscriber
	err := s.db.WithContext(ctx).Where("city = ? AND kind <> ?", city, private).Order("active, id").Find(&rows).Error
	return rows, wrap("list groups", err)
}

// groupByID is a group of this city; errNoGroup if there is none.
func (s store) groupByID(ctx context.Context, city string, id uint64) (Subscriber, error) {
	var row Subscriber
	err := s.db.WithContext(ctx).Where("city = ? AND kind <> ? AND id = ?", city, private, id).Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return row, errNoGroup
	}
	return row, wrap("read group", err)
}

var errNoGroup = errors.New("no such group")

func (s store) change(ctx context.Context, v Subscriber, columns map[string]any) error {
	return wrap("change subscriber", s.db.WithContext(ctx).Model(&Subscriber{}).
		Where("city = ? AND id = ?", v.City, v.ID).Updates(columns).Error)
}

func (s store) remove(ctx context.Context, v Subscriber) error {
	return wrap("remove subscriber", s.db.WithContext(ctx).Where("city = ? AND id = ?", v.City, v.ID).Delete(&Subscriber{}).Error)
}

// migrate follows a group that became a supergroup, which has another number
// (https://core.telegram.org/bots/api#responseparameters). Updates and broadcasts hear of it, perhaps at the same time:
// doing it again does nothing.
func (s store) migrate(ctx context.Context, city string, from, to int64) error {
	old, ok, err := s.known(ctx, city, from)
	if err != nil || !ok {
		return err
	}
	person, sealed := s.sealChat(city, to)
	changes := map[string]any{
		"person": person, "chat": sealed, "kind": supergroup, "recent": "",
		"title": s.box.Seal(chatPlace(city, person, "title"), []byte(s.title(old))),
	}
	return wrap("follow group", s.db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		// That the bot is in the supergroup may have been heard of first, and the admins may have confirmed that.
		var twins []Subscriber
		if err := tx.Where("city = ? AND person = ? AND id <> ?", city, person, old.ID).Find(&twins).Error; err != nil {
			return err
		}
		for _, twin := range twins {
			if twin.Active {
				changes["active"] = true
			}
			if err := tx.Delete(&twin).Error; err != nil {
				return err
			}
		}
		return tx.Model(&Subscriber{}).Where("id = ?", old.ID).Updates(changes).Error
	}))
}

// count is how many people have subscribed.
func (s store) count(ctx context.Context, city string) (int64, error) {
	var count int64
	err := s.db.WithContext(ctx).Model(&Subscriber{}).Where("city = ? AND active = ? AND kind = ?", city, true, private).Count(&count).Error
	return count, wrap("count subscribers", err)
}

// page returns the next subscribers behind an id, in order: people, or groups and channels.
func (s store) page(ctx context.Context, city string, groups bool, after uint64, limit int) ([]Subscriber, error) {
	kind := "kind = ?"
	if groups {
		kind = "kind <> ?"
	}
	var page []Subscriber
	err := s.db.WithContext(ctx).Where("city = ? AND active = ? AND id > ?", city, true, after).Where(kind, private).
		Order("id").Limit(limit).Find(&page).Error
	return page, wrap("read subscribers", err)
}
