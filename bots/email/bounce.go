package email

import (
	"bytes"
	"context"
	"io"
	"strings"

	"linienfunk/bots"
)

// Bounced unsubscribes a mailbox that takes no mail. One that never confirmed is forgotten as well.
func (b *Bot) Bounced(ctx context.Context, id string, n bots.Bounce) error {
	if !n.Dead() {
		return nil
	}
	city, person, _ := strings.Cut(id, " ")
	b.core.Log.Info("unsubscribed: the mailbox takes no mail", "city", city, "hard", n.Hard)
	return b.store.remove(ctx, city, person)
}

// bounceID names a subscription for Bounced.
func bounceID(s Subscriber) string { return s.City + " " + s.Person }

// returned says whether an address is one that our mails come back to, and remembers it for bounced. Its errors are
// answers.
func (s *session) returned(address string) (bool, error) {
	local, domain := split(address)
	if s.bot.core.SMTP.Bounces == nil || !s.bot.ours(domain) {
		return false, nil
	}
	ctx, cancel := context.WithTimeout(s.ctx, storeTimeout)
	defer cancel()
	known, err := s.bot.core.SMTP.Bounces.Known(ctx, local)
	if err != nil {
		s.bot.core.Log.Error("recipient not checked", "error", err)
		return false, errLater
	}
	if known && len(s.bounces) < maxRecipients {
		s.bounces = append(s.bounces, local)
	}
	return known, nil
}

// bounced hands a message to whoever takes bounces, if it came to an address for them, and returns it to be read again.
// Its errors are answers.
func (s *session) bounced(r io.Reader) (io.Reader, error) {
	s.mu.Lock()
	bounces := s.bounces
	s.mu.Unlock()
	if len(bounces) == 0 {
		return r, nil
	}
	message, err := io.ReadAll(r)
	if err != nil {
		return nil, refusal(err)
	}
	ctx, cancel := context.WithTimeout(s.ctx, storeTimeout)
	defer cancel()
	for _, local := range bounces {
		if err := s.bot.core.SMTP.Bounces.Take(ctx, local, message); err != nil {
			s.bot.core.Log.Error("bounce not stored", "error", err)
			return nil, errLater
		}
	}
	return bytes.NewReader(message), nil
}
