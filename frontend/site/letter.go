package site

import (
	"context"
	"time"

	"linienfunk/mail"
)

// letter is a mail in somebody's language: the texts <id>-subject and <id>-mail.
type Letter struct {
	ID, Lang, To string
	Key          string // names the mail; see mail.Message
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
