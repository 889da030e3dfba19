package frontend

import (
	"context"
	"net/mail"
	"strings"
	"time"

	"linienfunk/bots"
)

// maxAddress is the longest address in bytes (RFC 5321, 4.5.3.1.3, without the angle brackets).
const maxAddress = 254

// parseAddress returns the address in lower case, or the id of the text that says what is wrong with it.
func (f *Frontend) parseAddress(text string) (address, wrong string) {
	text = strings.ToLower(strings.TrimSpace(text))
	parsed, err := mail.ParseAddress(text)
	switch {
	case text == "":
		return text, "address-empty"
	case err != nil || parsed.Address != text || len(text) > maxAddress || !strings.Contains(text, "@"):
		return text, "address-form"
	case strings.HasSuffix(text, "@"+strings.ToLower(f.Domain)):
		// Mail to a city is a report, and may be published.
		return text, "address-ours"
	}
	return text, ""
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
