package telegram

import (
	"context"
	"errors"
	"fmt"
	"time"

	"linienfunk/bots"
)

// sendReplies sends the replies that wait, and keeps the bot's menu up to date, until ctx ends. It returns an error only if Telegram
// has revoked the token.
func (b *Bot) sendReplies(ctx context.Context, row Account, c *client) error {
	wake, stop, err := b.wakeUps(row.City)
	if err != nil {
		return err
	}
	defer stop()
	check := time.NewTicker(b.limits.checkInterval)
	defer check.Stop()
	var menu commandMenu
	for {
		err := b.drainReplies(ctx, row, c)
		if bots.AsError(err).Kind == bots.KindRevoked {
			return err
		}
		if err != nil && ctx.Err() == nil {
			b.core.Log.Warn("replies are not sent; retrying", "city", row.City, "err", err)
		}
		menu.update(ctx, b, row, c)
		select {
		case <-ctx.Done():
			return nil
		case <-wake:
		case <-check.C:
		}
	}
}

// wakeUps returns a channel that gets a value when something new waits for a city's chats.
func (b *Bot) wakeUps(city string) (wake <-chan struct{}, stop func(), err error) {
	woken := make(chan struct{}, 1)
	stop, err = b.core.Events.Subscribe(city, func([]byte) {
		select {
		case woken <- struct{}{}:
		default: // it wakes up already
		}
	})
	return woken, stop, wrap("subscribe to new messages", err)
}

// wakeUp wakes the goroutines that send what waits for a city's chats, on whichever node they run.
func (b *Bot) wakeUp(city string) {
	if err := b.core.Events.Publish(city, nil); err != nil {
		b.core.Log.Warn("what waits for chats leaves with the next check of the queues", "city", city, "err", err)
	}
}

// drainReplies sends all replies that wait, oldest first.
func (b *Bot) drainReplies(ctx context.Context, row Account, c *client) error {
	for {
		r, more, err := b.store.nextReply(ctx, row.City)
		if err != nil || !more {
			return err
		}
		if err := b.sendReply(ctx, row, c, r); err != nil {
			return err
		}
		// Even if ctx has ended: a reply that was sent must not be sent again.
		if err := b.store.deleteReply(context.WithoutCancel(ctx), r); err != nil {
			return err
		}
	}
}

// sendReply sends or drops a reply. After an error it stays in the queue.
func (b *Bot) sendReply(ctx context.Context, row Account, c *client, r Reply) error {
	city, _, err := b.core.Cities.City(ctx, r.City)
	if err != nil {
		return fmt.Errorf("look up city: %w", err)
	}
	chat, err := b.store.openChat(r.City, r.ChatHash, r.Chat)
	if err != nil {
		return nil
	}
	if a, ok := b.openAnswer(r); ok {
		return b.sendAnswer(ctx, row, c, r, chat, a)
	}
	text, buttons, err := b.replyContent(ctx, row, city, r, chat)
	if err != nil {
		return err
	}
	if text == "" || r.isTooOld(b.core.Now()) {
		return nil
	}
	if r.Press != "" {
		if err := c.answerPress(ctx, r.Press, "", false); err != nil && !isRejected(err) && ctx.Err() == nil { // rejected: it is too late
			b.core.Log.Info("a press on a button is not answered", "city", r.City, "err", botError("answer press", err))
		}
	}
	return b.sendReplyMessage(ctx, row, r, chat, func(ctx context.Context) error {
		if r.Message != 0 {
			return c.editText(ctx, chat, r.Message, text, buttons)
		}
		_, err := c.sendWithButtons(ctx, chat, r.Topic, text, buttons)
		return err
	})
}

// sendReplyMessage calls send within the rate limits. A reply that Telegram rejects is dropped.
func (b *Bot) sendReplyMessage(ctx context.Context, row Account, r Reply, chat int64, send func(context.Context) error) error {
	if err := b.waitToReply(ctx, r, chat); errors.Is(err, errGroupBusy) {
		return nil
	} else if err != nil {
		return err
	}
	switch err := send(ctx); {
	case err == nil:
		b.rateLimiter(r.City).accepted()
	case retryAfter(err) > 0:
		return b.tooMany(ctx, row, r.ChatHash, r.Group, retryAfter(err))
	case isGone(err) && !r.Group:
		return b.store.removeChat(ctx, r.City, chat)
	case migratedTo(err) != 0 && r.isAnswer():
		return b.moveAnswer(ctx, r, chat, migratedTo(err))
	case isRejected(err), migratedTo(err) != 0:
		return nil // a retry would fail as well
	default:
		return botError("send reply", err)
	}
	return nil
}

// waitToReply waits until a reply may be sent. Replies to a group share its rate limit with reports, and may use half of it:
// riders who keep asking for help must not delay reports. Beyond that it returns errGroupBusy. What those hear who run the city waits for its turn instead.
func (b *Bot) waitToReply(ctx context.Context, r Reply, chat int64) error {
	limiter := b.rateLimiter(r.City)
	if !r.Group {
		return limiter.wait(ctx, r.ChatHash, false)
	}
	row, _, err := b.store.findChat(ctx, r.City, chat)
	if err != nil {
		return err
	}
	b.restoreGroup(row)
	if !r.isAnswer() && limiter.recentCount(r.ChatHash) >= b.limits.groupMessages/2 {
		return errGroupBusy
	}
	if err := limiter.wait(ctx, r.ChatHash, true); err != nil {
		return err
	}
	return b.store.update(ctx, row, map[string]any{"recent": limiter.history(r.ChatHash)})
}

// replyContent returns the text of a reply, which may be empty, and the buttons below it.
func (b *Bot) replyContent(ctx context.Context, row Account, city bots.City, r Reply, chat int64) (text string, buttons *keyboard, err error) {
	switch r.Kind {
	case choiceShown:
		v, known, err := b.store.findChat(ctx, r.City, chat)
		switch {
		case err != nil:
			return "", nil, err
		case !known:
			return b.core.Pages.Text(city.Lang, "choice-nothing"), nil, nil
		}
		wants := b.interest(v)
		if r.Group {
			return truncate(b.choiceText(city.Lang, wants, row.Username)), nil, nil
		}
		text, buttons = b.choiceText(city.Lang, wants, ""), b.choiceButtons(city.Lang, wants)
	case choiceMistake:
		plain, err := b.core.Box.Open(replyTextCell(r), r.Text)
		if err != nil {
			b.core.Log.Error("reply dropped: its text cannot be decrypted", "city", r.City, "err", err)
		}
		text = string(plain)
	default:
		return b.replyText(city, r.Kind), nil, nil
	}
	if r.Group {
		text = suppressMentions(text)
	}
	return truncate(text), buttons, nil
}

// replyText returns the city's own text, or the default one in the city's language. It may be empty.
func (b *Bot) replyText(city bots.City, kind string) string {
	own := city.Options.Text(kind)
	if kind == unblocked && city.Options.Text("welcome") != "" {
		own = city.Options.Text("welcome") + "\n\n" + b.core.Pages.Text(city.Lang, "answer-unblocked-hint")
	}
	if own != "" || kind == "thanks" {
		return truncate(own)
	}
	title := city.Title
	if title == "" {
		title = city.Name
	}
	return truncate(b.core.Pages.Text(city.Lang, "answer-"+kind, "City", title))
}
