package telegram

import (
	"context"
	"errors"

	"linienfunk/bots"
	"linienfunk/bots/kit"
)

// Recv sends queued replies and what waits for groups, and meanwhile polls for updates or maintains the webhook.
func (b *Bot) Recv(ctx context.Context, a bots.Account, out bots.Out) error {
	row, c, err := b.account(ctx, a.City)
	if errors.Is(err, kit.ErrNoAccount) {
		return bots.Retry("error-no-account", err)
	}
	if err != nil {
		return err
	}
	b.resumePause(row)
	row, err = b.updateProfile(ctx, row, c) // commands in groups contain the user name
	if err != nil {
		b.core.Log.Info("the bot's name may be out of date", "city", row.City, "err", err)
	}
	both, cancel := context.WithCancel(ctx)
	senders := []func(context.Context, Account, *client) error{b.sendReplies, b.sendQueue}
	ended := make(chan error, len(senders))
	for _, send := range senders {
		go func() {
			defer cancel()
			ended <- send(both, row, c)
		}()
	}
	err = b.receive(both, row, c, out)
	cancel()
	for range senders {
		if failed := <-ended; failed != nil && ctx.Err() == nil {
			err = failed
		}
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
