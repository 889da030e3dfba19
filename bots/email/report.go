package email

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"linienfunk/bots"
	"linienfunk/mail/inbound"
	"linienfunk/mail/text"
	"linienfunk/report"
)

// draft is a report that is not stored yet.
type draft struct {
	author   string // for the rate limit: the pseudonym changes with the mail's own date
	holdSpam bool   // the city holds reports whose author seems forged
	paused   bool   // the city is
	report.Report
}

// doubted returns the report, marked if the city holds such reports.
func (d draft) doubted(doubt string) report.Report {
	if d.holdSpam {
		d.Spam = doubt
	}
	return d.Report
}

// draft makes a city's report of a mail. If the mail is to be dropped, Dropped says why. The error is that of a look-up.
func (b *Bot) draft(ctx context.Context, name string, m *inbound.Mail) (draft, error) {
	city, _, err := b.core.Cities.City(ctx, name)
	if err != nil {
		return draft{}, fmt.Errorf("look up city: %w", err)
	}
	words := m.Report()
	dropped, err := b.noReport(ctx, city, m, words)
	if err != nil {
		return draft{}, err
	}
	now, author := b.core.Now(), m.Author(m.EnvelopeFrom)
	at := m.Written(now)
	d := draft{author, city.Options.On("hold_spam"), !city.Active, report.Report{
		ID: b.reportID(m.Message, name, words, now), Text: words, At: at, Private: true, Author: b.core.Author(name, author, at), Dropped: dropped,
	}}
	if dropped != "" {
		// A copy of the same mail that came another way, and not through a mailing list, is a report.
		d.ID = b.core.Box.Digest("email dropped", d.ID)
		if !keepsText(m) {
			d.Text = ""
		}
		if d.Text == "" {
			d.Author = "" // it is deleted with the text
		}
	}
	return d, nil
}

// noReport returns the reason why a mail is no report, or "". The error is that of a look-up.
func (b *Bot) noReport(ctx context.Context, city bots.City, m *inbound.Mail, words string) (string, error) {
	why, err := b.automatic(ctx, m)
	switch {
	case err != nil:
		return "", err
	case why != "":
		return why, nil
	case asksToLeave(words):
		return leaving, nil
	case m.RepeatsSubject(oneLine(city.Title, maxSubject)):
		return "subject of a mail of ours", nil
	case words == "":
		return "no text", nil
	}
	return "", nil
}

// keepsText reports whether the text of a mail that is no report is kept for the city's admins: if its marks may be those of a person's mail, such
// as one that came through a mailing list. An automatic reply or a bounce names a subscriber.
func keepsText(m *inbound.Mail) bool {
	return m.EnvelopeFrom != "" && !m.IsAutoReply() && !m.IsReport()
}

// headerLoop marks our own mails.
const headerLoop = "X-Loop"

// automatic returns the reason why a mail is automatic, or "". Such mails are accepted and dropped: to refuse them would bounce them to people who did
// not send them. The error is that of a look-up.
func (b *Bot) automatic(ctx context.Context, m *inbound.Mail) (string, error) {
	if why := m.Automatic(m.EnvelopeFrom); why != "" {
		return why, nil
	}
	for _, address := range []string{m.EnvelopeFrom, m.Author("")} {
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

// sameMail is how long a mail without Message-ID and Date counts as the same.
const sameMail = 10 * time.Minute

// reportID identifies a message to a city without revealing its author. It is the same when the message is repeated. Mail programs and
// the servers that they submit to set Message-ID (RFC 5322, section 3.6.4: should) or at least Date (must). Author and Date count with
// the Message-ID, since some devices always send the same one. Of a message with neither, the same text by the same author within ten
// minutes counts as a redelivery, later as a new report.
func (b *Bot) reportID(m *text.Message, city, words string, now time.Time) string {
	name := "id\x00" + m.ID + "\x00" + m.Author("") + "\x00" + m.Get("Date")
	if m.ID == "" {
		date := m.Get("Date")
		if date == "" {
			date = strconv.FormatInt(now.Unix()/int64(sameMail/time.Second), 10)
		}
		name = "body\x00" + m.Author("") + "\x00" + date + "\x00" + words
	}
	return b.core.Box.Digest("email report", city+"\x00"+name)
}
