package mail

import (
	"bytes"
	"errors"
	"fmt"
	"mime"
	netmail "net/mail"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/emersion/go-message"
	"github.com/emersion/go-message/mail"
	"golang.org/x/net/idna"
)

// envelope is a message in its final form, with its sender and recipient. It is stored as JSON.
type envelope struct {
	ID       string // digest of Message.Key
	From, To string // of the SMTP envelope
	Message  []byte // lines end in CRLF

	BounceLocal string `json:"Back,omitempty"` // local part of the bounce address; empty if bounces are ignored
	Owner       string `json:",omitempty"`     // network of the Route
	Route       string `json:",omitempty"`

	onSent func() // called when the whole message was sent, before the server's reply; may be nil
}

// Limits in bytes. Of addresses: RFC 5321, sections 4.5.3.1.1 and 4.5.3.1.3.
const (
	maxLocal   = 64
	maxAddress = 254
	maxHeader  = 900 // value of a header field: a line has at most 998 (RFC 5322, section 2.1.1), with the name
)

// build builds a message. The Message-ID depends only on the id, so that mail programs show a message that was delivered twice only
// once.
func build(m Message, id, domain string, now time.Time) (envelope, error) {
	from, err := sender(m, domain)
	if err != nil {
		return envelope{}, fmt.Errorf("sender: %w", err)
	}
	to, err := Address(m.To)
	if err != nil {
		return envelope{}, fmt.Errorf("recipient: %w", err)
	}
	if err := errors.Join(checkValue("sender's name", m.FromName), checkValue("subject", m.Subject)); err != nil {
		return envelope{}, err
	}
	var h mail.Header
	// Set inserts at the top, so the last field comes first.
	h.Set("Content-Transfer-Encoding", "quoted-printable")
	h.SetContentType("text/plain", map[string]string{"charset": "utf-8"})
	h.Set("MIME-Version", "1.0")
	if err := setExtra(&h, m.Header); err != nil {
		return envelope{}, err
	}
	submitted := "auto-generated" // RFC 3834, section 5: prevents vacation replies
	if m.InReplyTo != "" {
		submitted = "auto-replied"
		if err := checkValue("In-Reply-To", m.InReplyTo); err != nil {
			return envelope{}, err
		}
		h.SetMsgIDList("References", []string{m.InReplyTo})
		h.SetMsgIDList("In-Reply-To", []string{m.InReplyTo})
	}
	h.Set("Auto-Submitted", submitted)
	h.Set("X-Ms-Reactions", "disallow") // Outlook sends a mail with our subject and text for each reaction (Microsoft's "Reactions in Outlook")
	local := messageIDLocal(id)
	if m.Ref != "" {
		if local = m.Ref; !refForm.MatchString(local) {
			return envelope{}, errors.New("the message's reference has an invalid character, or is too long")
		}
	}
	h.SetMessageID(local + "@" + domain)
	h.SetDate(now)
	h.SetSubject(m.Subject)
	h.SetAddressList("To", []*mail.Address{{Address: to}})
	// net/mail keeps backslashes in encoded words, where RFC 2047, section 5 (3) forbids them, and then cannot parse its own output.
	h.SetAddressList("From", []*mail.Address{{Name: strings.ReplaceAll(m.FromName, `\`, "/"), Address: from}})
	body, err := write(h.Header, m.Text)
	return envelope{ID: id, From: from, To: to, Message: body, Route: m.Route}, err
}

var refForm = regexp.MustCompile(`^[a-z0-9]{1,64}$`)

func sender(m Message, domain string) (string, error) {
	if m.Route != "" {
		return Address(m.From)
	}
	return m.From + "@" + domain, checkLocal(m.From)
}

// messageIDLocal is the part of the Message-ID before the @.
func messageIDLocal(id string) string { return id[:32] }

func write(h message.Header, text string) ([]byte, error) {
	var out bytes.Buffer
	w, err := message.CreateWriter(&out, h)
	if err != nil {
		return nil, fmt.Errorf("write header: %w", err)
	}
	text = strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\r\n", "\n")
	if !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	if _, err := w.Write([]byte(strings.ReplaceAll(text, "\n", "\r\n"))); err != nil {
		return nil, fmt.Errorf("write text: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("write text: %w", err)
	}
	return out.Bytes(), nil
}

// reservedFields cannot be set by Message.Header.
var reservedFields = []string{
	"Auto-Submitted", "Bcc", "Cc", "Content-Transfer-Encoding", "Content-Type", "Date", "Dkim-Signature", "From", "In-Reply-To",
	"Message-Id", "Mime-Version", "Received", "References", "Return-Path", "Sender", "Subject", "To", "X-Ms-Reactions",
}

// setExtra adds Message.Header, sorted by name.
func setExtra(h *mail.Header, extra map[string]string) error {
	names := make([]string, 0, len(extra))
	for name := range extra {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if err := errors.Join(checkName(name), checkValue("header "+name, extra[name])); err != nil {
			return err
		}
		if h.Has(name) || slices.ContainsFunc(reservedFields, func(s string) bool { return strings.EqualFold(s, name) }) {
			return fmt.Errorf("header %s cannot be set", name)
		}
		h.Set(name, mime.QEncoding.Encode("utf-8", extra[name]))
	}
	return nil
}

func checkName(name string) error {
	for i := range len(name) {
		if name[i] <= ' ' || name[i] > '~' || name[i] == ':' {
			return errors.New("a header field's name has an invalid character")
		}
	}
	if name == "" || len(name) > 70 {
		return errors.New("a header field's name is empty or too long")
	}
	return nil
}

// checkValue refuses line breaks and other control characters, which could inject a header field.
func checkValue(what, value string) error {
	if !utf8.ValidString(value) || strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return fmt.Errorf("%s has a line break or a control character", what)
	}
	if len(value) > maxHeader {
		return fmt.Errorf("%s is longer than %d bytes", what, maxHeader)
	}
	return nil
}

// checkLocal checks a local part: it must be a dot-atom of RFC 5322, section 3.2.3.
func checkLocal(local string) error {
	if local == "" || len(local) > maxLocal || strings.HasPrefix(local, ".") || strings.HasSuffix(local, ".") ||
		strings.Contains(local, "..") {
		return errors.New("the part before the @ is not a dot-atom")
	}
	for i := range len(local) {
		c := local[i]
		alnum := c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !alnum && !strings.ContainsRune("!#$%&'*+-/=?^_`{|}~.", rune(c)) {
			return errors.New("the part before the @ has an invalid character")
		}
	}
	return nil
}

// Address checks one bare address and returns it as SMTP needs it: the domain in lower case and in ASCII (RFC 5891). It refuses local
// parts that are quoted or not ASCII (they would need SMTPUTF8 on all servers) and address literals. The error does not
// contain the address.
func Address(address string) (string, error) {
	parsed, err := netmail.ParseAddress(address)
	if err != nil || parsed.Name != "" || parsed.Address != address {
		return "", errors.New("not a bare mail address")
	}
	at := strings.LastIndexByte(address, '@')
	if err := checkLocal(address[:at]); err != nil {
		return "", err
	}
	domain, err := idna.Lookup.ToASCII(address[at+1:])
	if err != nil || domain == "" || strings.HasSuffix(domain, ".") {
		return "", errors.New("the part after the @ is not a domain")
	}
	full := address[:at+1] + strings.ToLower(domain)
	if len(full) > maxAddress {
		return "", fmt.Errorf("the address is longer than %d characters", maxAddress)
	}
	return full, nil
}
