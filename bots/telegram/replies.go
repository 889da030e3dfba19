package telegram

import (
	"context"
	"errors"
	"fmt"
	"time"

	tg "github.com/go-telegram/bot"
	"github.com/go-telegram/bot/models"
	"gorm.io/gorm/clause"

	"linienfunk/bots"
)

// answers are the kinds of answers: each is an option, where a city may write its own text, and "answer-<kind>" among our
// texts. There is no text of ours for thanks: a city that wants each report answered says how.
var answers = []string{"welcome", "goodbye", "help", "files", "thanks"}

// Answer is an answer to a rider that waits to be sent. Of each kind only one waits for each chat, however often somebody asks.
type Answer struct {
	ID     uint64 `gorm:"primaryKey"`
	City   string `gorm:"size:32;not null;uniqueIndex:idx_telegram_answers_once,priority:1"`
	Person string `gorm:"size:32;not null;uniqueIndex:idx_telegram_answers_once,priority:2"`
	Kind   string `gorm:"size:16;not null;uniqueIndex:idx_telegram_answers_once,priority:3"`
	Chat   []byte `gorm:"not null"` // sealed
	Public bool   `gorm:"not null"` // to a group
	At     int64  `gorm:"not null"` // seconds since 1970
}

// answerTime is how long an answer makes sense. After it, it is dropped.
const answerTime = 15 * time.Minute

// answer lets Recv, on whichever node it runs, send a text to where the message came from. A message that waited at
// Telegram while we were away is answered as well.
func (in inbox) answer(ctx context.Context, m *models.Message, kind string) error {
	a := Answer{City: in.row.City, Kind: kind, Public: m.Chat.Type != private, At: in.core.Now().Unix()}
	a.Person, a.Chat = in.store.sealChat(a.City, m.Chat.ID)
	err := in.store.db.WithContext(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(&a).Error
	if err != nil {
		return fmt.Errorf("store answer: %w", err)
	}
	if err := in.core.Events.Publish(a.City, nil); err != nil {
		in.core.Log.Warn("answer will leave later", "city", a.City, "error", err)
	}
	return nil
}

// waiting returns the answer that waits longest, and false if there is none.
func (s store) waiting(ctx context.Context, city string) (Answer, bool, error) {
	var found []Answer
	err := s.db.WithContext(ctx).Where("city = ?", city).Order("id").Limit(1).Find(&found).Error
	if err != nil || len(found) == 0 {
		return Answer{}, false, wrap("read answers", err)
	}
	return found[0], true, nil
}

func (s store) answered(ctx context.Context, a Answer) error {
	return wrap("delete answer", s.db.WithContext(ctx).Delete(&a).Error)
}

// sendAnswers sends what waits until ctx ends, and keeps the bot's menu. It returns an error only when the bot was turned away.
func (b *Bot) sendAnswers(ctx context.Context, row Account, c *client) error {
	wake := make(chan struct{}, 1)
	stop, err := b.core.Events.Subscribe(row.City, func([]byte) {
		select {
		case wake <- struct{}{}:
		default: // a look is due already
		}
	})
	if err != nil {
		return fmt.Errorf("hear of answers: %w", err)
	}
	defer stop()
	look := time.NewTicker(b.limits.look)
	defer look.Stop()
	var shown menu
	for {
		err := b.sendWaiting(ctx, row, c)
		if bots.AsError(err).Kind == bots.KindRevoked {
			return err
		}
		if err != nil && ctx.Err() == nil {
			b.core.Log.Warn("answers are not sent; will try again", "city", row.City, "error", err)
		}
		shown.keep(ctx, b, row, c)
		select {
		case <-ctx.Done():
			return nil
		case <-wake:
		case <-look.C:
		}
	}
}

// sendWaiting sends all answers that wait.
func (b *Bot) sendWaiting(ctx context.Context, row Account, c *client) error {
	for {
		a, more, err := b.store.waiting(ctx, row.City)
		if err != nil || !more {
			return err
		}
		if err := b.sendAnswer(ctx, row, c, a); err != nil {
			return err
		}
		// Also when ctx ends just now: what was sent need not be sent again.
		if err := b.store.answered(context.WithoutCancel(ctx), a); err != nil {
			return err
		}
	}
}

func (b *Bot) sendAnswer(ctx context.Context, row Account, c *client, a Answer) error {
	city, _, err := b.core.Cities.City(ctx, a.City)
	if err != nil {
		return fmt.Errorf("look up city: %w", err)
	}
	chat, err := b.store.chat(a.City, a.Person, a.Chat)
	text := b.answerText(city, a.Kind)
	if err != nil || text == "" || b.core.Now().Unix()-a.At > int64(answerTime/time.Second) {
		return nil // it goes
	}
	if err := b.turn(ctx, a, chat); errors.Is(err, errCrowded) {
		return nil
	} else if err != nil {
		return err
	}
	err = c.say(ctx, chat, text)
	if after := retryAfter(err); after > 0 {
		return b.pause(ctx, row, after, explain("send answer", err))
	}
	if gone(err) && !a.Public {
		return b.store.forget(ctx, a.City, chat)
	}
	if errors.Is(err, tg.ErrorForbidden) || errors.Is(err, tg.ErrorBadRequest) || migrated(err) != 0 {
		return nil // it will not be taken later, either
	}
	return explain("send answer", err)
}

// turn waits until an answer may leave. One to a group is among the messages that the group may get: half of them are left to
// reports, whoever asks for help all the time. errCrowded says that the answer is one too many.
func (b *Bot) turn(ctx context.Context, a Answer, chat int64) error {
	p := b.pace(a.City)
	if !a.Public {
		return p.wait(ctx, a.Person, false)
	}
	group, _, err := b.store.known(ctx, a.City, chat)
	if err != nil {
		return err
	}
	p.recall(a.Person, group.Recent)
	if p.count(a.Person) >= b.limits.group/2 {
		return errCrowded
	}
	if err := p.wait(ctx, a.Person, true); err != nil {
		return err
	}
	return b.store.change(ctx, group, map[string]any{"recent": p.history(a.Person)})
}

var errCrowded = errors.New("the group has had many messages")

// answerText is the city's own text, or ours in the city's language.
func (b *Bot) answerText(city bots.City, kind string) string {
	if own := city.Options.Text(kind); own != "" || kind == "thanks" {
		return fit(own)
	}
	title := city.Title
	if title == "" {
		title = city.Name
	}
	return fit(b.core.Pages.Text(city.Lang, "answer-"+kind, "City", title))
}

// paused is what is left of a pause that Telegram asked for, perhaps before a restart. The pace keeps to it from now on. One that
// begins in the future comes from a clock that was set back since: Telegram will say again what is left of it.
func (b *Bot) paused(row Account) time.Duration {
	now := b.core.Now()
	left := time.UnixMilli(row.PausedUntil).Sub(now)
	if left <= 0 || time.UnixMilli(row.PausedAt).After(now) {
		return 0
	}
	b.pace(row.City).pause(left)
	return left
}

// pause keeps to a pause that Telegram asked for, also after a restart, and returns cause.
func (b *Bot) pause(ctx context.Context, row Account, d time.Duration, cause error) error {
	b.pace(row.City).pause(d)
	if err := b.store.pause(context.WithoutCancel(ctx), row, b.core.Now().Add(d)); err != nil {
		b.core.Log.Warn("pause is not kept over a restart", "city", row.City, "error", err)
	}
	return cause
}
