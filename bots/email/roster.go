package email

import (
	"context"
	"errors"
	"strconv"

	"linienfunk/bots"
	"linienfunk/bots/ending"
)

// Subscribers implements ending.Roster.
func (b *Bot) Subscribers(ctx context.Context, city, cursor string) (list []ending.Subscriber, next string, err error) {
	after := uint64(0)
	if cursor != "" {
		if after, err = strconv.ParseUint(cursor, 10, 64); err != nil {
			return nil, "", bots.Permanent("send-cursor", errors.New("cursor is not a number"))
		}
	}
	page, err := b.store.page(ctx, city, after, pageSize)
	for _, s := range page {
		address, err := b.store.open(s)
		if err != nil {
			return nil, "", err
		}
		wants, err := b.store.interest(s)
		if err != nil {
			return nil, "", err
		}
		list = append(list, ending.Subscriber{Address: address, Wants: wants, Consent: consentOf(s)})
	}
	if err == nil && len(page) == pageSize {
		next = strconv.FormatUint(page[len(page)-1].ID, 10)
	}
	return list, next, err
}
