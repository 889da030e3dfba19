package email

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"time"

	"linienfunk/bots"
	"linienfunk/bots/kit"
	"linienfunk/mail/inbound"
	"linienfunk/mail/text"
	"linienfunk/report"
)

// Listen receives mail for all cities by SMTP, and by LMTP if the operator wants it.
func (b *Bot) Listen(ctx context.Context, out bots.CityOut) error {
	server := &inbound.Server{
		Domain: b.mail.Domain, Listen: b.mail.Listen, TLS: b.mail.TLS, LMTP: b.lmtp, Relays: b.relays, Greylist: b.greylist, Limits: b.limits,
		DNS: net.DefaultResolver, Log: b.core.Log,
	}
	return server.Serve(ctx, handler{b, out})
}

// handler stores the mails received by SMTP and LMTP.
type handler struct {
	bot *Bot
	out bots.CityOut
}

// Replies to clients.
var (
	errRelay   = inbound.Reply(554, [3]int{5, 7, 1}, "Relaying denied: this server accepts mail for its own cities only")
	errNoCity  = inbound.Reply(550, [3]int{5, 1, 1}, "There is no such city here")
	errEnded   = inbound.Reply(550, [3]int{5, 1, 1}, "This city has ended its service and was deleted; it reads no mail any more")
	errRests   = inbound.Reply(450, [3]int{4, 2, 1}, "This city is resting and accepts no reports at the moment, try again later")
	errNoMail  = inbound.Reply(550, [3]int{5, 2, 1}, "This city accepts no reports by mail")
	errFlood   = inbound.Reply(450, [3]int{4, 7, 1}, "Too many reports, try again later")
	errBlocked = inbound.Reply(550, [3]int{5, 7, 1}, "The operator of this server accepts no mail from this sender; postmaster at this domain reads yours")
	errForged  = inbound.Reply(550, [3]int{5, 7, 1}, "Rejected by the DMARC policy of the author's domain")
)

// Resolve returns a city, or a raw recipient for an address that bounces come to, and for postmaster. <city>+<anything>@ is the city's, too. What is before the last @ is the
// local part, whatever is in it.
func (h handler) Resolve(ctx context.Context, address string) (inbound.Recipient, error) {
	local, domain := text.SplitAddress(address)
	if !h.bot.ours(domain) {
		return inbound.Recipient{}, errRelay
	}
	if bounces := h.bot.mail.Bounces; bounces != nil {
		known, err := bounces.Known(ctx, local)
		if known || err != nil {
			return inbound.Recipient{Name: strings.ToLower(local), Raw: true}, err
		}
	}
	if strings.EqualFold(local, postmaster) {
		return inbound.Recipient{Name: postmaster, Raw: true}, nil
	}
	name, _, _ := strings.Cut(strings.ToLower(local), "+")
	city, ok, err := h.bot.core.Cities.City(ctx, name)
	switch {
	case err != nil:
		err = fmt.Errorf("look up city: %w", err)
	case !ok:
		err = h.whyNoCity(ctx, name)
	case !city.Options.On(kit.Enabled) && city.Active:
		err = errNoMail
	case !city.Active: // providers remember an address that is refused for good
		run, failed := h.bot.runs(ctx, name)
		if err = failed; err == nil && (!run || !city.Options.On(kit.Enabled)) {
			err = h.rests(name)
		}
	}
	return inbound.Recipient{Name: name}, err
}

// whyNoCity says whether there was a city lately.
func (h handler) whyNoCity(ctx context.Context, name string) error {
	ended, movedTo, err := h.bot.mail.Ended(ctx, name)
	switch {
	case err != nil:
		return fmt.Errorf("look up deleted city: %w", err)
	case ended && movedTo != "":
		return inbound.Reply(550, [3]int{5, 1, 6}, "This city has moved to "+movedTo+" and reads no mail here any more") // RFC 3463 3.2: "mailbox has moved, no forwarding address"
	case ended:
		return errEnded
	}
	return errNoCity
}

var errSuspended = inbound.Reply(450, [3]int{4, 2, 1}, "The operator of this server has suspended this city; it accepts no reports at the moment")

// rests is the answer to a mail to a city that is not active.
func (h handler) rests(name string) error {
	if suspended := h.bot.mail.Suspended; suspended != nil && suspended(name) {
		return errSuspended
	}
	return errRests
}

// Deliver stores the report of a mail, or passes on a bounce or a mail for postmaster.
func (h handler) Deliver(ctx context.Context, to inbound.Recipient, m *inbound.Mail) error {
	if to.Raw && to.Name == postmaster {
		return h.bot.forward(ctx, m)
	}
	if to.Raw {
		return h.bot.mail.Bounces.Handle(ctx, to.Name, m.Beginning)
	}
	d, err := h.bot.draft(ctx, to.Name, m)
	if err != nil {
		return err
	}
	log := h.bot.core.Log.With("city", to.Name)
	if done, err := h.bot.command(ctx, to.Name, m, d); done || err != nil {
		return err
	}
	if h.bot.blocked(m) && d.Dropped != leaving {
		log.Info("mail rejected: its sender is blocked")
		return errBlocked
	}
	if d.paused {
		return h.rests(to.Name)
	}
	if d.Dropped != "" && d.Dropped != leaving {
		return drop(ctx, to.Name, d, m, log, func() error { return h.out(ctx, to.Name, d.Report) })
	}
	verdict := m.Verdict(ctx)
	if verdict.Reject {
		log.Info("mail rejected: forged", "reason", verdict.Doubt)
		return errForged
	}
	if limit := m.ExceededLimit(ctx, to.Name, d.author, d.ID); limit != "" {
		log.Info("mail deferred: rate limit exceeded", "limit", limit)
		return errFlood
	}
	if d.Dropped == leaving && verdict.Doubt == "" {
		if err := h.bot.sendLinkToLeave(ctx, to.Name, m.Author(m.EnvelopeFrom)); err != nil {
			return err
		}
	}
	return h.out(ctx, to.Name, d.doubted(verdict.Doubt))
}

// blocked reports whether the operator takes no mail from who has written or sent one.
func (b *Bot) blocked(m *inbound.Mail) bool {
	return b.core.Cities.SenderBlocked(m.Author(m.EnvelopeFrom)) || b.core.Cities.SenderBlocked(m.EnvelopeFrom)
}

// drop records a mail that is no report: its entry in the ledger has the reason. Those of an author above the limit leave none.
func drop(ctx context.Context, city string, d draft, m *inbound.Mail, log *slog.Logger, out func() error) error {
	log.Info("mail dropped", "reason", d.Dropped)
	if limit := m.ExceededLimit(ctx, city, d.author, d.ID); limit != "" {
		log.Info("dropped mail not recorded: rate limit exceeded", "limit", limit)
		return nil
	}
	return out()
}

// Recv reads the city's own mailbox, if it has connected one. Mails to <city>@<domain> are received by Listen.
func (b *Bot) Recv(ctx context.Context, a bots.Account, out bots.Out) error {
	row, password, err := b.mailboxes.Load(ctx, a.City)
	if errors.Is(err, kit.ErrNoAccount) {
		<-ctx.Done()
		return ctx.Err()
	}
	if err != nil {
		return err
	}
	began := b.core.Now()
	err = b.readMailbox(ctx, row, password, out)
	b.noteFailure(ctx, row, began, err)
	return mailboxError(err)
}

func (b *Bot) readMailbox(ctx context.Context, row Mailbox, password string, out bots.Out) error {
	mailbox, err := b.fetcher.Open(ctx, row.account(password))
	if err != nil {
		return err
	}
	defer mailbox.Close()
	return mailbox.Read(ctx, row.position(), inbox{b, row, out}, b.core.Log.With("city", row.City))
}

// loginPause is how long a server is left alone that has refused a login without a reason.
const loginPause = 10 * time.Minute

// mailboxError makes an error of a mailbox one of the contract. Others stay as they are.
func mailboxError(err error) error {
	var failed *inbound.IMAPError
	if !errors.As(err, &failed) {
		return err
	}
	switch failed.Reason {
	case inbound.LoginRefused:
		return bots.RevokedRecv("mailbox-login", err)
	case inbound.LoginUnclear:
		return bots.RetryAfter(loginPause, "mailbox-login-unclear", err)
	case inbound.NoFolder:
		return bots.Retry("mailbox-no-folder", err)
	}
	return bots.Retry("mailbox-unreachable", err)
}

// inbox stores the mails of a city's own mailbox.
type inbox struct {
	bot *Bot
	row Mailbox
	out bots.Out
}

// Deliver stores the report of a mail. A mail that is no report may be a bounce.
func (i inbox) Deliver(ctx context.Context, m *inbound.Mail) error {
	log := i.bot.core.Log.With("city", i.row.City)
	if m.Author(m.EnvelopeFrom) == text.Canonical(i.row.Address) {
		log.Info("mail dropped", "reason", "written by the mailbox itself")
		return i.bot.bouncedToMailbox(ctx, i.row.City, m.Beginning)
	}
	d, err := i.bot.draft(ctx, i.row.City, m)
	if err != nil {
		return err
	}
	if done, err := i.bot.command(ctx, i.row.City, m, d); done || err != nil {
		return err
	}
	if i.bot.blocked(m) && d.Dropped != leaving {
		log.Info("mail dropped", "reason", "its sender is blocked")
		d.Author = report.BlockedAuthor // also if only the envelope has the blocked one
		return i.out(ctx, d.Report)
	}
	if d.Dropped != "" && d.Dropped != leaving {
		if err := i.bot.bouncedToMailbox(ctx, i.row.City, m.Beginning); err != nil {
			return err
		}
		return drop(ctx, i.row.City, d, m, log, func() error { return i.out(ctx, d.Report) })
	}
	if limit := m.ExceededLimit(ctx, i.row.City, d.author, d.ID); limit != "" {
		log.Info("mail dropped: rate limit exceeded", "limit", limit)
		return nil
	}
	doubt := m.Verdict(ctx).Doubt
	if d.Dropped == leaving && doubt == "" {
		if err := i.bot.sendLinkToLeave(ctx, i.row.City, m.Author(m.EnvelopeFrom)); err != nil {
			return err
		}
	}
	return i.out(ctx, d.doubted(doubt))
}

// Save stores how far the mailbox is read.
func (i inbox) Save(ctx context.Context, p inbound.Position) error {
	return i.bot.mailboxes.Update(ctx, i.row, map[string]any{"validity": p.UIDValidity, "last_uid": p.LastUID, "last_at": p.LastAt})
}
