package email

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"linienfunk/mail"
	"linienfunk/mail/inbound"
	"linienfunk/mail/text"
)

// postmaster is the local part that every domain with mail must accept (RFC 5321, section 4.5.1). No city can have this name.
const postmaster = "postmaster"

// maxForwarded is how much of a mail the operator gets, in bytes.
const maxForwarded = 64 << 10

// newOperator checks the address that gets the mail for postmaster.
func newOperator(value string) (string, error) {
	if value == "" {
		return "", nil
	}
	address, err := text.ParseAddress(value)
	if err != nil {
		return "", errors.New("postmaster: wants a mail address such as you@example.org")
	}
	return address, nil
}

// forward sends a mail for postmaster to the operator, as text with its header: what is interesting about a complaint is how it came. Our own mails are not
// sent again.
func (b *Bot) forward(ctx context.Context, m *inbound.Mail) error {
	own := postmaster + "@" + b.mail.Domain
	received, err := text.Parse(bytes.NewReader(m.Beginning))
	if err != nil {
		return fmt.Errorf("read mail for postmaster: %w", err)
	}
	if strings.EqualFold(strings.TrimSpace(received.Get(headerLoop)), own) {
		b.core.Log.Warn("mail for postmaster discarded: it is one of our own")
		return nil
	}
	if err := b.bouncedToPostmaster(ctx, m.Beginning); err != nil {
		return err
	}
	if b.operator == "" {
		b.core.Log.Warn("mail for postmaster discarded; the key postmaster has no address", "bot", b.core.Name)
		return nil
	}
	sum := sha256.Sum256(append([]byte(m.EnvelopeFrom+"\x00"), m.Beginning...))
	id := hex.EncodeToString(sum[:])
	if limit := m.ExceededLimit(ctx, postmaster, "", id); limit != "" {
		b.core.Log.Info("mail for postmaster deferred: rate limit exceeded", "limit", limit)
		return errFlood
	}
	header := map[string]string{headerLoop: own}
	if author, err := text.ParseAddress(received.Author(m.EnvelopeFrom)); err == nil {
		header["Reply-To"] = author
	}
	err = b.mail.Queue.Enqueue(ctx, mail.Message{
		Key: "email postmaster " + id, FromName: "Postmaster", To: b.operator, Header: header,
		Subject: "[" + postmaster + "] " + oneLine(received.Subject(), maxSubject),
		Text:    strings.ToValidUTF8(string(m.Beginning[:min(len(m.Beginning), maxForwarded)]), "\uFFFD"),
	})
	if err != nil {
		return fmt.Errorf("queue mail for postmaster: %w", err)
	}
	return nil
}
