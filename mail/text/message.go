// Package text makes a report's text out of a mail that was received.
package text

import (
	"bytes"
	"io"
	"mime"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	gomessage "github.com/emersion/go-message"
	mailcharset "github.com/emersion/go-message/charset" // its import makes go-message know all charsets
	gomail "github.com/emersion/go-message/mail"
	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding/charmap"

	"linienfunk/report"
)

// Message is a mail that was received.
type Message struct {
	*part
	ID string // Message-ID, empty if it has none
}

// Parse reads a message to its end. The error is the reader's.
func Parse(r io.Reader) (*Message, error) {
	root, err := readParts(r)
	if err != nil {
		return nil, err
	}
	return &Message{part: root, ID: strings.TrimSpace(root.header.Get("Message-Id"))}, nil
}

// MediaType is in lower case.
func (m *Message) MediaType() string { return m.kind }

// Has says whether the header has a field.
func (m *Message) Has(field string) bool { return m.header.Has(field) }

// Get returns the first value of a field, not decoded, or nothing.
func (m *Message) Get(field string) string { return m.header.Get(field) }

// Values returns all values of a field, not decoded, the uppermost first.
func (m *Message) Values(field string) (values []string) {
	for fields := m.header.FieldsByKey(field); fields.Next(); {
		values = append(values, fields.Value())
	}
	return values
}

var inBrackets = regexp.MustCompile(`<([^<>\s]+@[^<>\s]+)>`)

// Author is the bare address in From, or else the sender of the envelope.
func (m *Message) Author(envelope string) string {
	from := m.header.Get("From")
	if list, err := gomail.ParseAddressList(from); err == nil && len(list) > 0 && list[0].Address != "" {
		return sender(list[0].Address)
	}
	if found := inBrackets.FindStringSubmatch(from); found != nil {
		return sender(found[1])
	}
	return sender(envelope)
}

// Report is the report in a message, or nothing: what the rider wrote in the subject, and below it what the rider wrote
// in the body. A subject is left out if the body begins with it, since phones fill it in from the text, and if it is
// an answer's: then it is ours. Somebody else's words in the body, quoted or forwarded, are left out, too: who wrote
// them did not write to us.
func (m *Message) Report() string {
	subject, body := m.subject(), cut(m.part.text(0))
	if subject == "" && body == "" {
		body = cutLess(m.part.text(0))
	}
	if subject == "" || begins(body, subject) {
		return report.Clean(body)
	}
	return report.Clean(subject + "\n" + body)
}

var (
	answered  = regexp.MustCompile(`(?i)^\s*(re|aw|antw|antwort|sv|vs|odp|rv|r|回复|答复)\s*(\[\d+\]|\(\d+\))?\s*[:：]`)
	forwarded = regexp.MustCompile(`(?i)^\s*((fwd?|wg|tr|rv|i|doorst|vl|转发)\s*[:：]\s*)+`)
	none      = regexp.MustCompile(`(?i)^[<(\[]?\s*(no subject|kein betreff|ohne betreff|sans objet|sin asunto|\.{2,}|…)\s*[>)\]]?$`)
)

// subject is one line, or empty if nothing in it is the rider's.
func (m *Message) subject() string {
	raw := m.header.Get("Subject")
	decoded, err := (&mime.WordDecoder{CharsetReader: mailcharset.Reader}).DecodeHeader(raw)
	if err != nil {
		decoded = raw
	}
	subject := strings.Join(strings.Fields(valid([]byte(decoded))), " ")
	if answered.MatchString(subject) || none.MatchString(subject) {
		return ""
	}
	subject = forwarded.ReplaceAllString(subject, "")
	if answered.MatchString(subject) {
		return ""
	}
	return subject
}

// begins compares without regard to case, punctuation and spaces.
func begins(body, subject string) bool {
	letters := func(s string) string {
		return strings.Map(func(r rune) rune {
			if unicode.IsLetter(r) || unicode.IsDigit(r) {
				return unicode.ToLower(r)
			}
			return -1
		}, s)
	}
	short := letters(strings.TrimRight(subject, "…."))
	return short != "" && strings.HasPrefix(letters(body), short)
}

// text is the text of a part and its children, in UTF-8.
func (v *part) text(depth int) string {
	switch {
	case depth > maxDepth || v.attached():
		return ""
	case v.kind == "multipart/alternative":
		return v.alternative(depth)
	case v.kind == "multipart/encrypted":
		return ""
	case v.kind == "multipart/related" && len(v.children) > 0:
		return v.children[0].text(depth + 1)
	case strings.HasPrefix(v.kind, "multipart/"):
		var texts []string
		for _, child := range v.children {
			if text := child.text(depth + 1); strings.TrimSpace(text) != "" {
				texts = append(texts, text)
			}
		}
		return strings.Join(texts, "\n")
	case v.kind == "text/html" || v.kind == "application/xhtml+xml":
		return htmlText(v.decode())
	case v.kind == "text/plain":
		return v.plain()
	}
	return ""
}

// alternative prefers plain text: it is what the rider typed, without what programs add around it.
func (v *part) alternative(depth int) string {
	best := ""
	for _, child := range v.children {
		text := child.text(depth + 1)
		if strings.TrimSpace(text) == "" {
			continue
		}
		if child.kind == "text/plain" {
			return text
		}
		best = text
	}
	return best
}

func (v *part) plain() string {
	text := strings.ReplaceAll(v.decode(), "\r\n", "\n")
	if strings.ContainsRune(text, 0) {
		return "" // no text, whatever the header says
	}
	if strings.EqualFold(v.params["format"], "flowed") {
		return unflow(text, strings.EqualFold(v.params["delsp"], "yes"))
	}
	return text
}

// decode undoes transfer encoding and charset. What is broken ends the text where it breaks; an unknown charset is
// guessed.
func (v *part) decode() string {
	declared := strings.ToLower(strings.TrimSpace(v.params["charset"]))
	entity, err := gomessage.New(v.header, bytes.NewReader(v.body))
	if entity == nil {
		return ""
	}
	text, _ := io.ReadAll(io.LimitReader(entity.Body, 4*maxText))
	if v.kind == "text/html" && (declared == "" || gomessage.IsUnknownCharset(err)) && !utf8.Valid(text) {
		encoding, _, _ := charset.DetermineEncoding(text, "text/html")
		if decoded, err := encoding.NewDecoder().Bytes(text); err == nil {
			return string(decoded)
		}
	}
	return valid(bytes.TrimPrefix(text, []byte("\ufeff")))
}

// valid takes bytes that are no UTF-8 for Windows-1252, which most of those are that say nothing or something wrong.
func valid(text []byte) string {
	if utf8.Valid(text) {
		return string(text)
	}
	if n := len(text); n > 3 && utf8.Valid(text[:n-incomplete(text)]) {
		return string(text[:n-incomplete(text)]) // cut in the middle of a character by our own limit
	}
	decoded, err := charmap.Windows1252.NewDecoder().Bytes(text)
	if err != nil {
		return strings.ToValidUTF8(string(text), "\uFFFD")
	}
	return string(decoded)
}

// incomplete counts the bytes of a character that is cut off at the end.
func incomplete(text []byte) int {
	for i := 1; i <= 3 && i <= len(text); i++ {
		if c := text[len(text)-i]; utf8.RuneStart(c) {
			if c >= utf8.RuneSelf && !utf8.FullRune(text[len(text)-i:]) {
				return i
			}
			return 0
		}
	}
	return 0
}
