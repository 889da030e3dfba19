package inbound

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// session is one connection. go-smtp calls Data from another goroutine for a message by BDAT, and may call
// Reset meanwhile.
type session struct {
	*backend
	conn     *conn
	hostname func() string // of the client's greeting

	mu       sync.Mutex
	current  envelope
	mistakes int
}

// envelope has the commands that a client sends before a message.
type envelope struct {
	from, helo string
	recipients []envelopeRecipient
}

// envelopeRecipient is a recipient by the address that the client named.
type envelopeRecipient struct {
	address string
	Recipient
}

// distinct returns the recipients, each once, those that are not raw first: a mail that is delivered to them again is known by its id, and a bounce
// is not.
func (e envelope) distinct() (recipients []Recipient) {
	for _, raw := range []bool{false, true} {
		for _, r := range e.recipients {
			if r.Raw == raw && !slices.Contains(recipients, r.Recipient) {
				recipients = append(recipients, r.Recipient)
			}
		}
	}
	return recipients
}

func (s *session) envelope() envelope {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.current
}

func (s *session) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.current = envelope{}
}

func (s *session) Logout() error { return nil }

// AuthMechanisms implements smtp.AuthSession.
func (s *session) AuthMechanisms() []string { return nil }

// Auth refuses the command as RFC 5321, section 4.2.4 says for one that is not implemented.
func (s *session) Auth(string) (sasl.Server, error) {
	return nil, &smtp.SMTPError{Code: 502, EnhancedCode: smtp.EnhancedCode{5, 5, 1}, Message: "There is no login here"}
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.current = envelope{from: from, helo: s.hostname()}
	return nil
}

func (s *session) Rcpt(address string, _ *smtp.RcptOptions) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	ctx, cancel := context.WithTimeout(s.ctx, storeTimeout)
	defer cancel()
	to, err := s.handler.Resolve(ctx, address)
	var reply *smtp.SMTPError
	switch {
	case errors.As(err, &reply):
		return s.mistake(reply)
	case err != nil:
		s.Log.Error("recipient not checked", "err", err)
		return errLater
	case !to.Raw && s.conn.isStranger() && s.Greylist.defers(ctx, s.conn.addr, s.current.from, to.Name):
		return errGreylist
	}
	s.current.recipients = append(s.current.recipients, envelopeRecipient{address, to})
	return nil
}

// mistake counts a recipient that was refused permanently. A relay only forwards the mistakes of others.
func (s *session) mistake(reply *smtp.SMTPError) error {
	if reply.Temporary() || !s.conn.isStranger() {
		return reply
	}
	if s.mistakes++; s.mistakes > maxMistakes {
		s.conn.rejected.Store(true)
		return errMistakes
	}
	return reply
}
