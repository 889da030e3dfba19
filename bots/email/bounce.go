package email

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"linienfunk/mail"
)

// Bounced implements mail.Network. It removes a dead subscriber, confirmed or not.
func (b *Bot) Bounced(ctx context.Context, id string, n mail.Bounce) error {
	if !n.Dead() {
		return nil
	}
	city, person, _ := strings.Cut(id, " ")
	b.core.Log.Info("subscriber removed: the address is dead", "city", city, "hard", n.Hard)
	return b.removeSubscriber(ctx, city, person)
}

// removeSubscriber ends a subscription and removes its mails from the queue.
func (b *Bot) removeSubscriber(ctx context.Context, city, person string) error {
	if err := b.store.remove(ctx, city, person); err != nil {
		return err
	}
	if err := b.mail.Queue.Forget(ctx, bounceID(Subscriber{City: city, Person: person})); err != nil {
		return fmt.Errorf("forget mails: %w", err)
	}
	return nil
}

// bouncedToMailbox handles an automatic mail in a city's own mailbox: if it is a bounce of a mail to a subscriber, it counts like one that came to
// the bounce address. The unsubscribe link in the copy of the mail identifies the subscriber: only the subscriber and the servers on the way know
// it. The recipient that the bounce names could be forged.
func (b *Bot) bouncedToMailbox(ctx context.Context, city string, message []byte) error {
	_, rest, found := bytes.Cut(message, []byte(b.link(city, "unsubscribe", "")))
	if !found || b.mail.Bounces == nil {
		return nil
	}
	end := bytes.IndexFunc(rest, func(r rune) bool { return r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z') })
	person, ok := b.readUnsubscribe(city, string(rest[:max(end, 0)]))
	if !ok {
		return nil
	}
	return b.mail.Bounces.HandleFor(ctx, bounceID(Subscriber{City: city, Person: person}), message)
}

// bouncedToPostmaster is bouncedToMailbox for a mail to postmaster, where providers send feedback reports: the link names the city.
func (b *Bot) bouncedToPostmaster(ctx context.Context, message []byte) error {
	_, rest, found := bytes.Cut(message, []byte(b.core.BaseURL+"/c/"))
	city, _, slash := bytes.Cut(rest[:min(len(rest), maxCityName)], []byte("/"))
	if !found || !slash {
		return nil
	}
	return b.bouncedToMailbox(ctx, string(city), message)
}

// maxCityName is more than the length of a city's name.
const maxCityName = 40
