package telegram

import (
	"context"
	"encoding/json"
	"errors"

	"linienfunk/bots"
)

// maxUpdates is the maximum number of updates in one response, as Telegram allows.
const maxUpdates = 100

// poll receives updates until ctx ends. First it removes the webhook; Telegram keeps the updates that wait for it.
func (b *Bot) poll(ctx context.Context, row Account, c *client, out bots.Out) error {
	if err := b.removeWebhook(ctx, c); err != nil {
		return err
	}
	for ctx.Err() == nil {
		updates, err := c.getUpdates(ctx, nextOffset(row, b.core.Now()), maxUpdates, b.limits.longPoll)
		if errors.Is(err, errWebhookSet) {
			return bots.Retry("error-webhook-set", errors.New("read updates: another program has set a webhook"))
		}
		if err != nil {
			return botError("read updates", err)
		}
		for _, raw := range updates {
			id, err := b.handleRaw(ctx, row, raw, out)
			if err != nil {
				return err
			}
			if err := b.setLastUpdate(ctx, row, id); err != nil {
				return err
			}
			row.LastUpdate, row.LastUpdateAt = id, b.core.Now().Unix()
		}
	}
	return ctx.Err()
}

// handleRaw handles an undecoded update and returns its id.
func (b *Bot) handleRaw(ctx context.Context, row Account, raw json.RawMessage, out bots.Out) (int64, error) {
	u, err := parseUpdate(raw)
	if err != nil {
		return 0, bots.Retry("error-not-json", err)
	}
	return u.ID, b.handle(ctx, row, u, out)
}
