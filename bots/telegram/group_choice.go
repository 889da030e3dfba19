package telegram

import (
	"context"
	"slices"
	"time"

	"github.com/go-telegram/bot/models"
)

// chooseForGroup handles a command about which reports a group gets. Its admins choose, all members may see the choice.
func (h updateHandler) chooseForGroup(ctx context.Context, m *models.Message, c command) error {
	if c.args != "" || choiceCommands[c.name] == "all" {
		isAdmin, err := h.isByAdmin(ctx, m)
		if err != nil {
			h.core.Log.Info("a group's admins are not known", "city", h.row.City, "err", botError("read admins", err))
			return h.reply(ctx, placeOf(m), "unchecked")
		}
		if !isAdmin {
			return h.reply(ctx, placeOf(m), "stranger")
		}
	}
	return h.choose(ctx, m, c)
}

// Receiving waits for adminsWait at most, and asks once in adminsAge: in a group, many people can write.
const (
	adminsWait = 2 * time.Second // less than webhookTimeout
	adminsAge  = time.Minute
)

// groupAdmins are the admins of a group, as Telegram has listed them.
type groupAdmins struct {
	ids []int64
	at  time.Time
}

// isByAdmin reports whether an admin of the group wrote a message. Admins who write as their group have the group as sender.
func (h updateHandler) isByAdmin(ctx context.Context, m *models.Message) (bool, error) {
	if m.SenderChat != nil {
		return m.SenderChat.ID == m.Chat.ID, nil
	}
	if m.From == nil {
		return false, nil
	}
	h.mu.Lock()
	known := h.admins[m.Chat.ID]
	h.mu.Unlock()
	if age := h.core.Now().Sub(known.at); age < 0 || age > adminsAge {
		_, c, err := h.account(ctx, h.row.City)
		if err != nil {
			return false, err
		}
		ctx, cancel := context.WithTimeout(ctx, adminsWait)
		defer cancel()
		ids, err := c.adminsOf(ctx, m.Chat.ID)
		if err != nil {
			return false, err
		}
		known = groupAdmins{ids, h.core.Now()}
		h.mu.Lock()
		h.admins[m.Chat.ID] = known // only of groups that the city's admins have confirmed
		h.mu.Unlock()
	}
	return slices.Contains(known.ids, m.From.ID), nil
}
