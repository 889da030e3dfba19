package email

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/emersion/go-smtp"

	"linienfunk/report"
)

// Data reads a message and answers 250 only when it is stored for everybody that it was sent to. A client that gets
// no answer, or 451, sends it again; the reports have the same IDs then.
func (s *session) Data(r io.Reader) error {
	if !s.enter() {
		return errAborted
	}
	defer s.busy.Done()
	e := s.envelope()
	m, err := s.receive(e, r)
	if err != nil {
		return err
	}
	for _, to := range e.targets() {
		if err := s.settle(m, to); err != nil {
			return err
		}
	}
	return nil
}

// arrival is a message that was read to its end.
type arrival struct {
	reports map[string]draft // by city; none if the message is to be dropped
	refused error            // the answer for all cities, if there is one
	head    []byte           // the beginning of a bounce
}

// receive reads a message. Its error is the answer for everybody in the envelope.
func (s *session) receive(e envelope, r io.Reader) (arrived arrival, err error) {
	cities, kept := e.cities(), &head{}
	if len(cities) < len(e.targets()) {
		r = io.TeeReader(r, kept)
	}
	if len(cities) == 0 {
		if _, err = io.Copy(io.Discard, r); err != nil {
			err = refusal(err)
		}
		return arrival{head: kept.bytes}, err
	}
	verifier := s.bot.verify(s.ctx, r)
	message, err := read(verifier)
	signed := verifier.end(err)
	if err != nil {
		return arrival{}, refusal(err)
	}
	arrived.reports, arrived.refused = s.judge(e, message, signed, cities)
	arrived.head = kept.bytes
	return arrived, nil
}

// judge makes reports of a message, or none if it is to be dropped. Its errors are answers.
func (s *session) judge(e envelope, m *message, signed signatures, cities []string) (map[string]draft, error) {
	ctx, cancel := context.WithTimeout(s.ctx, storeTimeout)
	defer cancel()
	reports, why, err := s.bot.reports(ctx, e.from, m, cities)
	if err != nil {
		s.bot.core.Log.Error("mail not stored", "error", err)
		return nil, errLater
	}
	if why != "" {
		s.bot.core.Log.Info("mail dropped", "why", why)
		return nil, nil
	}
	found := s.bot.authenticate(ctx, m, e.from, s.bot.peerOf(m, s.conn.addr, e.helo, s.conn.gate.inner), signed)
	if found.refuse {
		s.bot.core.Log.Info("mail refused: forged", "why", found.doubt)
		return nil, errForged
	}
	byCity := map[string]draft{}
	for i, city := range cities {
		byCity[city] = reports[i].doubted(found.doubt)
	}
	return byCity, nil
}

// settle stores a message for one of those that it was sent to. Its errors are answers.
func (s *session) settle(m arrival, to target) error {
	if to.back != "" {
		return s.bounced(to.back, m.head)
	}
	if d, ok := m.reports[to.city]; ok {
		return s.hand(to.city, d)
	}
	return m.refused // nil for what is dropped
}

// hand stores the report of a city. Its errors are answers.
func (s *session) hand(city string, d draft) error {
	if s.bot.foreign(s.conn) && !s.bot.networks.allow(network(s.conn.addr).String(), d.ID) {
		s.bot.core.Log.Info("mail put off: too many of one network", "city", city)
		return errFlood
	}
	if !s.bot.authors.allow(d.author, d.ID) {
		s.bot.core.Log.Info("mail put off: too many of one author", "city", city)
		return errFlood
	}
	ctx, cancel := context.WithTimeout(s.ctx, storeTimeout)
	defer cancel()
	if err := s.out(ctx, city, d.Report); err != nil {
		s.bot.core.Log.Warn("mail not stored", "city", city, "error", err)
		return errLater
	}
	return nil
}

// draft is a report that is not stored yet.
type draft struct {
	author string // for whom it is counted: the pseudonym would not do, since the mail's own date is part of it
	wary   bool   // the city wants to look at it first if it seems forged
	report.Report
}

// doubted marks the report if its city wants that.
func (d draft) doubted(why string) draft {
	if d.wary {
		d.Spam = why
	}
	return d
}

// reports makes a report of a message for each city, or says why the message is to be dropped. from is the sender of the
// envelope. The error is that of a look-up.
func (b *Bot) reports(ctx context.Context, from string, m *message, cities []string) (made []draft, why string, err error) {
	if why, err = b.automatic(ctx, from, m); err != nil {
		return nil, "", err
	}
	if why != "" {
		return nil, "not written by a person: " + why, nil
	}
	text := m.Report()
	if text == "" {
		return nil, "no text", nil
	}
	now, author := b.core.Now(), m.Author(from)
	at := m.Written(now)
	for _, city := range cities {
		known, _, err := b.core.Cities.City(ctx, city)
		if err != nil {
			return nil, "", fmt.Errorf("look up city: %w", err)
		}
		made = append(made, draft{city + "\x00" + author, known.Options.On("hold_spam"), report.Report{
			ID: b.id(m, city, text, now), Text: text, At: at, Private: true, Author: b.core.Author(city, author, at),
		}})
	}
	return made, "", nil
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
	name := "id\x00" + m.ID
	if m.ID == "" {
		date := m.Get("Date")
		if date == "" {
			date = strconv.FormatInt(now.Unix()/int64(bucket/time.Second), 10)
		}
		name = "body\x00" + m.Author("") + "\x00" + date + "\x00" + text
	}
	return b.core.Box.Digest("email report", city+"\x00"+name)
}
