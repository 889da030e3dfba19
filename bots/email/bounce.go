package email

import (
	"bytes"
	"context"
	"strings"

	"linienfunk/mail"
)

// Bounced unsubscribes a mailbox that takes no mail. One that never confirmed is forgotten as well.
func (b *Bot) Bounced(ctx context.Context, id string, n mail.Bounce) error {
	if !n.Dead() {
		return nil
	}
	city, person, _ := strings.Cut(id, " ")
	b.core.Log.Info("unsubscribed: the mailbox takes no mail", "city", city, "hard", n.Hard)
	return b.leave(ctx, city, person)
}

// bounceID names a subscription for Bounced.
func bounceID(s Subscriber) string { return s.City + " " + s.Person }

// returned is the local part of an address that our mails come back to, and empty for any other address. Its errors are answers.
func (s *session) returned(address string) (string, error) {
	local, domain := split(address)
	if s.bot.mail.Bounces == nil || !s.bot.ours(domain) {
		return "", nil
	}
	ctx, cancel := context.WithTimeout(s.ctx, storeTimeout)
	defer cancel()
	known, err := s.bot.mail.Bounces.Known(ctx, local)
	if err != nil {
		s.bot.core.Log.Error("recipient not checked", "error", err)
		return "", errLater
	}
	if !known {
		return "", nil
	}
	return strings.ToLower(local), nil
}

// bounced hands a message to whoever takes bounces. Its errors are answers.
func (s *session) bounced(local string, message []byte) error {
	ctx, cancel := context.WithTimeout(s.ctx, storeTimeout)
	defer cancel()
	if err := s.bot.mail.Bounces.Handle(ctx, local, message); err != nil {
		s.bot.core.Log.Error("bounce not stored", "error", err)
		return errLater
	}
	return nil
}

// returnedTo handles a mail of a machine that came into a city's mailbox: if it is a bounce of a mail to a subscriber, it counts like one
// that came to the address for bounces. Whose it was tells the link to leave in the copy of the mail, which only that subscriber and
// the servers on the way know. The address that the bounce names could be anybody's guess.
func (b *Bot) returnedTo(ctx context.Context, city string, message []byte) error {
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

// maxHead is how much of a bounce is kept, in bytes: what it says comes before the mail that it is about.
const maxHead = 512 << 10

// head keeps the beginning of what is written to it.
type head struct{ bytes []byte }

func (h *head) Write(b []byte) (int, error) {
	h.bytes = append(h.bytes, b[:min(len(b), maxHead-len(h.bytes))]...)
	return len(b), nil
}
