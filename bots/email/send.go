package email

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"linienfunk/bots"
	"linienfunk/mail"
	"linienfunk/mail/text"
	"linienfunk/report"
)

const (
	pageSize   = 200 // subscribers served by one call of SendPage
	maxSubject = 70  // characters of the text in a subject
)

// SendPage queues a mail for each of the next subscribers, all or none. A page that is sent twice is mailed once, since the key of a mail
// is made of report and subscriber.
func (b *Bot) SendPage(ctx context.Context, a bots.Account, r report.Report, cursor string) (string, int, error) {
	after := uint64(0)
	if cursor != "" {
		var err error
		if after, err = strconv.ParseUint(cursor, 10, 64); err != nil {
			return "", 0, bots.Permanent("send-cursor", errors.New("cursor is not a number"))
		}
	}
	city, ok, err := b.core.Cities.City(ctx, a.City)
	if err != nil {
		return cursor, 0, fmt.Errorf("look up city: %w", err)
	}
	if !ok {
		return "", 0, bots.Permanent("send-city", errors.New("no such city"))
	}
	from, err := b.senderOf(ctx, a.City)
	if err != nil {
		return cursor, 0, err
	}
	page, err := b.store.page(ctx, a.City, after, pageSize)
	if err != nil {
		return cursor, 0, err
	}
	mails := make([]mail.Message, 0, len(page))
	for _, subscriber := range page {
		address, err := b.store.open(subscriber)
		if err != nil {
			b.core.Log.Error("subscriber skipped: the address cannot be decrypted", "city", a.City, "err", err)
			continue
		}
		if b.core.Wrote(r, text.Canonical(address)) {
			continue
		}
		if wants, err := b.store.interest(subscriber); err != nil {
			b.core.Log.Error("what a subscriber wants cannot be decrypted; the report is sent", "city", a.City, "err", err)
		} else if !wants.Wants(city, r) {
			continue
		}
		mails = append(mails, b.message(city, from, r, subscriber, address))
	}
	if len(mails) > 0 {
		if err := b.mail.Queue.Enqueue(ctx, mails...); err != nil {
			return cursor, 0, fmt.Errorf("queue mails: %w", err)
		}
	}
	if len(page) < pageSize {
		return "", len(mails), nil
	}
	return strconv.FormatUint(page[len(page)-1].ID, 10), len(mails), nil
}

// message is the mail of a report to one subscriber, in the city's language.
func (b *Bot) message(city bots.City, from sender, r report.Report, s Subscriber, to string) mail.Message {
	unsubscribe := b.link(city.Name, "unsubscribe", b.unsubscribeToken(s))
	title := oneLine(city.Title, maxSubject)
	return mail.Message{
		Key:      mailKey(r.Key(), s),
		From:     from.from,
		Route:    from.route,
		FromName: title,
		To:       to,
		BounceID: bounceID(s),
		Subject:  "[" + title + "] " + oneLine(r.Text, maxSubject),
		Text: r.Text + "\n\n-- \n" + b.core.Pages.Text(city.Lang, "mail-footer",
			"City", title, "Page", b.core.BaseURL+"/c/"+city.Name, "Choose", b.link(city.Name, "choose", b.chooseToken(s)), "Unsubscribe", unsubscribe) + "\n",
		Header:  b.listHeader(city.Name, unsubscribe),
		Expires: r.At.Add(city.Freshness),
	}
}

func mailKey(report string, s Subscriber) string {
	sum := sha256.Sum256([]byte(report + "\x00" + s.City + "\x00" + s.Person))
	return "email report " + hex.EncodeToString(sum[:])
}

// Retract cancels the mails of a report that are still in the queue.
func (b *Bot) Retract(ctx context.Context, a bots.Account, key string, _ report.Receipt) error {
	left, all := 0, 0
	for after := uint64(0); ; {
		page, err := b.store.page(ctx, a.City, after, pageSize)
		if err != nil {
			return err
		}
		keys := make([]string, 0, len(page))
		for _, subscriber := range page {
			keys = append(keys, mailKey(key, subscriber))
			after = subscriber.ID
		}
		gone, err := b.mail.Queue.Cancel(ctx, keys...)
		if err != nil {
			return fmt.Errorf("cancel mails: %w", err)
		}
		left, all = left+gone, all+len(keys)
		if len(page) < pageSize {
			break
		}
	}
	if all > 0 && left == all {
		return bots.Permanent("send-left", errors.New("the mails were sent already"))
	}
	return nil
}

// listHeader marks a mail as one of a list: RFC 2919 and RFC 8058. Precedence is for automatic repliers that do not know
// Auto-Submitted, which package mail sets.
func (b *Bot) listHeader(city, unsubscribe string) map[string]string {
	return map[string]string{
		"List-Id":               "<" + city + "." + b.mail.Domain + ">",
		"List-Unsubscribe":      "<" + unsubscribe + ">",
		"List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
		"Precedence":            "list",
		headerLoop:              b.address(city),
	}
}

// oneLine returns text for a header field: without line breaks and invisible characters.
func oneLine(text string, limit int) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, ""))
	return report.Cut(strings.Join(strings.Fields(text), " "), limit)
}
