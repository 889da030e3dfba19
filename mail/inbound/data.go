package inbound

import (
	"context"
	"errors"
	"io"

	"github.com/emersion/go-smtp"

	"linienfunk/mail/text"
)

// Data reads a message and returns nil only when it is stored for all recipients. A client that gets no answer, or a temporary one, sends it
// again, for all of them.
func (s *session) Data(r io.Reader) error {
	return s.receive(r, func(e envelope, m *Mail) error {
		for _, to := range e.distinct() {
			if err := s.deliver(to, m); err != nil {
				return err
			}
		}
		return nil
	})
}

// receive reads a message and calls deliver with it. Its error is the reply for all recipients.
func (s *session) receive(r io.Reader, deliver func(envelope, *Mail) error) error {
	if !s.enter() {
		return errAborted
	}
	defer s.busy.Done()
	limited := s.large.reader(r)
	defer limited.release()
	e := s.envelope()
	m, err := s.read(e, e.distinct(), limited)
	if err != nil {
		return err
	}
	if err = deliver(e, m); err == nil {
		s.conn.progressed()
	}
	return err
}

// read reads a message to its end. Its error is the reply for all recipients.
func (s *session) read(e envelope, recipients []Recipient, r io.Reader) (*Mail, error) {
	m := &Mail{EnvelopeFrom: e.from, limits: s.Limits, dns: s.DNS}
	raw, parsed := false, false
	for _, to := range recipients {
		raw, parsed = raw || to.Raw, parsed || !to.Raw
	}
	if s.conn.isStranger() {
		m.client = s.conn.addr
	}
	kept := &beginning{}
	if raw {
		r = io.TeeReader(r, kept)
	}
	if !parsed {
		if _, err := io.Copy(io.Discard, r); err != nil {
			return nil, readReply(err)
		}
		m.Beginning = kept.bytes
		return m, nil
	}
	c := checks{s.DNS, s.Log}
	check := c.verify(s.ctx, r)
	message, err := text.Parse(check)
	signed := check.end(err)
	if err != nil {
		return nil, readReply(err)
	}
	m.Message, m.Beginning = message, kept.bytes
	m.check = func(ctx context.Context) Verdict {
		return c.authenticate(ctx, message, e.from, s.Relays.clientOf(message, s.conn.addr, e.helo, s.conn.listener.trusted), signed)
	}
	return m, nil
}

// deliver stores a message for one recipient. Its error is the reply.
func (s *session) deliver(to Recipient, m *Mail) error {
	ctx, cancel := context.WithTimeout(s.ctx, storeTimeout)
	defer cancel()
	err := s.handler.Deliver(ctx, to, m)
	var reply *smtp.SMTPError
	if err == nil || errors.As(err, &reply) {
		return err
	}
	log := s.Log
	if !to.Raw { // whose name is a bounce address
		log = log.With("recipient", to.Name)
	}
	log.Warn("mail not stored; the client has to try again", "err", err)
	return errLater
}

// readReply is the answer to a message that could not be read to its end.
func readReply(err error) error {
	var reply *smtp.SMTPError
	switch {
	case errors.Is(err, smtp.ErrTooLongLine):
		return errLine
	case errors.As(err, &reply):
		return reply // the message is too large
	}
	return errAborted
}
