package email

import (
	"context"

	"linienfunk/bots"
	"linienfunk/bots/chat"
)

// demoSubscriber gets the demo's reports, in the outbox folder.
const demoSubscriber = "reader@demo.example"

// demo adds a confirmed subscriber.
func demo(ctx context.Context, bot bots.Bot, city string) error {
	b := bot.(*Bot)
	s, _, err := b.store.request(ctx, city, demoSubscriber, chat.Interest{}, 0)
	if err != nil {
		return err
	}
	_, err = b.store.confirm(ctx, city, s.Person)
	return err
}
