package email

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"linienfunk/bots"
	"linienfunk/mail"
	"linienfunk/mail/inbound"
)

// refusedTime is for how long a city's mails leave as all others do, after its provider has turned down the login.
const refusedTime = time.Hour

// way is how a city's mails leave: as mail.Message has it.
type way struct{ from, route string }

// wayOut is through the city's own mailbox, if it sends, or else through the program.
func (b *Bot) wayOut(ctx context.Context, city string) (way, error) {
	m, connected, err := b.known(ctx, city)
	if err != nil || !connected || !m.sends() || b.refused(m) {
		return way{from: city}, err
	}
	return way{m.Address, city + " " + m.Revision}, nil
}

func (m Mailbox) sends() bool { return m.SubmitHost != "" }

// refused says whether the provider has turned down the login lately.
func (b *Bot) refused(m Mailbox) bool {
	return m.RefusedAt != 0 && b.core.Now().Sub(time.Unix(m.RefusedAt, 0)) < refusedTime
}

// Submission is how a mailbox sends. Mails that were queued before its password was changed leave with the new one.
func (b *Bot) Submission(ctx context.Context, route string) (mail.Submission, error) {
	city, _, _ := strings.Cut(route, " ")
	m, password, err := b.store.mailbox(ctx, city)
	if errors.Is(err, errNoMailbox) || err == nil && !m.sends() {
		return mail.Submission{}, mail.ErrNoRoute
	}
	return b.submission(m, password), err
}

func (b *Bot) submission(m Mailbox, password string) mail.Submission {
	return mail.Submission{
		Server:   net.JoinHostPort(m.SubmitHost, strconv.Itoa(m.SubmitPort)),
		Security: mail.Security(m.SubmitSecurity), // the words are the same
		TLS:      inbound.TLSFor(m.SubmitHost, b.fetcher.TLS), User: m.Login, Password: password, Sender: m.Address,
	}
}

// SubmissionRefused lets the mails that follow leave through the program, and tells the admins.
func (b *Bot) SubmissionRefused(ctx context.Context, route string) {
	city, revision, _ := strings.Cut(route, " ")
	known, err := b.store.refuse(ctx, city, revision)
	if err != nil {
		b.core.Log.Error("refused login not remembered", "city", city, "error", err)
	}
	if known {
		b.core.Log.Warn("the city's provider takes no mail from it", "city", city)
		b.mail.Warn(ctx, city, revision, "submission-refused")
	}
}

// refuse returns false if the mailbox was connected anew meanwhile.
func (s store) refuse(ctx context.Context, city, revision string) (bool, error) {
	done := s.db.WithContext(ctx).Model(&Mailbox{}).Where("city = ? AND revision = ?", city, revision).
		UpdateColumn("refused_at", s.now().Unix())
	if done.Error != nil {
		return false, fmt.Errorf("update mailbox: %w", done.Error)
	}
	return done.RowsAffected > 0, nil
}

// typedSubmission adds to a mailbox by which server it sends: none without a name.
func typedSubmission(r *http.Request, m *Mailbox) (err error) {
	if strings.TrimSpace(r.PostFormValue("smtp_host")) == "" {
		return nil
	}
	m.SubmitSecurity = r.PostFormValue("smtp_security")
	if m.SubmitHost, err = host(r.PostFormValue("smtp_host")); err != nil {
		return err
	}
	// RFC 8314, section 7.3, and RFC 6409, section 3.1.
	usual := map[string]int{secureTLS: 465, secureSTARTTLS: 587, secureNone: 587}
	m.SubmitPort, err = port(r.PostFormValue("smtp_port"), usual[m.SubmitSecurity])
	return err
}

// trySubmission logs into the server by which a mailbox sends, if it does. Its errors say what to do next.
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
