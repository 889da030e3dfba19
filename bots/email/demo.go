package email

import (
	"context"

	"linienfunk/bots"
)

// demoSubscriber reads the demo's reports, in the outbox folder.
const demoSubscriber = "reader@demo.example"

// demo makes a confirmed subscriber.
func demo(ctx context.Context, bot bots.Bot, city string) error {
	b := bot.(*Bot)
	s, _, err := b.store.ask(ctx, city, demoSubscriber)
	if err != nil {
		return err
	}
	_, err = b.store.confirm(ctx, city, s.Person)
	return err
}
