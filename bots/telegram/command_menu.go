package telegram

import (
	"context"

	tg "github.com/go-telegram/bot"
	"github.com/go-telegram/bot/models"

	"linienfunk/bots"
)

// menu is what a bot's menu of commands says; only the language differs between cities.
type menu struct{ lang string }

// keep sets the menu that riders see, unless it is set in the city's language. What goes wrong is tried again with the next look;
// nobody needs the menu to report.
func (m *menu) keep(ctx context.Context, b *Bot, row Account, c *client) {
	city, known, err := b.core.Cities.City(ctx, row.City)
	if err != nil || !known || m.lang == city.Lang {
		return
	}
	err = b.setMenu(ctx, c, city.Lang)
	if err == nil || bots.AsError(err).Kind == bots.KindPermanent {
		m.lang = city.Lang
	}
	if err != nil && ctx.Err() == nil {
		b.core.Log.Info("the menu of commands is not set", "city", row.City, "error", err)
	}
}

// setMenu sets the commands for private chats and those for groups
// (https://core.telegram.org/bots/api#setmycommands). In groups those alone are shown that make sense there.
func (b *Bot) setMenu(ctx context.Context, c *client, lang string) error {
	text := func(id string) string { return b.core.Pages.Text(lang, id) }
	private := []models.BotCommand{
		{Command: "start", Description: text("menu-start")},
		{Command: "stop", Description: text("menu-stop")},
		{Command: "help", Description: text("menu-help")},
	}
	groups := []models.BotCommand{
		{Command: text("menu-report-command"), Description: text("menu-report")},
		{Command: "help", Description: text("menu-help")},
	}
	err := c.menu(ctx, &models.BotCommandScopeAllPrivateChats{}, private)
	if err == nil {
		err = c.menu(ctx, &models.BotCommandScopeAllGroupChats{}, groups)
	}
	return explain("set menu", err)
}

func (c *client) menu(ctx context.Context, scope models.BotCommandScope, commands []models.BotCommand) error {
	ctx, cancel := context.WithTimeout(ctx, c.calls)
	defer cancel()
	_, err := c.SetMyCommands(ctx, &tg.SetMyCommandsParams{Commands: commands, Scope: scope})
	return err
}
