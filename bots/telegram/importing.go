package telegram

import (
	"context"
	"regexp"
	"strconv"

	"github.com/go-telegram/bot/models"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"linienfunk/bots"
	"linienfunk/bots/importing"
	"linienfunk/bots/kit"
	"linienfunk/db"
	"linienfunk/report"
)

var _ importing.Network = (*Bot)(nil)

// oldBot is what an older program has stored of a city's bot.
type oldBot struct {
	token, username string
	enabled         bool
	welcome         string
	update          int64 // that was handled last
	chats           []int64
}

// tokenForm is the form of a token; the number is the bot's id (https://core.telegram.org/bots/api#authorizing-your-bot).
var tokenForm = regexp.MustCompile(`^([0-9]{1,18}):[A-Za-z0-9_-]{20,}$`)

// Import implements importing.Network.
func (b *Bot) Import(ctx context.Context, tx *gorm.DB, city string, old importing.City) (r importing.Result, err error) {
	var all []oldBot
	if old.Program == importing.Kibicara {
		all, err = kibicaraBots(ctx, old)
	} else {
		all, err = ticketfreiBots(ctx, old)
	}
	if err != nil || len(all) == 0 {
		return r, err
	}
	if len(all) > 1 {
		r.Lose("further bots on Telegram (%d) with their subscribers: a city has one here, and the newest one that is switched on comes along", len(all)-1)
	}
	one := all[0]
	match := tokenForm.FindStringSubmatch(one.token)
	if match == nil {
		if one.token != "" || len(one.chats) > 0 {
			r.Lose("the bot on Telegram and its subscribers (%d): it has no valid token", len(one.chats))
		}
		return r, nil
	}
	id, _ := strconv.ParseInt(match[1], 10, 64) // the form has checked it
	handle := db.In(ctx, b.core.DB, tx)
	rows := b.accounts
	rows.DB = handle
	row := newAccount(b.core.Box, city, &models.User{ID: id, Username: one.username, FirstName: one.username})
	row.LastUpdate, row.LastUpdateAt = one.update, min(old.Modified.Unix(), b.core.Now().Unix())
	var taken int64
	if err := handle.Model(&Account{}).Where("bot_id = ?", id).Count(&taken).Error; err != nil {
		return r, wrap("look for bot", err)
	}
	if taken > 0 {
		r.Lose("the bot on Telegram and its subscribers (%d): another city has connected it", len(one.chats))
		return r, nil
	}
	if err := rows.Connect(ctx, row, one.token); err != nil {
		return r, err
	}
	r.Bring(1, "bots on Telegram")
	if !one.enabled {
		r.Options = bots.Options{kit.Enabled: false}
		r.Lose("the bot on Telegram was switched off, and stays so until it is switched on in the settings")
	}
	if one.welcome != "" {
		if r.Options == nil {
			r.Options = bots.Options{}
		}
		r.Options["welcome"] = report.Cut(report.Clean(one.welcome), maxReply)
		r.Bring(1, "welcome messages on Telegram")
	}
	return r, b.importChats(ctx, handle, city, one.chats, &r)
}

// importChats stores subscribers. Groups are no subscribers here until an admin has confirmed them.
func (b *Bot) importChats(ctx context.Context, handle *gorm.DB, city string, chats []int64, r *importing.Result) error {
	s := b.store
	s.db = handle
	var people []Subscriber
	groups := 0
	for _, id := range chats {
		if id <= 0 { // of groups and channels (https://core.telegram.org/bots/api#chat)
			groups++
			continue
		}
		v := Subscriber{City: city, Kind: private, Active: true}
		v.ChatHash, v.Chat = s.sealChat(city, id)
		people = append(people, v)
	}
	if groups > 0 {
		r.Lose("groups on Telegram (%d): add the bot there once more, and an admin confirms it in the settings", groups)
	}
	if len(people) == 0 {
		return nil
	}
	done := handle.Clauses(clause.OnConflict{DoNothing: true}).CreateInBatches(people, 200)
	if done.Error != nil {
		return wrap("store subscribers", done.Error)
	}
	n, err := s.countPrivate(ctx, city)
	r.Bring(int(n), "subscribers on Telegram")
	return err
}

func ticketfreiBots(ctx context.Context, old importing.City) (all []oldBot, err error) {
	var update int64
	err = old.Each(ctx, func(row importing.Row) error { update = max(update, row.Number("tg_id")); return nil }, "SELECT * FROM seen_telegrams WHERE user_id = ?", old.ID)
	if err != nil {
		return nil, err
	}
	chats, err := oldChats(ctx, old, "subscriber_id", "SELECT * FROM telegram_subscribers WHERE user_id = ?", old.ID)
	if err != nil {
		return nil, err
	}
	err = old.Each(ctx, func(row importing.Row) error {
		token := row.Text("apikey")
		if token == "" {
			token = row.Text("api_token") // as it was called for a while
		}
		if token != "" || len(all) == 0 { // each user has an empty row
			all = append(all, oldBot{token: token, enabled: row.On("active"), update: update, chats: chats})
		}
		return nil
	}, "SELECT * FROM telegram_accounts WHERE user_id = ? ORDER BY active DESC, id DESC", old.ID)
	if len(all) > 1 && all[0].token == "" {
		all = all[1:]
	}
	return all, err
}

func kibicaraBots(ctx context.Context, old importing.City) (all []oldBot, err error) {
	rows, err := old.All(ctx, "SELECT * FROM telegrambots WHERE hood = ? ORDER BY enabled DESC, id DESC", old.ID)
	for _, row := range rows {
		chats, err := oldChats(ctx, old, "user_id", "SELECT * FROM telegramusers WHERE bot = ?", row.Number("id"))
		if err != nil {
			return nil, err
		}
		all = append(all, oldBot{token: row.Text("api_token"), username: row.Text("username"), enabled: row.On("enabled"), welcome: row.Text("welcome_message"), chats: chats})
	}
	return all, err
}

func oldChats(ctx context.Context, old importing.City, column, query string, id int64) (chats []int64, err error) {
	err = old.Each(ctx, func(row importing.Row) error {
		if n := row.Number(column); n != 0 {
			chats = append(chats, n)
		}
		return nil
	}, query, id)
	return chats, err
}
