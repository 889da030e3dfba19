package telegram

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"linienfunk/bots"
	"linienfunk/bots/chat"
	"linienfunk/bots/kit"
	"linienfunk/bots/places"
)

// Bot implements bots.Receiver, bots.Listener, bots.Broadcaster, bots.Retracter, bots.Editor, bots.Pruner, bots.Public, chat.Network and places.Network. This file has what all of them use.
type Bot struct {
	core            bots.Core
	accounts        accounts
	pages           kit.Pages[Account, *Account]
	store           store
	limits          limits
	commands        chat.Commands // of the cities
	places          places.Lists
	menus           chatMenus
	api             string     // URL of the Bot API, without a slash at the end
	webhooks        bool       // receive by webhooks; otherwise by polling
	pollingFallback bool       // poll where Telegram cannot reach the webhook
	intake          kit.Intake // passes Listen's CityOut to webhooks

	started time.Time

	mu           sync.Mutex
	rateLimiters map[string]*rateLimiter // by city
	admins       map[int64]groupAdmins   // by the group's chat id
	// unreachable holds the cities whose webhook Telegram could not reach since the program's start.
	unreachable map[string]bool
}

// city returns the city, and whether its bot is to run: the city is active, or run from a chat, and has Telegram switched on.
func (b *Bot) city(ctx context.Context, name string) (city bots.City, enabled bool, err error) {
	city, known, err := b.core.Cities.City(ctx, name)
	if err != nil {
		return city, false, fmt.Errorf("look up city: %w", err)
	}
	if !known || city.Active || !city.Options.On(kit.Enabled) {
		return city, known && city.Options.On(kit.Enabled), nil
	}
	run, err := b.commands.Cities(ctx)
	return city, run[name], err
}

// account returns a city's account and a client with its token, or kit.ErrNoAccount.
func (b *Bot) account(ctx context.Context, city string) (Account, *client, error) {
	row, token, err := b.accounts.Load(ctx, city)
	if err != nil {
		return row, nil, err
	}
	c, err := b.newClient(token)
	return row, c, err
}

// updateProfile asks Telegram for the bot's names and returns the account with them. Storing them makes no new revision, since
// nothing has to be restarted.
func (b *Bot) updateProfile(ctx context.Context, a Account, c *client) (Account, error) {
	me, err := c.profile(ctx)
	if err != nil || me.ID != a.BotID {
		return a, botError("read profile", err)
	}
	now := a.withProfile(me)
	if now.Username == a.Username && now.Name == a.Name && now.ReadsAll == a.ReadsAll {
		return a, nil
	}
	store := b.accounts.Update
	if a.Username == "" { // of an imported bot: its label is shown from now on
		store = b.accounts.Renew
	}
	return now, store(ctx, now, map[string]any{"username": now.Username, "name": now.Name, "reads_all": now.ReadsAll})
}

// setLastUpdate stores the id of the update that was handled last.
func (b *Bot) setLastUpdate(ctx context.Context, a Account, id int64) error {
	return b.accounts.Update(ctx, a, map[string]any{"position": id, "position_at": b.core.Now().Unix()})
}

func (b *Bot) setPause(ctx context.Context, a Account, until time.Time) error {
	return b.accounts.Update(ctx, a, map[string]any{"paused_at": b.core.Now().UnixMilli(), "paused_until": until.UnixMilli()})
}

// newClient returns a client with a token.
func (b *Bot) newClient(token string) (*client, error) {
	return newClient(b.core.HTTP, b.api, token, b.limits.call)
}

// author returns what a report of a user or chat has as its author.
func (b *Bot) author(city string, id int64, at time.Time) string {
	return b.core.Author(city, strconv.FormatInt(id, 10), at)
}

// rateLimiter returns the limiter that a city's broadcasts and replies share.
func (b *Bot) rateLimiter(city string) *rateLimiter {
	b.mu.Lock()
	defer b.mu.Unlock()
	r := b.rateLimiters[city]
	if r == nil {
		r = newRateLimiter(b.core.Now, b.limits)
		r.paused = b.started.Add(b.limits.startDelay)
		b.rateLimiters[city] = r
	}
	return r
}

// pause lets a city's bot send nothing for d, also after a restart.
func (b *Bot) pause(ctx context.Context, a Account, d time.Duration) {
	b.rateLimiter(a.City).pause(d)
	if err := b.setPause(ctx, a, b.core.Now().Add(d)); err != nil {
		b.core.Log.Warn("a pause that Telegram asked for is lost if the program restarts", "city", a.City, "err", err)
	}
}

// tooMany handles a 429 of a message to a chat: it holds the group, or returns an error that holds the whole bot.
func (b *Bot) tooMany(ctx context.Context, a Account, chat string, group bool, d time.Duration) error {
	whole := b.rateLimiter(a.City).tooMany(chat, group, d)
	if group && whole < d {
		if err := b.store.holdGroup(ctx, a.City, chat, b.core.Now().Add(d)); err != nil {
			return err
		}
		b.core.Log.Info("Telegram asks for a pause in a group", "city", a.City, "delay", d)
	}
	if whole == 0 {
		return nil
	}
	b.pause(ctx, a, whole)
	return bots.RetryAfter(whole, "error-too-many", errors.New("send message: Telegram responded: too many requests"))
}

// restoreGroup makes the rate limiter keep what is stored about a group, perhaps from before a restart. As with resumePause, a pause that
// begins in the future is ignored.
func (b *Bot) restoreGroup(v Subscriber) {
	limiter := b.rateLimiter(v.City)
	limiter.restore(v.ChatHash, v.Recent)
	if until, held := v.heldUntil(b.core.Now()); held {
		limiter.hold(v.ChatHash, until)
	}
}

// resumePause returns the rest of a pause that Telegram asked for, perhaps before a restart, and makes the rate limiter keep it.
// A pause that begins in the future was stored before the clock was set back: it is ignored, since Telegram repeats a 429.
func (b *Bot) resumePause(a Account) time.Duration {
	now := b.core.Now()
	rest := time.UnixMilli(a.PausedUntil).Sub(now)
	if rest <= 0 || time.UnixMilli(a.PausedAt).After(now) {
		return 0
	}
	b.rateLimiter(a.City).pause(rest)
	return rest
}
