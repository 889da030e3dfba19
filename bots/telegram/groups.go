package telegram

import (
	"context"
	"errors"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// maxPendingGroups is how many groups of a city may wait to be confirmed: anybody can add the bot to a group.
const maxPendingGroups = 30

var errNoGroup = errors.New("no such group")

// title returns the name of a group or channel, "?" if it cannot be unsealed.
func (s store) title(v Subscriber) string {
	plain, err := s.box.Open(chatCell(v.City, v.ChatHash, "title"), v.Title)
	if err != nil {
		return "?"
	}
	return string(plain)
}

// addGroup stores a group or channel for the city's admins to confirm, or updates the title of one that is stored. Of those that
// wait, the oldest beyond maxPendingGroups are deleted.
func (s store) addGroup(ctx context.Context, city string, chat int64, kind, title string) error {
	v := Subscriber{City: city, Kind: kind}
	v.ChatHash, v.Chat = s.sealChat(city, chat)
	v.Title = s.box.Seal(chatCell(city, v.ChatHash, "title"), []byte(title))
	return wrap("store group", s.db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		err := tx.Clauses(clause.OnConflict{
			Columns:   []clause.Column{{Name: "city"}, {Name: "person"}},
			DoUpdates: clause.AssignmentColumns([]string{"title", "kind", "held_until"}), // an admin has no slow mode
		}).Create(&v).Error
		if err != nil {
			return err
		}
		var excess []uint64
		err = tx.Model(&Subscriber{}).Where("city = ? AND active = ? AND kind <> ?", city, false, private).
			Order("id DESC").Offset(maxPendingGroups).Limit(maxPendingGroups).Pluck("id", &excess).Error
		if err != nil || len(excess) == 0 {
			return err
		}
		return tx.Where("id IN ?", excess).Delete(&Subscriber{}).Error
	}))
}

// rename stores the title that a group or channel has now.
func (s store) rename(ctx context.Context, city string, chat int64, title string) error {
	hash := s.chatHash(city, chat)
	return wrap("rename group", s.db.WithContext(ctx).Model(&Subscriber{}).Where("city = ? AND person = ?", city, hash).
		Update("title", s.box.Seal(chatCell(city, hash, "title"), []byte(title))).Error)
}

// listGroups returns a city's groups and channels, first those that wait to be confirmed.
func (s store) listGroups(ctx context.Context, city string) ([]Subscriber, error) {
	var rows []Subscriber
	err := s.db.WithContext(ctx).Where("city = ? AND kind <> ?", city, private).Order("active, id").Find(&rows).Error
	return rows, wrap("list groups", err)
}

// group returns a group or channel of this city, or errNoGroup.
func (s store) group(ctx context.Context, city string, id uint64) (Subscriber, error) {
	var row Subscriber
	err := s.db.WithContext(ctx).Where("city = ? AND kind <> ? AND id = ?", city, private, id).Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return row, errNoGroup
	}
	return row, wrap("read group", err)
}

// holdGroup stores a pause that Telegram asked for in a group.
func (s store) holdGroup(ctx context.Context, city, chatHash string, until time.Time) error {
	return wrap("store pause of a group", s.db.WithContext(ctx).Model(&Subscriber{}).Where("city = ? AND person = ?", city, chatHash).
		Updates(map[string]any{"held_at": s.now().UnixMilli(), "held_until": until.UnixMilli()}).Error)
}

// migrateGroup changes the chat id of a group that became a supergroup
// (https://core.telegram.org/bots/api#responseparameters). Updates and broadcasts call it, perhaps at the same time; a repeated
// call changes nothing.
func (s store) migrateGroup(ctx context.Context, city string, from, to int64) error {
	old, ok, err := s.findChat(ctx, city, from)
	if err != nil || !ok {
		return err
	}
	hash, sealed := s.sealChat(city, to)
	changes := map[string]any{
		"person": hash, "chat": sealed, "kind": supergroup, "recent": "", "held_until": 0,
		"title": s.box.Seal(chatCell(city, hash, "title"), []byte(s.title(old))),
	}
	if wants, err := s.interest(old); err == nil {
		changes["interest"] = s.sealInterest(city, hash, wants)
	}
	return wrap("migrate group", s.db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		// An update may have added the supergroup before, and an admin may have confirmed that row.
		var duplicates []Subscriber
		if err := tx.Where("city = ? AND person = ? AND id <> ?", city, hash, old.ID).Find(&duplicates).Error; err != nil {
			return err
		}
		for _, duplicate := range duplicates {
			if duplicate.Active {
				changes["active"] = true
			}
			if err := tx.Delete(&duplicate).Error; err != nil {
				return err
			}
		}
		return tx.Model(&Subscriber{}).Where("id = ?", old.ID).Updates(changes).Error
	}))
}
