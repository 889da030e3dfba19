package telegram

import (
	"context"
	"errors"
	"strings"

	tg "github.com/go-telegram/bot"
)

// deliver sends the report to a subscriber and notes that.
func (p *page) deliver(ctx context.Context, i int, v Subscriber) {
	chat, err := p.bot.store.chat(v.City, v.Person, v.Chat)
	if err != nil {
		p.bot.core.Log.Error("subscriber left out", "city", v.City, "error", err)
		p.set(i, left)
		return
	}
	text := p.report.Text
	if v.Kind != private {
		text = silence(text)
	}
	text = fit(text)
	err = p.client.say(ctx, chat, text)
	if to := migrated(err); to != 0 {
		if err = p.follow(ctx, v, chat, to); err == nil {
			err = p.client.say(ctx, to, text)
		}
	}
	p.judge(ctx, i, v, err)
}

// follow waits for the turn of a group that has moved.
func (p *page) follow(ctx context.Context, v Subscriber, from, to int64) error {
	if err := p.bot.store.migrate(ctx, v.City, from, to); err != nil {
		return err
	}
	return p.bot.pace(v.City).wait(ctx, p.bot.store.person(v.City, to), true)
}

// judge notes what Telegram's answer means.
func (p *page) judge(ctx context.Context, i int, v Subscriber, err error) {
	s := p.bot.store
	// Also when ctx ends just now: what has happened is noted.
	ctx = context.WithoutCancel(ctx)
	switch {
	case err == nil:
		if err = p.note(ctx, v); err != nil {
			p.fail(err)
			return
		}
		p.set(i, served)
	case gone(err):
		if err := s.remove(ctx, v); err != nil {
			p.fail(err)
			return
		}
		p.set(i, left)
	case retryAfter(err) > 0:
		p.fail(p.bot.pause(ctx, p.row, retryAfter(err), explain("send message", err)))
	case errors.Is(err, tg.ErrorBadRequest), errors.Is(err, tg.ErrorForbidden):
		p.refuse(ctx, i, v, trouble(err))
	default:
		p.fail(explain("send message", err))
	}
}

// note stores that a subscriber has the report.
func (p *page) note(ctx context.Context, v Subscriber) error {
	if err := p.bot.store.delivered(ctx, p.key, v); err != nil {
		return err
	}
	if v.Kind == private {
		return nil
	}
	return p.bot.store.change(ctx, v, map[string]any{"trouble": "", "recent": p.bot.pace(v.City).history(v.Person)})
}

// trouble is the id of the text that tells the admins why a group took no message. Messages without a topic go into a forum's
// general one (https://core.telegram.org/bots/api#sendmessage), which its admins can close.
func trouble(err error) string {
	if strings.Contains(strings.ToLower(err.Error()), "topic_closed") {
		return "trouble-topic"
	}
	return "trouble-refused"
}

// refuse is for an answer that concerns this chat or this text: others may still take it.
func (p *page) refuse(ctx context.Context, i int, v Subscriber, why string) {
	p.bot.core.Log.Warn("Telegram refuses a message", "city", v.City, "kind", v.Kind)
	if v.Kind != private {
		if err := p.bot.store.change(ctx, v, map[string]any{"trouble": why}); err != nil {
			p.fail(err)
			return
		}
	}
	p.mu.Lock()
	p.refused++
	p.mu.Unlock()
	p.set(i, left)
}

// gone says that a chat will never take a message again: blocked, deleted, the bot was removed. Descriptions are not documented;
// those here are long-standing, see https://github.com/TelegramBotAPI/errors.
func gone(err error) bool {
	if !errors.Is(err, tg.ErrorForbidden) && !errors.Is(err, tg.ErrorBadRequest) {
		return false
	}
	said := strings.ToLower(err.Error())
	if errors.Is(err, tg.ErrorForbidden) {
		// A group that became a supergroup is sometimes called deleted; where it went we hear as an update
		// (https://github.com/yagop/node-telegram-bot-api/issues/1155). CHAT_WRITE_FORBIDDEN and the like are a matter of
		// rights, which the admins of a group can give back.
		return !strings.Contains(said, "group chat was deleted") && !strings.Contains(said, "_forbidden")
	}
	for _, word := range []string{"chat not found", "user not found", "peer_id_invalid", "group chat was deactivated", "user is deactivated"} {
		if strings.Contains(said, word) {
			return true
		}
	}
	return false
}

// migrated is the number of the supergroup that a group has become; 0 if err does not say so.
func migrated(err error) int64 {
	var moved *tg.MigrateError
	if errors.As(err, &moved) {
		return int64(moved.MigrateToChatID)
	}
	return 0
}
