package site

import (
	"context"
	"time"

	"linienfunk/mail"
)

// Letter is a mail in the recipient's language. Its subject and text are the texts <id>-subject and <id>-mail.
type Letter struct {
	ID, Lang, To string
	Key          string // identifies the mail, see mail.Message
	Expires      time.Time
	Pairs        []any
}

func (s *Site) Send(ctx context.Context, l Letter) error {
	return s.Mail.Enqueue(ctx, mail.Message{
		Key: "frontend:" + l.ID + ":" + l.Key, FromName: "Linienfunk", To: l.To,
		Subject: s.set.Text(l.Lang, l.ID+"-subject", l.Pairs...),
		Text:    s.set.Text(l.Lang, l.ID+"-mail", l.Pairs...),
		Expires: l.Expires,
	})
}
