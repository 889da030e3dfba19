package telegram

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-telegram/bot/models"

	"linienfunk/bots"
)

// handle dispatches an update. After an error it has to be called again with the same update; handling an update twice is harmless.
func (b *Bot) handle(ctx context.Context, row Account, u *models.Update, out bots.Out) error {
	city, known, err := b.core.Cities.City(ctx, row.City)
	if err != nil {
		return fmt.Errorf("look up city: %w", err)
	}
	if !known {
		return errors.New("the city was removed")
	}
	h := updateHandler{b, row, city, out}
	if u.MyChatMember != nil {
		return h.membership(ctx, u.MyChatMember)
	}
	if u.CallbackQuery != nil {
		return h.press(ctx, u.CallbackQuery)
	}
	m := u.Message
	switch {
	case m == nil:
		return nil
	case m.MigrateToChatID != 0:
		return h.migrated(ctx, m.Chat.ID, m.MigrateToChatID)
	case m.MigrateFromChatID != 0:
		return h.migrated(ctx, m.MigrateFromChatID, m.Chat.ID)
	}
	return h.message(ctx, m)
}

// migrated handles that a group has become a supergroup, with another id.
func (h updateHandler) migrated(ctx context.Context, from, to int64) error {
	if err := h.commands.Moved(ctx, h.row.City, groupOf(chatOf(models.Chat{ID: from})), groupOf(chatOf(models.Chat{ID: to}))); err != nil {
		return err
	}
	if err := h.store.migrateGroup(ctx, h.row.City, from, to); err != nil {
		return err
	}
	return h.places.Outdated(ctx, h.row.City)
}

// membership handles a change of the bot's status in a chat: added, made admin, removed, blocked by a user
// (https://core.telegram.org/bots/api#chatmemberupdated).
func (h updateHandler) membership(ctx context.Context, u *models.ChatMemberUpdated) error {
	status := u.NewChatMember
	removed := status.Type == models.ChatMemberTypeLeft || status.Type == models.ChatMemberTypeBanned
	switch string(u.Chat.Type) {
	case private:
		if removed {
			return h.store.removeChat(ctx, h.row.City, u.Chat.ID)
		}
		// Telegram's apps for phones send /start when a user unblocks a bot; those for the desktop do not.
		if u.OldChatMember.Type == models.ChatMemberTypeBanned {
			return h.reply(ctx, chatOf(u.Chat), unblocked)
		}
		return nil
	case channel:
		removed = removed || status.Administrator == nil || !status.Administrator.CanPostMessages
	case group, supergroup:
		removed = removed || status.Restricted != nil && !status.Restricted.IsMember
	default:
		return nil
	}
	if removed {
		if err := h.store.removeChat(ctx, h.row.City, u.Chat.ID); err != nil {
			return err
		}
		return h.places.Outdated(ctx, h.row.City)
	}
	if err := h.store.addGroup(ctx, h.row.City, u.Chat.ID, string(u.Chat.Type), u.Chat.Title); err != nil {
		return err
	}
	h.wakeUp(h.row.City) // what waits for the group may leave now
	return h.places.Outdated(ctx, h.row.City)
}
