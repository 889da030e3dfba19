package email

import (
	"context"
	"fmt"
	"strings"

	"linienfunk/mail/text"
)

// headerLoop marks our own mails.
const headerLoop = "X-Loop"

// automatic says why no person wrote a message, or nothing. Such mails are accepted and dropped: refusing them would bounce them to people who did
// not send them. The error is that of a look-up.
func (b *Bot) automatic(ctx context.Context, envelopeFrom string, m *text.Message) (string, error) {
	if why := m.Automatic(envelopeFrom); why != "" {
		return why, nil
	}
	for _, address := range []string{envelopeFrom, m.Author("")} {
		if own, err := b.isCitysAddress(ctx, address); own || err != nil {
			return "one of our own addresses", err
		}
	}
	return "", nil
}

func (b *Bot) isCitysAddress(ctx context.Context, address string) (bool, error) {
	local, domain := text.SplitAddress(strings.ToLower(address))
	if !b.ours(domain) {
		return false, nil
	}
	name, _, _ := strings.Cut(local, "+")
	_, ok, err := b.core.Cities.City(ctx, name)
	if err != nil {
		return false, fmt.Errorf("look up city: %w", err)
	}
	return ok, nil
}
