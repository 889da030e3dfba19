package email

import (
	"context"
	"errors"
	"fmt"

	"linienfunk/bots"
	"linienfunk/bots/chat"
	"linienfunk/bots/kit"
	"linienfunk/mail/text"
)

var _ chat.Network = (*Bot)(nil)

// UseCommands implements chat.Network.
func (b *Bot) UseCommands(c chat.Commands) { b.commands = c }

// addressOf returns the address of a person, which is how people are named in package chat.
func addressOf(person string) (string, error) {
	address, err := text.ParseAddress(person)
	if err != nil {
		return "", bots.Permanent("bad-address", err)
	}
	return address, nil
}

// Tell implements chat.Network.
func (b *Bot) Tell(ctx context.Context, name, person, key string, a chat.Answer) error {
	address, err := addressOf(person)
	if err != nil {
		return err
	}
	city, ok, err := b.core.Cities.City(ctx, name)
	if err != nil {
		return fmt.Errorf("look up city: %w", err)
	}
	if !ok || !city.Options.On(kit.Enabled) {
		return bots.Permanent("closed", errClosed)
	}
	return b.sendAnswer(ctx, name, address, "told "+key, "", a)
}

// Interest implements chat.Network.
func (b *Bot) Interest(ctx context.Context, city, person string) (chat.Interest, bool, error) {
	address, err := addressOf(person)
	if err != nil {
		return chat.Interest{}, false, err
	}
	s, found, err := b.store.find(ctx, city, b.store.person(address))
	if err != nil || !found || !s.Confirmed {
		return chat.Interest{}, false, err
	}
	i, err := b.store.interest(s)
	return i, true, err
}

// SetInterest implements chat.Network. Whoever does not subscribe yet gets a mail with a link to confirm it.
func (b *Bot) SetInterest(ctx context.Context, city, person string, i chat.Interest) (confirmed bool, err error) {
	address, err := addressOf(person)
	if err != nil {
		return false, err
	}
	s, found, err := b.store.find(ctx, city, b.store.person(address))
	if err != nil {
		return false, err
	}
	if found && s.Confirmed {
		return b.store.setInterest(ctx, city, s.Person, i)
	}
	switch err := b.invite(ctx, city, address, i, 0); {
	case errors.Is(err, text.ErrAddress):
		return false, bots.Permanent("bad-address", err)
	case errors.Is(err, errClosed):
		return false, bots.Permanent("closed", err)
	case errors.Is(err, errBusy):
		return false, bots.Permanent("busy", err)
	default:
		return false, err
	}
}

// Unsubscribe implements chat.Network.
func (b *Bot) Unsubscribe(ctx context.Context, city, person string) error {
	address, err := addressOf(person)
	if err != nil {
		return err
	}
	return b.removeSubscriber(ctx, city, b.store.person(address))
}
