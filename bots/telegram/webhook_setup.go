package telegram

import (
	"context"
	"errors"
	"fmt"
	"time"

	tg "github.com/go-telegram/bot"

	"linienfunk/bots"
)

// webhookURL is the URL that Telegram calls for a city's bot. It cannot be guessed.
func (b *Bot) webhookURL(row Account) string {
	return b.core.BaseURL + "/bots/" + b.core.Name + "/hook/" + row.WebhookID
}

// webhookSecret is the secret in a header of Telegram's calls. It changes each time that the city connects.
func (b *Bot) webhookSecret(row Account) string {
	return b.core.Box.Digest("telegram hook secret", row.WebhookID+"/"+row.Revision)
}

// usesWebhook reports whether a city's updates are delivered by webhook.
func (b *Bot) usesWebhook(city string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.webhooks && !b.unreachable[city]
}

// fallBackToPolling reports whether to poll until the program's next start, because Telegram cannot reach the webhook.
func (b *Bot) fallBackToPolling(city string, err error) bool {
	if !b.pollingFallback || err == nil || bots.AsError(err).Say != "error-webhook" {
		return false
	}
	b.core.Log.Warn("Telegram cannot reach base_url: polling until the next start", "city", city, "err", err)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.unreachable[city] = true
	return true
}

// maintainWebhook sets the webhook and checks it until ctx ends or a check fails.
func (b *Bot) maintainWebhook(ctx context.Context, row Account, c *client) error {
	if row.LastUpdate != 0 {
		// Confirm the last update that polling has handled, or Telegram sends it again. With a webhook it is confirmed already.
		_, err := c.getUpdates(ctx, nextOffset(row, b.core.Now()), 1, 0)
		if err != nil && !errors.Is(err, errWebhookSet) {
			return botError("confirm updates", err)
		}
	}
	if err := b.setWebhook(ctx, row, c); err != nil {
		return err
	}
	check := time.NewTicker(b.limits.checkInterval)
	defer check.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-check.C:
		}
		if err := b.checkWebhook(ctx, row, c); err != nil {
			return err
		}
	}
}

// setWebhook sets the webhook with one connection, which keeps the updates in order
// (https://core.telegram.org/bots/api#setwebhook).
func (b *Bot) setWebhook(ctx context.Context, row Account, c *client) error {
	ctx, cancel := context.WithTimeout(ctx, b.limits.call)
	defer cancel()
	_, err := c.SetWebhook(ctx, &tg.SetWebhookParams{
		URL: b.webhookURL(row), SecretToken: b.webhookSecret(row), MaxConnections: 1, AllowedUpdates: allowedUpdates(),
	})
	if errors.Is(err, tg.ErrorBadRequest) {
		return bots.Retry("error-webhook", errors.New("set webhook: Telegram refuses the URL; is base_url public?"))
	}
	return botError("set webhook", err)
}

// webhookErrorAge is how long a failed call of the webhook counts.
const webhookErrorAge = 2 * time.Minute

// checkWebhook returns an error if another program has changed the webhook, or if Telegram cannot reach it.
func (b *Bot) checkWebhook(ctx context.Context, row Account, c *client) error {
	ctx, cancel := context.WithTimeout(ctx, b.limits.call)
	defer cancel()
	info, err := c.GetWebhookInfo(ctx)
	if err != nil {
		return botError("check webhook", err)
	}
	if info.URL != b.webhookURL(row) {
		return bots.Retry("error-webhook-set", errors.New("another program has changed the webhook"))
	}
	failed := b.core.Now().Sub(time.Unix(int64(info.LastErrorDate), 0)) < webhookErrorAge
	if failed && info.PendingUpdateCount > 0 {
		return bots.Retry("error-webhook", fmt.Errorf("Telegram cannot reach the webhook; %d updates wait", info.PendingUpdateCount))
	}
	return nil
}

// removeWebhook removes the webhook, if one is set, and keeps the updates that wait for it.
func (b *Bot) removeWebhook(ctx context.Context, c *client) error {
	ctx, cancel := context.WithTimeout(ctx, b.limits.call)
	defer cancel()
	_, err := c.DeleteWebhook(ctx, &tg.DeleteWebhookParams{})
	return botError("remove webhook", err)
}
