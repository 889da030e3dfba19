package email

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/emersion/go-smtp"

	"linienfunk/mail/text"
)

// session is one connection. go-smtp calls Data from another goroutine when a message comes by BDAT, and may call
// Reset meanwhile.
type session struct {
	*backend
	conn     *conn
	hostname func() string // what the client calls itself

	mu       sync.Mutex
	current  envelope
	mistakes int
}

// envelope is what a client says before a message.
type envelope struct {
	from, helo string
	recipients []recipient // as the client named them
}

type recipient struct {
	address string
	target
}

// target is whom a recipient stands for: a city, or who hears of bounces.
type target struct {
	city string
	back string // the local part of an address that our mails come back to
}

// cities are those among the recipients, each once.
func (e envelope) cities() (cities []string) {
	for _, t := range e.targets() {
		if t.city != "" {
			cities = append(cities, t.city)
		}
	}
	return cities
}

// targets are those of the recipients, each once, the cities first: a report that is handed in again is the same one, and a bounce
// another one.
func (e envelope) targets() (targets []target) {
	for _, bounces := range []bool{false, true} {
		for _, r := range e.recipients {
			if (r.back != "") == bounces && !slices.Contains(targets, r.target) {
				targets = append(targets, r.target)
			}
		}
	}
	return targets
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

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.current = envelope{from: from, helo: s.hostname()}
	return nil
}

// The answers.
var (
	errRelay = &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 7, 1},
		Message: "Relaying denied: this server takes mail for its own cities only"}
	errNoCity = &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1},
		Message: "There is no such city here"}
	errMistakes = &smtp.SMTPError{Code: 421, EnhancedCode: smtp.EnhancedCode{4, 7, 0},
		Message: "Too many unknown recipients, closing connection"}
	errLater = &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0},
		Message: "The mail could not be stored, try again later"}
	errAborted = &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 4, 2},
		Message: "The mail did not arrive completely"}
	errFlood = &smtp.SMTPError{Code: 450, EnhancedCode: smtp.EnhancedCode{4, 7, 1},
		Message: "Too many reports, try again later"}
	errGrey = &smtp.SMTPError{Code: 450, EnhancedCode: smtp.EnhancedCode{4, 7, 1},
		Message: "Greylisted, try again in a minute"}
	errForged = &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 7, 1},
		Message: "The author's domain does not stand by this mail, and wants it refused (DMARC)"}
	errLine = &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 6, 0},
		Message: fmt.Sprintf("A line of the mail is longer than %d bytes", maxLine)}
)

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	found, err := s.targetOf(to)
	if err == nil {
		s.current.recipients = append(s.current.recipients, recipient{to, found})
		return nil
	}
	if err == errGrey || err == errLater || !s.bot.foreign(s.conn) {
		return err // which is not the client's mistake
	}
	if s.mistakes++; s.mistakes > maxMistakes {
		s.conn.over.Store(true)
		return errMistakes
	}
	return err
}

// targetOf returns whom an address stands for. Its errors are answers.
func (s *session) targetOf(address string) (target, error) {
	if back, err := s.returned(address); back != "" || err != nil {
		return target{back: back}, err
	}
	city, err := s.cityOf(address)
	if err != nil {
		return target{}, err
	}
	ctx, cancel := context.WithTimeout(s.ctx, storeTimeout)
	defer cancel()
	if s.bot.greylisted(ctx, s.conn, s.current.from, city) {
		return target{}, errGrey
	}
	return target{city: city}, nil
}

// cityOf returns the city that an address belongs to. <city>+<anything>@ is the city's, too. go-smtp has removed
// source routes and quotes; what stands before the last @ is the local part, whatever is in it.
func (s *session) cityOf(address string) (string, error) {
	local, domain := split(address)
	if !s.bot.ours(domain) {
		return "", errRelay
	}
	name, _, _ := strings.Cut(strings.ToLower(local), "+")
	ctx, cancel := context.WithTimeout(s.ctx, storeTimeout)
	defer cancel()
	_, ok, err := s.bot.open(ctx, name)
	if err != nil {
		s.bot.core.Log.Error("recipient not checked", "error", err)
		return "", errLater
	}
	if !ok {
		return "", errNoCity
	}
	return name, nil
}

// ours says whether a domain is the cities'.
func (b *Bot) ours(domain string) bool {
	domain = strings.TrimSuffix(domain, ".")
	if strings.EqualFold(domain, b.domain) || strings.EqualFold(domain, b.mail.Domain) {
		return true
	}
	ascii, err := text.ASCIIDomain(domain)
	return err == nil && ascii == b.domain
}
