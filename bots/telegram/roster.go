package telegram

import (
	"context"
	"strconv"

	"linienfunk/bots/ending"
)

// Subscribers implements ending.Roster. Addresses are the numbers of chats, which only the city's bot can write to.
func (b *Bot) Subscribers(ctx context.Context, city, at string) (list []ending.Subscriber, next string, err error) {
	from, err := parseCursor(at)
	if err != nil {
		return nil, "", err
	}
	page, err := b.store.subscribersAfter(ctx, city, from.groups, from.after, b.limits.pageSize)
	for _, v := range page {
		chat, err := b.store.openChat(v.City, v.ChatHash, v.Chat)
		if err != nil {
			return nil, "", err
		}
		list = append(list, ending.Subscriber{Address: strconv.FormatInt(chat, 10), Kind: v.Kind, Wants: b.interest(v)})
		from.after = v.ID
	}
	switch {
	case err != nil:
	case len(page) == b.limits.pageSize:
		next = from.String()
	case !from.groups:
		next = cursor{groups: true}.String()
	}
	return list, next, err
}
