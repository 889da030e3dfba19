package email

import (
	"context"
	"errors"
	"io"
	"strconv"
	"time"

	"github.com/emersion/go-smtp"

	"linienfunk/report"
)

// Data reads a message and answers 250 only when it is stored for every city that it was sent to. A client that gets
// no answer, or 451, sends it again; the reports have the same IDs then.
func (s *session) Data(r io.Reader) error {
	if !s.enter() {
		return errAborted
	}
	defer s.busy.Done()
	s.mu.Lock()
	from, cities := s.from, s.cities
	s.mu.Unlock()

	r, err := s.bounced(r)
	if err != nil {
		return err
	}
	message, err := read(r)
	if err != nil {
		return refusal(err)
	}
	log := s.bot.core.Log
	why, err := s.machine(from, message)
	if err != nil {
		log.Error("mail not stored", "error", err)
		return errLater
	}
	if why != "" {
		log.Info("mail dropped: not written by a person", "why", why)
		return nil
	}
	text := message.text()
	if text == "" {
		log.Info("mail dropped: no text")
		return nil
	}
	now, author := s.bot.core.Now(), message.author(from)
	at := message.written(now)
	reports := make([]report.Report, 0, len(cities))
	for _, city := range cities {
		r := report.Report{
			ID: s.bot.id(message, city, text, now), Text: text, At: at, Private: true,
			Author: s.bot.core.Author(city, author, at),
		}
		if !s.bot.authors.allow(city+"\x00"+author, r.ID) {
			log.Info("mail put off: too many of one author", "city", city)
			return errFlood
		}
		reports = append(reports, r)
	}
	for i, city := range cities {
		if err := s.store(city, reports[i]); err != nil {
			log.Warn("mail not stored", "city", city, "error", err)
			return errLater
		}
	}
	return nil
}

func (s *session) machine(from string, m *message) (string, error) {
	ctx, cancel := context.WithTimeout(s.ctx, storeTimeout)
	defer cancel()
	return s.bot.machine(ctx, from, m)
}

func (s *session) store(city string, r report.Report) error {
	ctx, cancel := context.WithTimeout(s.ctx, storeTimeout)
	defer cancel()
	return s.out(ctx, city, r)
}

// refusal is the answer to a message that could not be read to its end.
func refusal(err error) error {
	var answer *smtp.SMTPError
	switch {
	case isTooLong(err):
		return errLine
	case errors.As(err, &answer):
		return answer // the message is too large
	}
	return errAborted
}

// bucket is how long a mail without Message-ID and Date counts as the same.
const bucket = 10 * time.Minute

// id names a message to a city without telling who wrote it. It is the same when the message comes again. Clients and
// the servers that they hand mail to set Message-ID (RFC 5322, section 3.6.4: should) or at least Date (must); of a
// message with neither, the same text from the same author within ten minutes is taken for a redelivery, and later
// for a new report.
func (b *Bot) id(m *message, city, text string, now time.Time) string {
	name := "id\x00" + m.id
	if m.id == "" {
		date := m.header.Get("Date")
		if date == "" {
			date = strconv.FormatInt(now.Unix()/int64(bucket/time.Second), 10)
		}
		name = "body\x00" + m.author("") + "\x00" + date + "\x00" + text
	}
	return b.core.Box.Digest("email report", city+"\x00"+name)
}
