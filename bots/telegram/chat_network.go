package telegram

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"linienfunk/bots"
	"linienfunk/bots/chat"
	"linienfunk/bots/kit"
)

var _ chat.Network = (*Bot)(nil)

// UseCommands implements chat.Network.
func (b *Bot) UseCommands(c chat.Commands) { b.commands, b.accounts.Chats = c, c.Cities }

// personOf is how people are named in package chat: by the id of their private chat, which is also that of the user.
func personOf(chat int64) string { return strconv.FormatInt(chat, 10) }

// privateChat returns the chat of a person. The ids of groups are negative.
func privateChat(person string) (int64, error) {
	id, err := strconv.ParseInt(person, 10, 64)
	if err != nil || id <= 0 || personOf(id) != person {
		return 0, bots.Permanent("not-a-person", errors.New("not the id of a private chat"))
	}
	return id, nil
}

// groupOf is how groups are named in package chat: by the id of the chat and, in a forum, the topic. A private chat has no such name.
func groupOf(at place) string {
	switch {
	case at.chat.Type == private:
		return ""
	case at.topic != 0:
		return fmt.Sprintf("%d/%d", at.chat.ID, at.topic)
	}
	return strconv.FormatInt(at.chat.ID, 10)
}

// tellable returns the chat of a person or a group, and its topic; 0 for none.
func tellable(name string) (chat int64, topic int, err error) {
	if !strings.HasPrefix(name, "-") {
		chat, err = privateChat(name)
		return chat, 0, err
	}
	id, rest, inTopic := strings.Cut(name, "/")
	chat, err = strconv.ParseInt(id, 10, 64)
	if err == nil && inTopic {
		topic, err = strconv.Atoi(rest)
	}
	if err != nil {
		return 0, 0, bots.Permanent("not-a-person", errors.New("not the id of a group"))
	}
	return chat, topic, nil
}

// Tell implements chat.Network: the answer is stored among the replies, and sent like them.
func (b *Bot) Tell(ctx context.Context, city, person, key string, a chat.Answer) error {
	id, topic, err := tellable(person)
	if err != nil {
		return err
	}
	if _, _, err := b.accounts.Load(ctx, city); errors.Is(err, kit.ErrNoAccount) {
		return bots.Permanent("error-no-account", err)
	} else if err != nil {
		return err
	}
	return b.queueAnswer(ctx, Reply{City: city, Topic: topic}, id, key, newAnswer(a))
}

// Interest implements chat.Network.
func (b *Bot) Interest(ctx context.Context, city, person string) (chat.Interest, bool, error) {
	id, err := privateChat(person)
	if err != nil {
		return chat.Interest{}, false, err
	}
	v, known, err := b.store.findChat(ctx, city, id)
	if err != nil || !known {
		return chat.Interest{}, false, err
	}
	return b.interest(v), true, nil
}

// SetInterest implements chat.Network. The commands by which riders subscribe and choose end here as well.
func (b *Bot) SetInterest(ctx context.Context, city, person string, i chat.Interest) (confirmed bool, err error) {
	id, err := privateChat(person)
	if err != nil {
		return false, err
	}
	if err := b.store.subscribe(ctx, city, id, i); err != nil {
		return false, err
	}
	return true, b.store.cancelReply(ctx, city, id, unblocked)
}

// Unsubscribe implements chat.Network.
func (b *Bot) Unsubscribe(ctx context.Context, city, person string) error {
	id, err := privateChat(person)
	if err != nil {
		return err
	}
	return b.store.removeChat(ctx, city, id)
}
