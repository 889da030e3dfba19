package mail

import (
	"bytes"
	"errors"
	"fmt"
	"mime"
	netmail "net/mail"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/emersion/go-message"
	"github.com/emersion/go-message/mail"
	"golang.org/x/net/idna"
)

// envelope is a message and whom it is for. Its lines end in CRLF.
type envelope struct {
	ID       string // of the queue: the key's digest
	From, To string
	Message  []byte
	Back     string `json:",omitempty"` // the local part of the address for its bounces; empty if nobody wants to know of them
	Owner    string `json:",omitempty"` // of the Route
	Route    string `json:",omitempty"` // Message.Route
	whole    func() // called when the server has the whole message, before its answer; may be nil
}

// Longest parts of an address: RFC 5321, sections 4.5.3.1.1 and 4.5.3.1.3.
const (
	maxLocal   = 64
	maxAddress = 254
	maxHeader  = 900 // a line is at most 998 long (RFC 5322, section 2.1.1), the name included
)

// build makes the message of a mail. The Message-ID comes from the id, so that receivers that compare them show a
// mail that was delivered twice only once.
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
	// Set inserts at the top, so this is the message's header from its end.
	h.Set("Content-Transfer-Encoding", "quoted-printable")
	h.SetContentType("text/plain", map[string]string{"charset": "utf-8"})
	h.Set("MIME-Version", "1.0")
	if err := setExtra(&h, m.Header); err != nil {
		return envelope{}, err
	}
	h.Set("Auto-Submitted", "auto-generated") // RFC 3834, section 5: no vacation replies, please
	h.SetMessageID(local(id) + "@" + domain)
	h.SetDate(now)
	h.SetSubject(m.Subject)
	h.SetAddressList("To", []*mail.Address{{Address: to}})
	// net/mail leaves a backslash in encoded words, where RFC 2047, section 5 (3) allows none, and then cannot read it itself.
	h.SetAddressList("From", []*mail.Address{{Name: strings.ReplaceAll(m.FromName, `\`, "/"), Address: from}})
	body, err := write(h.Header, m.Text)
	return envelope{ID: id, From: from, To: to, Message: body, Route: m.Route}, err
}

func sender(m Message, domain string) (string, error) {
	if m.Route != "" {
		return Address(m.From)
	}
	return m.From + "@" + domain, checkLocal(m.From)
}

// local is the part of a Message-ID before the @.
func local(id string) string { return id[:32] }

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

// ours are the fields that a caller cannot set.
var ours = []string{
	"Auto-Submitted", "Bcc", "Cc", "Content-Transfer-Encoding", "Content-Type", "Date", "Dkim-Signature", "From",
	"Message-Id", "Mime-Version", "Received", "Return-Path", "Sender", "Subject", "To",
}

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
		if h.Has(name) || slices.ContainsFunc(ours, func(s string) bool { return strings.EqualFold(s, name) }) {
			return fmt.Errorf("header %s cannot be set", name)
		}
		h.Set(name, mime.QEncoding.Encode("utf-8", extra[name]))
	}
	return nil
}

func checkName(name string) error {
	for i := range len(name) {
		if name[i] <= ' ' || name[i] > '~' || name[i] == ':' {
			return errors.New("a header's name has a character that is not allowed")
		}
	}
	if name == "" || len(name) > 70 {
		return errors.New("a header's name has the wrong length")
	}
	return nil
}

// checkValue refuses what could end the field and begin another.
func checkValue(what, value string) error {
	if !utf8.ValidString(value) || strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return fmt.Errorf("%s has a line break or a control character", what)
	}
	if len(value) > maxHeader {
		return fmt.Errorf("%s is longer than %d bytes", what, maxHeader)
	}
	return nil
}

// checkLocal wants an RFC 5322 dot-atom.
func checkLocal(local string) error {
	if local == "" || len(local) > maxLocal || strings.HasPrefix(local, ".") || strings.HasSuffix(local, ".") ||
		strings.Contains(local, "..") {
		return errors.New("the part before the @ is no dot-atom")
	}
	for i := range len(local) {
		c := local[i]
		alnum := c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !alnum && !strings.ContainsRune("!#$%&'*+-/=?^_`{|}~.", rune(c)) {
			return errors.New("the part before the @ has a character that is not allowed")
		}
	}
	return nil
}

// Address checks one bare address and returns it as it is used in SMTP: the domain in lower case and in its ASCII
// form (RFC 5891). Addresses whose local part is not ASCII would need SMTPUTF8 all the way and are refused, as are
// quoted local parts and address literals. The error does not repeat the address.
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
		return "", errors.New("the part behind the @ is no domain")
	}
	full := address[:at+1] + strings.ToLower(domain)
	if len(full) > maxAddress {
		return "", fmt.Errorf("the address is longer than %d characters", maxAddress)
	}
	return full, nil
}
