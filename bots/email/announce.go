package email

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"linienfunk/bots"
	"linienfunk/mail"
)

// announceTime is how long a mail of Announce is tried.
const announceTime = 24 * time.Hour

// Announce implements ending.Announcer. The mails come from the city's address here, also if the city has a mailbox of its own, and have no address for bounces: both are rows of the city.
func (b *Bot) Announce(ctx context.Context, name, key, text, cursor string) (string, error) {
	after := uint64(0)
	if cursor != "" {
		var err error
		if after, err = strconv.ParseUint(cursor, 10, 64); err != nil {
			return "", bots.Permanent("send-cursor", errors.New("cursor is not a number"))
		}
	}
	city, ok, err := b.core.Cities.City(ctx, name)
	if err != nil || !ok {
		return cursor, errors.Join(err, errNoCity)
	}
	page, err := b.store.page(ctx, name, after, pageSize)
	if err != nil {
		return cursor, err
	}
	title := oneLine(city.Title, maxSubject)
	var mails []mail.Message
	for _, s := range page {
		address, err := b.store.open(s)
		if err != nil {
			b.core.Log.Error("subscriber skipped: the address cannot be decrypted", "city", name, "err", err)
			continue
		}
		mails = append(mails, mail.Message{
			Key: mailKey(key, s), From: name, FromName: title, To: address, Subject: "[" + title + "] " + oneLine(text, maxSubject), Text: text + "\n",
			Header: map[string]string{headerLoop: b.address(name)}, Expires: b.core.Now().Add(announceTime),
		})
	}
	if len(mails) > 0 {
		if err := b.mail.Queue.Enqueue(ctx, mails...); err != nil {
			return cursor, fmt.Errorf("queue mails: %w", err)
		}
	}
	if len(page) < pageSize {
		return "", nil
	}
	return strconv.FormatUint(page[len(page)-1].ID, 10), nil
}
