package email

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"linienfunk/bots"
	"linienfunk/bots/kit"
	"linienfunk/mail"
	"linienfunk/mail/inbound"
)

// refusalTime is how long the program sends a city's mails after its submission server has refused the login.
const refusalTime = time.Hour

// sender is From and Route of a mail.Message.
type sender struct{ from, route string }

// senderOf returns the city's own mailbox, if that sends, or else the program.
func (b *Bot) senderOf(ctx context.Context, city string) (sender, error) {
	m, connected, err := b.findMailbox(ctx, city)
	if err != nil || !connected || !m.sends() || b.isRefused(m) {
		return sender{from: city}, err
	}
	return sender{m.Address, city + " " + m.Revision}, nil
}

// isRefused reports whether the submission server has refused the login lately.
func (b *Bot) isRefused(m Mailbox) bool {
	return m.RefusedAt != 0 && b.core.Now().Sub(time.Unix(m.RefusedAt, 0)) < refusalTime
}

// Submission implements mail.Network. Mails that were queued before the password was changed are sent with the new one.
func (b *Bot) Submission(ctx context.Context, route string) (mail.Submission, error) {
	city, _, _ := strings.Cut(route, " ")
	m, password, err := b.mailboxes.Load(ctx, city)
	if errors.Is(err, kit.ErrNoAccount) || err == nil && !m.sends() {
		return mail.Submission{}, mail.ErrNoRoute
	}
	return b.submission(m, password), err
}

func (b *Bot) submission(m Mailbox, password string) mail.Submission {
	return mail.Submission{
		Server:   net.JoinHostPort(m.SubmitHost, strconv.Itoa(m.SubmitPort)),
		Security: mail.Security(m.SubmitSecurity),
		TLS:      inbound.TLSFor(m.SubmitHost, b.fetcher.TLS), User: m.Login, Password: password, Sender: m.Address,
	}
}

// SubmissionRefused implements mail.Network. The program sends the mails that follow, and the admins get a warning.
func (b *Bot) SubmissionRefused(ctx context.Context, route string) {
	city, revision, _ := strings.Cut(route, " ")
	current, err := b.store.refuseMailbox(ctx, city, revision)
	if err != nil {
		b.core.Log.Error("refusal of a login not stored", "city", city, "err", err)
	}
	if current {
		b.core.Log.Warn("submission server refuses the login of a city's mailbox; its admins are warned", "city", city)
		b.mail.Warn(ctx, city, revision, "submission-refused")
	}
}

// refuseMailbox stores that a login was refused. It returns false if the mailbox was connected again meanwhile.
func (s store) refuseMailbox(ctx context.Context, city, revision string) (bool, error) {
	done := s.db.WithContext(ctx).Model(&Mailbox{}).Where("city = ? AND revision = ?", city, revision).
		UpdateColumn("refused_at", s.now().Unix())
	if done.Error != nil {
		return false, fmt.Errorf("update mailbox: %w", done.Error)
	}
	return done.RowsAffected > 0, nil
}

// trySubmission logs into the submission server of a mailbox, if it has one.
func (b *Bot) trySubmission(ctx context.Context, m Mailbox, password string) error {
	if !m.sends() {
		return nil
	}
	err := b.mail.TrySubmission(ctx, b.submission(m, password))
	switch {
	case err == nil:
		return nil
	case bots.AsError(err).Kind == bots.KindRevoked:
		return bots.Revoked("submission-login", err)
	}
	return bots.Retry("submission-unreachable", err)
}
