package telegram

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/go-telegram/bot/models"

	"linienfunk/bots"
	"linienfunk/bots/chat"
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
	groups := []models.BotCommand{
		{Command: text("menu-report-command"), Description: text("menu-report")},
		{Command: "help", Description: text("menu-help")},
	}
	err := c.setCommands(ctx, &models.BotCommandScopeAllPrivateChats{}, b.privateMenu(lang, chat.Rider))
	if err == nil {
		err = c.setCommands(ctx, &models.BotCommandScopeAllGroupChats{}, groups)
	}
	if err == nil {
		err = c.setCommands(ctx, &models.BotCommandScopeAllChatAdministrators{}, append(groups, choiceMenu(text)...))
	}
	return botError("set menu", err)
}

// privateMenu returns the bot's own commands, and those of the city that have other names: those that people of a role can write.
func (b *Bot) privateMenu(lang string, role chat.Role) []models.BotCommand {
	text := func(id string) string { return b.core.Pages.Text(lang, id) }
	help := models.BotCommand{Command: "help", Description: text("menu-help")}
	menu := []models.BotCommand{
		{Command: "start", Description: text("menu-start")},
		{Command: "stop", Description: text("menu-stop")},
	}
	menu = append(menu, choiceMenu(text)...)
	own := len(menu)
	for _, item := range b.commands.Menu(lang, role) {
		c := command{name: item.Word}
		if !c.isChoice() && !c.isHelp() && !c.isReport() {
			menu = append(menu, models.BotCommand{Command: item.Word, Description: item.Help})
		}
	}
	if role > chat.Rider { // what they need comes first
		menu = slices.Concat(menu[own:], menu[:own])
	}
	return append(menu[:min(len(menu), maxMenu-1)], help)
}

// maxMenu is how many commands Telegram takes (https://core.telegram.org/bots/api#setmycommands).
const maxMenu = 100

// chatMenus are the menus of private chats that this process has set or removed. A menu is set again after a restart, with the next answer.
type chatMenus struct {
	mu   sync.Mutex
	seen map[string]string // the language and the role, by city and chat; "" for the menu of riders
}

// maxSeen is how many chats are remembered.
const maxSeen = 1000

// update shows a person who runs the city the commands of their role, and everybody else those of riders. An error is logged only: what the menu names may be written without it.
func (m *chatMenus) update(ctx context.Context, b *Bot, c *client, r Reply, number int64, role chat.Role) {
	city, _, err := b.core.Cities.City(ctx, r.City)
	want := ""
	if role > chat.Rider {
		want = fmt.Sprintf("%s %d", city.Lang, role)
	}
	m.mu.Lock()
	have, known := m.seen[r.City+" "+r.ChatHash]
	m.mu.Unlock()
	if err != nil || known && have == want {
		return
	}
	scope := &models.BotCommandScopeChat{ChatID: number}
	if role > chat.Rider {
		err = c.setCommands(ctx, scope, b.privateMenu(city.Lang, role))
	} else {
		err = c.resetCommands(ctx, scope)
	}
	if err != nil {
		b.core.Log.Info("the menu of a chat is not set", "city", r.City, "err", botError("set menu", err))
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.seen == nil || len(m.seen) >= maxSeen {
		m.seen = map[string]string{}
	}
	m.seen[r.City+" "+r.ChatHash] = want
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
