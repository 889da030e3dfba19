package telegram

import (
	"context"
	"errors"

	"linienfunk/bots"
)

// Recv sends the replies that wait, and meanwhile polls for updates or maintains the webhook that they come by.
func (b *Bot) Recv(ctx context.Context, a bots.Account, out bots.Out) error {
	row, c, err := b.account(ctx, a.City)
	if errors.Is(err, errNoAccount) {
		return bots.Retry("error-no-account", err)
	}
	if err != nil {
		return err
	}
	b.resumePause(row)
	row = b.refreshProfile(ctx, row, c)
	both, cancel := context.WithCancel(ctx)
	repliesEnded := make(chan error, 1)
	go func() {
		defer cancel()
		repliesEnded <- b.sendReplies(both, row, c)
	}()
	err = b.receive(both, row, c, out)
	cancel()
	if failed := <-repliesEnded; failed != nil && ctx.Err() == nil {
		return failed
	}
	return err
}

// receive returns when ctx ends or receiving fails.
func (b *Bot) receive(ctx context.Context, row Account, c *client, out bots.Out) error {
	if b.usesWebhook(row.City) {
		err := b.maintainWebhook(ctx, row, c)
		if !b.fallBackToPolling(row.City, err) {
			return err
		}
	}
	return b.poll(ctx, row, c, out)
}

// refreshProfile returns the account with the bot's present names: commands in groups contain the user name. If Telegram does not
// respond, the stored names serve until the next start.
func (b *Bot) refreshProfile(ctx context.Context, row Account, c *client) Account {
	me, err := c.profile(ctx)
	if err != nil || me.ID != row.BotID {
		return row
	}
	now := row.withProfile(me)
	if now.Username == row.Username && now.Name == row.Name && now.ReadsAll == row.ReadsAll {
		return row
	}
	if err := b.store.setProfile(ctx, now); err != nil {
		b.core.Log.Warn("the bot's new name is not stored", "city", row.City, "err", err)
	}
	return now
}
