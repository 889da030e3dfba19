package telegram

import (
	"context"
	"errors"

	"github.com/go-telegram/bot/models"

	"linienfunk/bots"
	"linienfunk/bots/kit"
	"linienfunk/report"
)

// Announce implements ending.Announcer. Messages are sent as those of a report, to all subscribers.
func (b *Bot) Announce(ctx context.Context, city, key, text, at string) (string, error) {
	from, err := parseCursor(at)
	if err != nil {
		return "", err
	}
	row, c, err := b.account(ctx, city)
	if errors.Is(err, kit.ErrNoAccount) {
		return "", nil
	}
	if err != nil {
		return at, err
	}
	if rest := b.resumePause(row); rest > 0 {
		return at, bots.RetryAfter(rest, "error-too-many", errors.New("Telegram asked for a pause"))
	}
	p := newBroadcastPage(b, c, row, report.Report{City: city, ID: key, At: b.core.Now()})
	p.announces = true
	if err := p.load(ctx, from); err != nil {
		return at, err
	}
	p.text = text
	err = p.send(ctx)
	reached, _ := p.progress(from)
	switch {
	case err != nil && reached == from:
		return at, err
	case err != nil, len(p.subscribers) == b.limits.pageSize:
		return reached.String(), err
	case !from.groups:
		return cursor{groups: true}.String(), nil
	}
	return "", nil
}

// Leave implements ending.Leaver: the bot stays its owner's, without this program's menu and webhook.
func (b *Bot) Leave(ctx context.Context, city string) error {
	_, token, err := b.accounts.Load(ctx, city)
	if errors.Is(err, kit.ErrNoAccount) {
		return nil
	}
	if err == nil {
		b.removeMenus(ctx, city, token)
	}
	return b.pages.Leave(ctx, city)
}

func (b *Bot) removeMenus(ctx context.Context, city, token string) {
	c, err := b.newClient(token)
	for _, scope := range []models.BotCommandScope{&models.BotCommandScopeAllPrivateChats{}, &models.BotCommandScopeAllGroupChats{}, &models.BotCommandScopeAllChatAdministrators{}} {
		if err == nil {
			err = c.resetCommands(ctx, scope)
		}
	}
	if err != nil {
		b.core.Log.Warn("menus not removed at Telegram", "city", city, "err", botError("remove menus", err))
	}
}
