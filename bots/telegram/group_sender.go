package telegram

import (
	"context"
	"errors"
	"time"

	"linienfunk/bots"
	"linienfunk/report"
)

// sendQueue sends the reports that wait for their groups, until ctx ends. It returns an error only if Telegram has revoked the token.
func (b *Bot) sendQueue(ctx context.Context, row Account, c *client) error {
	wake, stop, err := b.wakeUps(row.City)
	if err != nil {
		return err
	}
	defer stop()
	for {
		delay, err := b.drainQueue(ctx, row, c)
		if bots.AsError(err).Kind == bots.KindRevoked {
			return err
		}
		if err != nil && ctx.Err() == nil {
			b.core.Log.Warn("reports that wait for groups are not sent; retrying", "city", row.City, "err", err)
		}
		timer := time.NewTimer(delay)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-wake:
			timer.Stop()
		case <-timer.C:
		}
	}
}

// drainQueue sends what its group accepts now, in order within each group, and returns when to call it again. A group whose message fails
// holds up no other one; the error is that of the last such group.
func (b *Bot) drainQueue(ctx context.Context, row Account, c *client) (delay time.Duration, failed error) {
	skip := map[uint64]bool{}
	for {
		heads, err := b.store.queueHeads(ctx, row.City)
		if err != nil {
			return b.limits.checkInterval, err
		}
		sent := false
		delay = b.limits.checkInterval
		for _, q := range heads {
			if skip[q.Subscriber] {
				continue
			}
			group, err := b.store.group(ctx, row.City, q.Subscriber)
			if errors.Is(err, errNoGroup) {
				continue // removed just now; the next call deletes its queue
			}
			if err != nil {
				return delay, err
			}
			if d := b.queueDelay(group); d > 0 {
				delay = min(delay, d)
				continue
			}
			err = b.sendQueued(ctx, row, c, q, group)
			if kind := bots.AsError(err).Kind; ctx.Err() != nil || kind == bots.KindRetryAfter || kind == bots.KindRevoked {
				return delay, err
			}
			if err != nil {
				failed, skip[q.Subscriber] = err, true
				continue
			}
			sent = true
		}
		if !sent {
			return delay, failed
		}
	}
}

// queueDelay returns how long what waits for a group must go on waiting. group has just been read.
func (b *Bot) queueDelay(group Subscriber) time.Duration {
	limiter := b.rateLimiter(group.City)
	if _, held := group.heldUntil(b.core.Now()); !held {
		limiter.release(group.ChatHash) // a change of the bot's rights has ended the pause
	}
	b.restoreGroup(group)
	return limiter.groupDelay(group.ChatHash)
}

// sendQueued sends one report to its group. It stays in the queue after an error, and if the group accepts no message after all.
func (b *Bot) sendQueued(ctx context.Context, row Account, c *client, q QueuedReport, group Subscriber) error {
	text, err := b.store.queuedText(q)
	if err != nil {
		b.core.Log.Error("queued report skipped", "city", q.City, "err", err)
		return b.store.deleteQueued(ctx, q)
	}
	err = b.rateLimiter(q.City).wait(ctx, group.ChatHash, true)
	if errors.Is(err, errGroupBusy) {
		return nil
	}
	if err != nil {
		return err
	}
	p := newBroadcastPage(b, c, row, report.Report{City: q.City, At: time.Unix(q.At, 0)})
	p.text, p.reportKey, p.outcomes, p.cancelWait = text, q.Report, make([]outcome, 1), func() {}
	p.sendMessage(ctx, 0, group)
	if err := p.failure(); err != nil || p.outcomes[0] == queued {
		return err
	}
	return b.store.deleteQueued(context.WithoutCancel(ctx), q)
}

// Retract cancels what waits of a report. Messages that were sent stay, since the ids of most are not stored.
func (b *Bot) Retract(ctx context.Context, a bots.Account, key string, _ report.Receipt) error {
	if err := b.store.cancelQueued(ctx, a.City, b.reportKey(key)); err != nil {
		return err
	}
	return bots.Permanent("error-sent", errors.New("messages that were sent stay"))
}

// Prune deletes texts that wait for groups, ids of messages, and keys of answers.
func (b *Bot) Prune(ctx context.Context, city string, before time.Time) error {
	return errors.Join(b.store.pruneQueued(ctx, city, before), b.store.pruneSentMessages(ctx, city, before), b.store.pruneTold(ctx, city))
}
