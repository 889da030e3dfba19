package email

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"linienfunk/bots"
	"linienfunk/bots/chat"
	"linienfunk/bots/ending"
	"linienfunk/mail"
	"linienfunk/mail/text"
)

var _ ending.Mover = (*Bot)(nil)

// takenIn remembers that somebody has come to a city from another instance, so that whoever unsubscribes here does not come again with the same consent.
type takenIn struct {
	City   string `gorm:"primaryKey;size:32"`
	Person string `gorm:"primaryKey;size:32"` // as Subscriber.Person
	At     int64  `gorm:"not null;index"`     // seconds since 1970
}

// TableName is the table's name for gorm.
func (takenIn) TableName() string { return "email_taken_in" }

// takenInLife is longer than a consent counts.
const takenInLife = ending.ConsentLife + 24*time.Hour

// AskToMove implements ending.Mover.
func (b *Bot) AskToMove(ctx context.Context, name, to string) (int, error) {
	city, ok, err := b.core.Cities.City(ctx, name)
	if err != nil || !ok {
		return 0, errors.Join(err, errNoCity)
	}
	rows := b.store.db.Where("city = ? AND confirmed = ? AND move_asked <> ?", name, true, to)
	return b.mailOnce(ctx, city, rows, map[string]any{"move_asked": to}, func(s Subscriber, title string) (key, subject, body string) {
		return "move " + to, b.core.Pages.Text(city.Lang, "mail-move-subject", "City", title), b.core.Pages.Text(city.Lang, "mail-move", "City", title, "URL", to,
			"Take", b.link(name, "move", b.moveToken(s, to)), "Unsubscribe", b.link(name, "unsubscribe", b.unsubscribeToken(s)))
	})
}

// mailOnce mails the next of some subscribers and then notes it in their rows, which are not among those any more. If the program is killed in between, the queue knows the keys.
func (b *Bot) mailOnce(ctx context.Context, city bots.City, rows *gorm.DB, note map[string]any, write func(s Subscriber, title string) (key, subject, body string)) (int, error) {
	from, err := b.senderOf(ctx, city.Name)
	if err != nil {
		return 0, err
	}
	var page []Subscriber
	if err := rows.WithContext(ctx).Order("id").Limit(pageSize).Find(&page).Error; err != nil || len(page) == 0 {
		return 0, err
	}
	title := oneLine(city.Title, maxSubject)
	var mails []mail.Message
	var ids []uint64
	for _, s := range page {
		ids = append(ids, s.ID)
		address, err := b.store.open(s)
		if err != nil {
			b.core.Log.Error("subscriber skipped: the address cannot be decrypted", "city", city.Name, "err", err)
			continue
		}
		key, subject, body := write(s, title)
		mails = append(mails, mail.Message{
			Key: mailKey(key, s), From: from.from, Route: from.route, FromName: title, To: address, BounceID: bounceID(s), Subject: subject, Text: body + "\n",
			Header: b.listHeader(city.Name, b.link(city.Name, "unsubscribe", b.unsubscribeToken(s))), Expires: b.core.Now().Add(mail.Lifetime),
		})
	}
	if len(mails) > 0 {
		if err := b.mail.Queue.Enqueue(ctx, mails...); err != nil {
			return 0, fmt.Errorf("queue mails: %w", err)
		}
	}
	return len(page), b.store.db.WithContext(ctx).Model(&Subscriber{}).Where("id IN ?", ids).Updates(note).Error
}

// ForgetMove implements ending.Mover.
func (b *Bot) ForgetMove(ctx context.Context, city string) error {
	return b.store.db.WithContext(ctx).Model(&Subscriber{}).Where("city = ? AND move_to <> ''", city).Updates(map[string]any{"move_to": "", "move_at": 0}).Error
}

// consent notes whether a subscriber goes along to an address. It returns false if there is no such subscriber.
func (s store) consent(ctx context.Context, city, person, to string, goes bool) (bool, error) {
	values := map[string]any{"move_to": "", "move_at": 0}
	if goes {
		values = map[string]any{"move_to": to, "move_at": s.now().Unix()}
	}
	done := s.db.WithContext(ctx).Model(&Subscriber{}).Where("city = ? AND person = ? AND confirmed = ?", city, person, true).Updates(values)
	return done.RowsAffected > 0, done.Error
}

// consentOf returns what a subscriber has agreed to, or nil.
func consentOf(s Subscriber) *ending.Consent {
	if s.MoveTo == "" {
		return nil
	}
	return &ending.Consent{To: s.MoveTo, At: time.Unix(s.MoveAt, 0).UTC()}
}

// moving returns the subscriber of a link in a mail about the city's move. Otherwise it writes the answer and returns false.
func (b *Bot) moving(w http.ResponseWriter, r *http.Request) (Subscriber, bool) {
	city := bots.MountOf(r).City
	person, ok := b.readMove(city.Name, r.FormValue("t"), city.Moved)
	if !ok && city.Moved != "" {
		b.showLinkFailed(w, r, http.StatusNotFound, "link-unknown")
		return Subscriber{}, false
	}
	s, found, err := b.store.find(r.Context(), city.Name, person)
	switch {
	case err != nil:
		b.core.Log.Error("a subscriber who may go along is not found", "city", city.Name, "err", err)
		b.core.Pages.Failed(w, r, b.text(r, "try-again"))
	case city.Moved == "" || !found || !s.Confirmed:
		b.showLinkFailed(w, r, http.StatusGone, "link-gone")
	default:
		return s, true
	}
	return s, false
}

// showMove asks whether a subscriber goes along, or not any more.
func (b *Bot) showMove(w http.ResponseWriter, r *http.Request) {
	s, ok := b.moving(w, r)
	if !ok {
		return
	}
	mount := bots.MountOf(r)
	goes := s.MoveTo == mount.City.Moved
	question, button := "move-question", "move-button"
	if goes {
		question, button = "move-stays-question", "move-stays-button"
	}
	noStore(w)
	b.core.Pages.Page(w, r, http.StatusOK, b.text(r, "move-title"), "move.html", map[string]any{
		"Action": mount.Path + "/move", "Token": r.FormValue("t"), "URL": mount.City.Moved, "Host": hostOf(mount.City.Moved), "Goes": goes,
		"Question": b.text(r, question, "City", mount.City.Title, "Host", hostOf(mount.City.Moved)), "Button": b.text(r, button),
	})
}

// move notes whether a subscriber goes along.
func (b *Bot) move(w http.ResponseWriter, r *http.Request) {
	s, ok := b.moving(w, r)
	if !ok {
		return
	}
	city, goes := bots.MountOf(r).City, r.PostFormValue("goes") == "1"
	say := "move-noted"
	if !goes {
		say = "move-stays-noted"
	}
	switch found, err := b.store.consent(r.Context(), city.Name, s.Person, city.Moved, goes); {
	case err != nil:
		b.core.Log.Error("whether a subscriber goes along is not stored", "city", city.Name, "err", err)
		b.core.Pages.Failed(w, r, b.text(r, "try-again"))
	case !found:
		b.showLinkFailed(w, r, http.StatusGone, "link-gone")
	default:
		b.core.Pages.Done(w, r, b.text(r, say, "City", city.Title, "URL", city.Moved))
	}
}

func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	return u.Host
}

// TakeIn implements ending.Mover.
func (b *Bot) TakeIn(ctx context.Context, city string, list []ending.Arriving) (r ending.TakenIn, err error) {
	err = b.store.db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := tx.Where("at < ?", b.core.Now().Add(-takenInLife).Unix()).Delete(&takenIn{}).Error; err != nil {
			return err
		}
		for _, one := range list {
			came, valid, err := b.takeIn(tx, city, one)
			switch {
			case err != nil:
				return err
			case !valid:
				r.Invalid++
			case came:
				r.New++
			default:
				r.Known++
			}
		}
		return nil
	})
	if err != nil {
		return ending.TakenIn{}, fmt.Errorf("store subscribers: %w", err)
	}
	if r.New > 0 {
		b.core.Changed(city) // they may be the first ones
	}
	return r, nil
}

func (b *Bot) takeIn(tx *gorm.DB, city string, one ending.Arriving) (came, valid bool, err error) {
	address, err := text.ParseAddress(one.Address)
	if err != nil || b.ours(text.Domain(address)) {
		return false, false, nil
	}
	wants, err := chat.UnmarshalForeign(one.Wants)
	if err != nil {
		return false, false, nil
	}
	person, now := b.store.person(address), b.core.Now().Unix()
	marked := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&takenIn{City: city, Person: person, At: now})
	if marked.Error != nil || marked.RowsAffected == 0 {
		return false, true, marked.Error
	}
	known, err := b.store.known(tx, city, person)
	if err != nil || known.Confirmed {
		return false, true, err
	}
	if known.ID != 0 { // somebody has asked for it, and not confirmed it yet
		if err := tx.Delete(&known).Error; err != nil {
			return false, true, err
		}
	}
	return true, true, tx.Create(&Subscriber{
		City: city, Person: person, Address: b.store.box.Seal(addressCell(city, person), []byte(address)), Confirmed: true, AskedAt: now,
		Interest: b.store.sealInterest(city, person, wants), Welcome: true,
	}).Error
}

// Welcome implements ending.Mover.
func (b *Bot) Welcome(ctx context.Context, name string) (int, error) {
	city, ok, err := b.core.Cities.City(ctx, name)
	if err != nil || !ok {
		return 0, errors.Join(err, errNoCity)
	}
	rows := b.store.db.Where("city = ? AND confirmed = ? AND welcome = ?", name, true, true)
	return b.mailOnce(ctx, city, rows, map[string]any{"welcome": false}, func(s Subscriber, title string) (key, subject, body string) {
		return "welcome", b.core.Pages.Text(city.Lang, "mail-welcome-subject", "City", title), b.core.Pages.Text(city.Lang, "mail-welcome", "City", title, "Page", b.core.BaseURL+"/c/"+name,
			"Choose", b.link(name, "choose", b.chooseToken(s)), "Unsubscribe", b.link(name, "unsubscribe", b.unsubscribeToken(s)))
	})
}
