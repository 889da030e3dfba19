package email

import "context"

// demoSubscriber reads the demo's reports, in the outbox folder.
const demoSubscriber = "reader@demo.example"

// Demo makes a confirmed subscriber.
func (b *Bot) Demo(ctx context.Context, city string) error {
	s, _, err := b.store.ask(ctx, city, demoSubscriber)
	if err != nil {
		return err
	}
	_, err = b.store.confirm(ctx, city, s.Person)
	return err
}
