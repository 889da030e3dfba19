// Package text reads received mails: the author, the time, whether the mail is automatic, and the author's own text. It undoes MIME,
// HTML and character sets, and cuts quotations, signatures, closings and advertisements of mail programs.
//
// Parse reads a mail of any size in bounded memory, however broken it is. Everything else is a pure function of the Message: no clock,
// no network, no database.
//
// Whether a line belongs to the author is decided by small functions with names, listed in cut.go (rules, blockRules); whether a person wrote
// the mail, by those in automatic.go. Rules lists those that applied. testdata/mails has a mail and its report for each kind.
package text

import (
	"io"
	"regexp"
	"strings"
	"unicode/utf8"

	gomail "github.com/emersion/go-message/mail"
	netmail "net/mail"

	"linienfunk/report"
)

// Message is a mail that was received.
type Message struct {
	*part
	ID string // Message-ID, empty if it has none
}

// Parse reads a message to its end. Its error is the reader's: a message that is broken is no error.
func Parse(r io.Reader) (*Message, error) {
	root, err := readParts(r)
	if err != nil {
		return nil, err
	}
	return &Message{part: root, ID: strings.TrimSpace(root.header.Get("Message-Id"))}, nil
}

// Get returns the first value of a header field, not decoded, or nothing.
func (m *Message) Get(field string) string { return m.header.Get(field) }

// Values returns all values of a header field, not decoded, the uppermost first.
func (m *Message) Values(field string) (values []string) {
	for fields := m.header.FieldsByKey(field); fields.Next(); {
		values = append(values, fields.Value())
	}
	return values
}

var inBrackets = regexp.MustCompile(`<([^<>\s]+@[^<>\s]+)>`)

// Author is the bare address in From, or else the sender of the envelope, as Canonical returns it.
func (m *Message) Author(envelopeFrom string) string {
	from := m.Get("From")
	if list, err := gomail.ParseAddressList(from); err == nil && len(list) > 0 && list[0].Address != "" {
		return Canonical(list[0].Address)
	}
	if found := inBrackets.FindStringSubmatch(from); found != nil {
		return Canonical(found[1])
	}
	return Canonical(envelopeFrom)
}

// ReturnPath is the sender of the envelope, which the last server wrote into the header (RFC 5321, section 4.4): empty for a mail that
// must not be answered. Without that field it is the author.
func (m *Message) ReturnPath() string {
	path := strings.TrimSpace(m.Get("Return-Path"))
	if path == "<>" {
		return ""
	}
	if parsed, err := netmail.ParseAddress(path); err == nil {
		return parsed.Address
	}
	return m.Author("")
}

// Report is the author's own text as a report: the subject, and below it the body. It is empty if nothing is left. A subject is
// left out if the body repeats it.
func (m *Message) Report() string {
	text, _ := m.report()
	return text
}

// Rules returns the names of the rules of Cut that applied to the body: to measure them.
func (m *Message) Rules() []string {
	_, applied := m.report()
	return applied
}

func (m *Message) report() (text string, applied []string) {
	whole := m.part.text(0)
	subject := ownSubject(m.Get("Subject"))
	envelope := m.envelope()
	body, applied := envelope.cut(whole)
	if subject == "" && body == "" {
		body, applied = envelope.cutKeepingNames(whole)
	}
	if subject == "" || repeatsSubject(body, subject) {
		return report.Clean(body), applied
	}
	return report.Clean(subject + "\n" + body), applied
}

// envelope returns what the header tells about the body.
func (m *Message) envelope() (e envelope) {
	if list, err := gomail.ParseAddressList(m.Get("From")); err == nil && len(list) > 0 {
		local, _ := SplitAddress(list[0].Address)
		for _, words := range []string{list[0].Name, local} {
			for _, word := range nameWords(words) {
				if utf8.RuneCountInString(word) > 1 {
					e.author = append(e.author, word)
				}
			}
		}
	}
	for _, field := range []string{"To", "Delivered-To", "X-Original-To"} {
		if list, err := gomail.ParseAddressList(m.Get(field)); err == nil {
			for _, to := range list[:min(len(list), maxOwn)] {
				e.own = append(e.own, strings.ToLower(to.Address))
			}
		}
	}
	return e
}

// maxOwn is how many recipients of a field are looked for in header blocks.
const maxOwn = 10
