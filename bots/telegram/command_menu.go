package telegram

import (
	"context"

	"github.com/go-telegram/bot/models"

	"linienfunk/bots"
)

// commandMenu sets the bot's menu of commands at Telegram. Cities differ only in the language.
type commandMenu struct {
	lang string // of the menu that was set last
}

// update sets the menu unless it is set in the city's language. After an error the next call tries again; riders can report
// without a menu.
func (m *commandMenu) update(ctx context.Context, b *Bot, row Account, c *client) {
	city, known, err := b.core.Cities.City(ctx, row.City)
	if err != nil || !known || m.lang == city.Lang {
		return
	}
	err = b.setMenu(ctx, c, city.Lang)
	if err == nil || bots.AsError(err).Kind == bots.KindPermanent {
		m.lang = city.Lang
	}
	if err != nil && ctx.Err() == nil {
		b.core.Log.Info("the menu of commands is not set", "city", row.City, "err", err)
	}
}

// setMenu sets the commands of private chats, of groups and of groups' admins (https://core.telegram.org/bots/api#setmycommands). They get only those
// that work for them.
func (b *Bot) setMenu(ctx context.Context, c *client, lang string) error {
	text := func(id string) string { return b.core.Pages.Text(lang, id) }
	private := []models.BotCommand{
		{Command: "start", Description: text("menu-start")},
		{Command: "stop", Description: text("menu-stop")},
	}
	private = append(append(private, choiceMenu(text)...), models.BotCommand{Command: "help", Description: text("menu-help")})
	groups := []models.BotCommand{
		{Command: text("menu-report-command"), Description: text("menu-report")},
		{Command: "help", Description: text("menu-help")},
	}
	err := c.setCommands(ctx, &models.BotCommandScopeAllPrivateChats{}, private)
	if err == nil {
		err = c.setCommands(ctx, &models.BotCommandScopeAllGroupChats{}, groups)
	}
	if err == nil {
		err = c.setCommands(ctx, &models.BotCommandScopeAllChatAdministrators{}, append(groups, choiceMenu(text)...))
	}
	return botError("set menu", err)
}

// choiceMenu returns the commands by which a chat chooses its reports.
func choiceMenu(text func(id string) string) []models.BotCommand {
	return []models.BotCommand{
		{Command: text("menu-lines-command"), Description: text("menu-lines")},
		{Command: text("menu-stops-command"), Description: text("menu-stops")},
		{Command: text("menu-hours-command"), Description: text("menu-hours")},
		{Command: text("menu-days-command"), Description: text("menu-days")},
		{Command: text("menu-unplaced-command"), Description: text("menu-unplaced")},
		{Command: text("menu-all-command"), Description: text("menu-all")},
	}
}
