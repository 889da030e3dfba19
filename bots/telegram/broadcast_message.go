package telegram

import (
	"context"
	"errors"
	"fmt"
)

// sendMessage sends the report to a subscriber and records the outcome.
func (p *broadcastPage) sendMessage(ctx context.Context, i int, v Subscriber) {
	chat, err := p.bot.store.openChat(v.City, v.ChatHash, v.Chat)
	if err != nil {
		p.bot.core.Log.Error("subscriber skipped: the chat id cannot be unsealed", "city", v.City, "err", err)
		p.setOutcome(i, skipped)
		return
	}
	text := truncate(p.text)
	if v.isGroup() {
		text = groupText(p.text)
	}
	message, err := p.client.sendText(ctx, chat, 0, text)
	if to := migratedTo(err); to != 0 {
		if err = p.migrate(ctx, v, chat, to); err == nil {
			message, err = p.client.sendText(ctx, to, 0, text)
		}
	}
	if err == nil && v.isGroup() {
		err = p.bot.store.addSentMessage(context.WithoutCancel(ctx), SentMessage{
			City: v.City, Report: p.reportKey, Subscriber: v.ID, At: p.report.At.Unix(), Message: message, Shown: p.bot.store.textHash(text),
		})
	}
	p.record(ctx, i, v, err)
}

// migrate follows a group that became a supergroup, and waits until a message to that may be sent.
func (p *broadcastPage) migrate(ctx context.Context, v Subscriber, from, to int64) error {
	if err := p.bot.store.migrateGroup(ctx, v.City, from, to); err != nil {
		return err
	}
	return p.bot.rateLimiter(v.City).wait(ctx, p.bot.store.chatHash(v.City, to), true)
}

// record stores the outcome of a message whose call returned err.
func (p *broadcastPage) record(ctx context.Context, i int, v Subscriber, err error) {
	ctx = context.WithoutCancel(ctx) // the message was sent even if ctx has ended
	result := skipped
	switch {
	case err == nil:
		p.bot.rateLimiter(v.City).accepted()
		result, err = delivered, p.recordDelivery(ctx, v)
	case errors.Is(err, errGroupBusy):
		result, err = queued, p.queue(ctx, v)
	case isGone(err):
		err = p.bot.store.remove(ctx, v)
	case retryAfter(err) > 0:
		if err = p.bot.tooMany(ctx, p.row, v.ChatHash, v.isGroup(), retryAfter(err)); err == nil {
			result, err = queued, p.queue(ctx, v)
		}
	case isRejected(err):
		err = p.recordRejection(ctx, v, groupTrouble(err))
	default:
		err = botError("send message", err)
	}
	if err != nil {
		p.fail(err)
		return
	}
	p.setOutcome(i, result)
}

// queue lets the report wait for a group.
func (p *broadcastPage) queue(ctx context.Context, v Subscriber) error {
	city, _, err := p.bot.core.Cities.City(ctx, v.City)
	if err != nil {
		return fmt.Errorf("look up city: %w", err)
	}
	return p.bot.store.queueReport(ctx, QueuedReport{
		City: v.City, Subscriber: v.ID, Report: p.reportKey, At: p.report.At.Unix(), Expires: p.report.At.Add(city.Freshness).Unix(),
	}, p.text)
}

func (p *broadcastPage) recordDelivery(ctx context.Context, v Subscriber) error {
	if err := p.bot.store.addDelivery(ctx, p.reportKey, v); err != nil || !v.isGroup() {
		return err
	}
	return p.bot.store.update(ctx, v, map[string]any{"trouble": "", "recent": p.bot.rateLimiter(v.City).history(v.ChatHash)})
}

// recordRejection stores that Telegram rejects this chat or this text; other subscribers may still get it.
func (p *broadcastPage) recordRejection(ctx context.Context, v Subscriber, trouble string) error {
	p.bot.core.Log.Warn("Telegram rejects a message", "city", v.City, "kind", v.Kind)
	if v.isGroup() {
		if err := p.bot.store.update(ctx, v, map[string]any{"trouble": trouble}); err != nil {
			return err
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rejected++
	return nil
}

func (p *broadcastPage) setOutcome(i int, out outcome) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.outcomes[i] = out
}
