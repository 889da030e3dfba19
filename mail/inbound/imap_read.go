package inbound

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"slices"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"linienfunk/mail/text"
)

// Position is how far a mailbox is read.
type Position struct {
	UIDValidity int64 // RFC 9051, section 2.3.1.1
	LastUID     int64 // of the last mail that was delivered or dropped
	LastAt      int64 // when the server got it (INTERNALDATE, seconds since 1970), for the day on which UIDVALIDITY changes
}

// Inbox gets the mails of a mailbox.
type Inbox interface {
	// Deliver stores a mail, or drops it. After an error it is delivered again, with all mails after it. No mail can be rejected.
	Deliver(ctx context.Context, m *Mail) error

	// Save stores the position after each mail.
	Save(ctx context.Context, p Position) error
}

// Position is the position behind all mails that are in the mailbox now.
func (m *MailboxConn) Position(now time.Time) Position {
	return Position{UIDValidity: int64(m.selected.UIDValidity), LastUID: lastUID(m.selected), LastAt: now.Unix()}
}

// Read delivers the mails that come after a position, until ctx ends. Its error is that of inbox, or an *IMAPError.
func (m *MailboxConn) Read(ctx context.Context, from Position, inbox Inbox, log *slog.Logger) error {
	r := &reader{MailboxConn: m, at: from, inbox: inbox, log: log}
	for {
		before := r.at.LastUID
		if err := r.catchUp(ctx); err != nil {
			return err
		}
		if err := r.wait(ctx, r.at.LastUID != before); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return unreachable("wait for mails", err)
		}
	}
}

// reader reads a mailbox over one connection.
type reader struct {
	*MailboxConn
	at    Position
	inbox Inbox
	log   *slog.Logger
}

// listed is a mail in the mailbox that is not read yet.
type listed struct {
	uid  imap.UID
	at   time.Time // when the server got it
	size int64     // bytes
}

// catchUp delivers the mails that have come since the position, in the order of their UIDs, and moves the position behind each.
func (r *reader) catchUp(ctx context.Context) error {
	if int64(r.selected.UIDValidity) != r.at.UIDValidity {
		return r.renumbered(ctx)
	}
	// "n:*" has the last mail in it even if its UID is below n (RFC 9051, section 9, seq-range).
	found, err := r.list(imap.UIDSet{imap.UIDRange{Start: imap.UID(r.at.LastUID) + 1, Stop: 0}})
	if err != nil {
		return err
	}
	for _, one := range found {
		if int64(one.uid) <= r.at.LastUID {
			continue
		}
		if err := r.deliver(ctx, one); err != nil {
			return err
		}
		r.at.LastUID, r.at.LastAt = int64(one.uid), max(r.at.LastAt, one.at.Unix())
		if err := r.inbox.Save(ctx, r.at); err != nil {
			return err
		}
	}
	return nil
}

// renumbered is catchUp for a mailbox that has new UIDs, because it was restored or moved. It delivers what the server got since the time of the
// position; mails of that very second are delivered again. The position moves when all are delivered: until then it would be wrong.
func (r *reader) renumbered(ctx context.Context) error {
	r.log.Info("mailbox has new UIDs; continuing by date")
	next := r.at
	next.UIDValidity, next.LastUID = int64(r.selected.UIDValidity), lastUID(r.selected)
	// SINCE compares days, in the server's time zone.
	since := time.Unix(r.at.LastAt, 0).UTC().Add(-24 * time.Hour)
	done := r.command()
	result, err := r.client.UIDSearch(&imap.SearchCriteria{Since: since}, nil).Wait()
	done()
	if err != nil {
		return unreachable("search mails", err)
	}
	if uids := result.AllUIDs(); len(uids) > 0 {
		found, err := r.list(imap.UIDSetNum(uids...))
		if err != nil {
			return err
		}
		for _, one := range found {
			next.LastUID = max(next.LastUID, int64(one.uid))
			if one.at.Unix() < r.at.LastAt {
				continue
			}
			if err := r.deliver(ctx, one); err != nil {
				return err
			}
			next.LastAt = max(next.LastAt, one.at.Unix())
		}
	}
	r.at = next
	return r.inbox.Save(ctx, r.at)
}

// lastUID is the highest UID that a mail in the mailbox can have had when it was opened.
func lastUID(selected *imap.SelectData) int64 { return max(int64(selected.UIDNext)-1, 0) }

// list lists mails in the order of their UIDs.
func (r *reader) list(uids imap.UIDSet) ([]listed, error) {
	defer r.command()()
	command := r.client.Fetch(uids, &imap.FetchOptions{UID: true, InternalDate: true, RFC822Size: true})
	var found []listed
	for {
		message := command.Next()
		if message == nil {
			break
		}
		one, err := message.Collect()
		if err != nil {
			r.conn.Conn.Close()
			return nil, unreachable("list mails", errors.Join(err, command.Close()))
		}
		found = append(found, listed{one.UID, one.InternalDate, one.RFC822Size})
	}
	if err := command.Close(); err != nil {
		return nil, unreachable("list mails", err)
	}
	slices.SortFunc(found, func(a, b listed) int { return int(int64(a.uid) - int64(b.uid)) })
	return found, nil
}

// deliver reads a mail and delivers it. A mail that is too large is dropped, and so is one that could not be read in several attempts.
func (r *reader) deliver(ctx context.Context, one listed) error {
	if one.size > maxMessage {
		r.log.Info("mail dropped: too large")
		return nil
	}
	name := mailName{r.account.Host, r.account.Login, r.account.Folder, int64(r.selected.UIDValidity), int64(one.uid)}
	if !r.fetcher.attempts.begin(name, r.fetcher.Now()) {
		r.log.Error("mail dropped: it cannot be read", "uid", one.uid)
		return nil
	}
	message, head, err := r.fetch(one.uid)
	if err != nil {
		return unreachable("read mail", err)
	}
	if message == nil {
		r.log.Info("mail dropped", "reason", "deleted meanwhile")
	} else {
		err = r.inbox.Deliver(ctx, &Mail{
			Message: message, EnvelopeFrom: message.ReturnPath(), Beginning: head, limits: r.fetcher.Limits,
			check: func(context.Context) Verdict { return Verdict{Doubt: severalAuthors(message)} },
		})
	}
	r.fetcher.attempts.succeed(name)
	return err
}

// fetch reads one mail and how it begins; both are nil if it was deleted meanwhile. It does not mark the mail as seen: people read the mailbox, too.
func (r *reader) fetch(uid imap.UID) (m *text.Message, head []byte, err error) {
	defer r.command()()
	kept := &beginning{}
	section := &imap.FetchItemBodySection{Peek: true}
	command := r.client.Fetch(imap.UIDSetNum(uid), &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{section}})
	for data := command.Next(); data != nil; data = command.Next() {
		for item := data.Next(); item != nil; item = data.Next() {
			body, ok := item.(imapclient.FetchItemDataBodySection)
			if !ok || body.Literal == nil || m != nil {
				continue
			}
			if m, err = text.Parse(io.TeeReader(io.LimitReader(body.Literal, maxMessage), kept)); err != nil {
				r.conn.Conn.Close()
				return nil, nil, errors.Join(err, command.Close())
			}
			io.Copy(io.Discard, body.Literal) // a later read returns its error
		}
	}
	return m, kept.bytes, command.Close()
}
