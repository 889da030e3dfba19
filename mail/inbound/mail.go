package inbound

import (
	"context"
	"fmt"
	"net/netip"

	"blitiri.com.ar/go/spf"
	"github.com/emersion/go-smtp"

	"linienfunk/mail/text"
)

// Handler looks up recipients and stores mails. Its methods may be called at the same time from different goroutines.
type Handler interface {
	// Resolve returns the recipient of an address in RCPT TO, without source route and quotes. An error of Reply is the answer to the client;
	// after any other, which is logged, it is asked to retry later.
	Resolve(ctx context.Context, address string) (Recipient, error)

	// Deliver stores a mail for one of its recipients. It returns nil only when the mail is stored durably, or dropped on purpose: the client is
	// told that the mail was accepted. Errors are as those of Resolve. A client that gets one sends the mail again, possibly for recipients that have it
	// already.
	Deliver(ctx context.Context, to Recipient, m *Mail) error
}

// Recipient identifies the recipient of a mail. Addresses with the same Recipient get it once.
type Recipient struct {
	Name string // chosen by the handler, such as a city

	// Raw recipients want the beginning of the mail as it is, which may be a bounce. It is not greylisted, parsed or checked for them.
	Raw bool
}

// Mail is a mail that came in.
type Mail struct {
	*text.Message        // nil if all recipients are Raw
	EnvelopeFrom  string // empty for bounces
	Beginning     []byte // the first maxBeginning bytes, if a recipient is Raw or the mail was fetched by IMAP

	limits  *Limits
	client  netip.Addr // for limits; zero for relays and IMAP
	dns     spf.DNSResolver
	check   func(context.Context) Verdict
	verdict *Verdict
}

// Verdict is the result of the checks of a mail's author: SPF, DKIM and DMARC.
type Verdict struct {
	Reject bool   // the author's domain wants the mail rejected
	Doubt  string // the reason to doubt the author, in a few words, or ""
	Proven bool   // the author's domain has signed the mail (DKIM), or has sent it (SPF); without doubt it may still be unknown
}

// Verdict checks the mail, once. It may ask DNS for some seconds: a handler that drops the mail anyway should not call it.
func (m *Mail) Verdict(ctx context.Context) Verdict {
	if m.verdict == nil {
		verdict := m.check(ctx)
		m.verdict = &verdict
	}
	return *m.verdict
}

// ExceededLimit counts the mail and returns the rate limit that it exceeds, "network" or "author", or nothing. event identifies the mail: one that was
// counted lately for the recipient is not counted again. It may ask DNS for some seconds about a network that exceeds the limit.
func (m *Mail) ExceededLimit(ctx context.Context, recipient, author, event string) string {
	switch {
	case m.client.IsValid() && !m.limits.allowNetwork(ctx, m.client, m.dns, recipient, event):
		return "network"
	case !m.limits.authors.AllowOnce(recipient+"\x00"+author, event):
		return "author"
	}
	return ""
}

// maxBeginning is the number of bytes of a bounce that are kept: its report precedes the returned mail.
const maxBeginning = 512 << 10

// beginning is a Writer that keeps the first bytes.
type beginning struct{ bytes []byte }

func (h *beginning) Write(b []byte) (int, error) {
	h.bytes = append(h.bytes, b[:min(len(b), maxBeginning-len(h.bytes))]...)
	return len(b), nil
}

// Reply returns an error that answers an SMTP command, such as Reply(550, [3]int{5, 1, 1}, "There is no such mailbox here").
func Reply(code int, enhanced [3]int, message string) error {
	return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode(enhanced), Message: message}
}

// The server's own replies.
var (
	errMistakes = Reply(421, [3]int{4, 7, 0}, "Too many unknown recipients, closing connection")
	errLater    = Reply(451, [3]int{4, 3, 0}, "The mail could not be stored, try again later")
	errAborted  = Reply(451, [3]int{4, 4, 2}, "The mail did not arrive completely")
	errBusy     = Reply(452, [3]int{4, 3, 1}, "Too many large mails at the same time, try again later")
	errGreylist = Reply(450, [3]int{4, 7, 1}, "Greylisted, try again in a minute")
	errLine     = Reply(554, [3]int{5, 6, 0}, fmt.Sprintf("A line of the mail is longer than %d bytes", maxLine))
)
