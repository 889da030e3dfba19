package email

import (
	"context"
	"errors"
	"sync"
	"time"

	"linienfunk/mail/inbound"
)

// A mailbox that could not be read for outageTime, in outageAttempts at least, is an outage that its admins are told of: a server may answer in a way that
// go-imap does not understand, and nobody else would notice. A connection that lasts as long as stableTime ends it.
const (
	outageTime     = time.Hour
	outageAttempts = 5
	stableTime     = 2 * time.Minute
)

// outages are the mailboxes that cannot be read, by their cities. They are forgotten with the process.
type outages struct {
	mu    sync.Mutex
	since map[string]outage
}

type outage struct {
	began    time.Time
	attempts int
	warned   bool
}

// failed counts an attempt that began at a time and failed, and says whether the admins are to be warned now.
func (o *outages) failed(city string, began, now time.Time) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.since == nil {
		o.since = map[string]outage{}
	}
	one, known := o.since[city]
	if !known || now.Sub(began) >= stableTime {
		one = outage{began: now}
	}
	one.attempts++
	due := !one.warned && one.attempts >= outageAttempts && now.Sub(one.began) >= outageTime
	one.warned = one.warned || due
	o.since[city] = one
	return due
}

// noteFailure warns the admins of a city whose mailbox has failed for long. Other errors than the mail server's, such as those of our own storage, are
// none of their business.
func (b *Bot) noteFailure(ctx context.Context, row Mailbox, began time.Time, err error) {
	var failed *inbound.IMAPError
	if ctx.Err() != nil || !errors.As(err, &failed) || failed.Reason == inbound.LoginRefused { // of which the admins are told at once
		return
	}
	now := b.core.Now()
	if b.outages.failed(row.City, began, now) {
		b.core.Log.Warn("mailbox cannot be read for long; the city's admins are warned", "city", row.City, "err", err)
		b.mail.Warn(ctx, row.City, row.Revision+" unread "+now.UTC().Format(time.DateOnly), "mailbox-unread")
	}
}
