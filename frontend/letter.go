package frontend

import (
	"context"
	"time"

	"linienfunk/mail"
)

// letter is a mail in somebody's language: the texts <id>-subject and <id>-mail.
type letter struct {
	id, lang, to string
	key          string // names the mail; see mail.Message
	expires      time.Time
	pairs        []any
}

func (f *Frontend) send(ctx context.Context, l letter) error {
	return f.Mail.Enqueue(ctx, mail.Message{
		Key: "frontend:" + l.id + ":" + l.key, FromName: "Linienfunk", To: l.to,
		Subject: f.set.Text(l.lang, l.id+"-subject", l.pairs...),
		Text:    f.set.Text(l.lang, l.id+"-mail", l.pairs...),
		Expires: l.expires,
	})
}
