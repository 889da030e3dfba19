package frontend

import (
	"context"
	"strings"
	"time"

	"linienfunk/bots"
	"linienfunk/mail"
)

// maxAddress is the longest address in bytes (RFC 5321, 4.5.3.1.3, without the angle brackets).
const maxAddress = 254

// parseAddress returns the address in lower case, and in the one form that its mailbox has for the mailer; or else the
// id of the text that says what is wrong with it.
func (f *Frontend) parseAddress(text string) (address, wrong string) {
	text = strings.ToLower(strings.TrimSpace(text))
	if text == "" {
		return text, "address-empty"
	}
	address, err := mail.Address(text)
	if err != nil {
		return text, "address-form"
	}
	if strings.HasSuffix(address, "@"+strings.ToLower(f.Domain)) {
		return text, "address-ours" // mail to a city is a report, and may be published
	}
	return address, ""
}

// letter is a mail in somebody's language: the texts <id>-subject and <id>-mail.
type letter struct {
	id, lang, to string
	key          string // names the mail; see bots.Mail
	expires      time.Time
	pairs        []any
}

func (f *Frontend) send(ctx context.Context, l letter) error {
	return f.Mail.Enqueue(ctx, bots.Mail{
		Key: "frontend:" + l.id + ":" + l.key, FromName: "Linienfunk", To: l.to,
		Subject: f.set.Text(l.lang, l.id+"-subject", l.pairs...),
		Text:    f.set.Text(l.lang, l.id+"-mail", l.pairs...),
		Expires: l.expires,
	})
}
