package email

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"linienfunk/bots"
)

// Recv reads the city's mailbox, if it has connected one. Mails to <city>@<domain> come in by Listen.
func (b *Bot) Recv(ctx context.Context, a bots.Account, out bots.Out) error {
	m, password, err := b.store.mailbox(ctx, a.City)
	if errors.Is(err, errNoMailbox) {
		<-ctx.Done()
		return ctx.Err()
	}
	if err != nil {
		return err
	}
	box, err := b.openMailbox(ctx, m, password)
	if err != nil {
		return err
	}
	defer box.close()
	p := &postman{bot: b, box: box, m: m, out: out}
	for {
		before := p.m.LastUID
		if err := p.catchUp(ctx); err != nil {
			return err
		}
		if err := box.wait(ctx, p.m.LastUID != before); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return bots.Retry("mailbox-unreachable", fmt.Errorf("wait for mails: %w", err))
		}
	}
}

// postman takes the mails of one mailbox, over one connection.
type postman struct {
	bot *Bot
	box *opened
	m   Mailbox // with the position
	out bots.Out
}

// waiting is a mail in the mailbox.
type waiting struct {
	uid  imap.UID
	at   time.Time // when the server got it
	size int64     // bytes
}

// catchUp takes the mails that have come since the position, in the order of their UIDs, and moves it behind each that is
// stored or dropped.
func (p *postman) catchUp(ctx context.Context) error {
	if int64(p.box.selected.UIDValidity) != p.m.Validity {
		return p.renumbered(ctx)
	}
	// "n:*" has the last mail in it even if its UID is below n (RFC 9051, section 9, seq-range).
	found, err := p.list(imap.UIDSet{imap.UIDRange{Start: imap.UID(p.m.LastUID) + 1, Stop: 0}})
	if err != nil {
		return err
	}
	for _, one := range found {
		if int64(one.uid) <= p.m.LastUID {
			continue
		}
		if err := p.take(ctx, one); err != nil {
			return err
		}
		p.m.LastUID, p.m.LastAt = int64(one.uid), max(p.m.LastAt, one.at.Unix())
		if err := p.bot.store.moveTo(ctx, p.m); err != nil {
			return err
		}
	}
	return nil
}

// renumbered is catchUp for a mailbox whose UIDs mean nothing any more, since it was restored or moved. It takes what the server
// got since the last mail that was dealt with; of those that were dealt with in that very second, the reports have
// the IDs that they had, made of the Message-ID. The position moves when all are taken: until then it would be wrong.
func (p *postman) renumbered(ctx context.Context) error {
	p.bot.core.Log.Info("mailbox has new UIDs; continuing by date", "city", p.m.City)
	next := p.m
	next.Validity, next.LastUID = int64(p.box.selected.UIDValidity), lastUID(p.box.selected)
	// SINCE compares days, in the server's time zone.
	since := time.Unix(p.m.LastAt, 0).UTC().Add(-24 * time.Hour)
	done := p.box.step()
	result, err := p.box.UIDSearch(&imap.SearchCriteria{Since: since}, nil).Wait()
	done()
	if err != nil {
		return bots.Retry("mailbox-unreachable", fmt.Errorf("search mails: %w", err))
	}
	if uids := result.AllUIDs(); len(uids) > 0 {
		found, err := p.list(imap.UIDSetNum(uids...))
		if err != nil {
			return err
		}
		for _, one := range found {
			next.LastUID = max(next.LastUID, int64(one.uid))
			if one.at.Unix() < p.m.LastAt {
				continue
			}
			if err := p.take(ctx, one); err != nil {
				return err
			}
			next.LastAt = max(next.LastAt, one.at.Unix())
		}
	}
	p.m = next
	return p.bot.store.moveTo(ctx, p.m)
}

// lastUID is the highest UID that a mail in the mailbox can have had when it was opened.
func lastUID(selected *imap.SelectData) int64 { return max(int64(selected.UIDNext)-1, 0) }

// list asks for what is known about mails without reading them, in the order of their UIDs.
func (p *postman) list(uids imap.UIDSet) ([]waiting, error) {
	defer p.box.step()()
	command := p.box.Fetch(uids, &imap.FetchOptions{UID: true, InternalDate: true, RFC822Size: true})
	var found []waiting
	for {
		message := command.Next()
		if message == nil {
			break
		}
		one, err := message.Collect()
		if err != nil {
			p.box.conn.Conn.Close()
			return nil, bots.Retry("mailbox-unreachable", fmt.Errorf("list mails: %w", errors.Join(err, command.Close())))
		}
		found = append(found, waiting{one.UID, one.InternalDate, one.RFC822Size})
	}
	if err := command.Close(); err != nil {
		return nil, bots.Retry("mailbox-unreachable", fmt.Errorf("list mails: %w", err))
	}
	slices.SortFunc(found, func(a, b waiting) int { return int(int64(a.uid) - int64(b.uid)) })
	return found, nil
}

// take reads a mail and stores its report. Nobody can be told to come again later: what is too large, or too much of one author,
// is dropped.
func (p *postman) take(ctx context.Context, one waiting) error {
	log := p.bot.core.Log.With("city", p.m.City)
	if one.size > maxMessage {
		log.Info("mail dropped: too large")
		return nil
	}
	name := uidOf{p.m.City, int64(p.box.selected.UIDValidity), int64(one.uid)}
	if !p.bot.stumbles.try(name, p.bot.core.Now()) {
		log.Error("mail dropped: it cannot be read", "uid", one.uid)
		return nil
	}
	m, beginning, err := p.fetch(one.uid)
	if err != nil {
		return bots.Retry("mailbox-unreachable", fmt.Errorf("read mail: %w", err))
	}
	made, why, err := p.report(ctx, m)
	p.bot.stumbles.read(name)
	if err != nil {
		return err
	}
	if why != "" {
		log.Info("mail dropped", "why", why)
		return p.bot.returnedTo(ctx, p.m.City, beginning)
	}
	if !p.bot.authors.allow(made.author, made.ID) {
		log.Info("mail dropped: too many of one author")
		return nil
	}
	return p.out(ctx, made.Report)
}

// report makes the report of a mail, or says why the mail is to be dropped. The error is that of a look-up.
func (p *postman) report(ctx context.Context, m *message) (made draft, why string, err error) {
	if m == nil {
		return draft{}, "deleted meanwhile", nil
	}
	from := m.ReturnPath()
	if m.Author(from) == sender(p.m.Address) {
		return draft{}, "written by the mailbox itself", nil
	}
	all, why, err := p.bot.reports(ctx, from, m, []string{p.m.City})
	if why != "" || err != nil {
		return draft{}, why, err
	}
	return all[0].doubted(several(m)), "", nil
}

// fetch reads one mail, and does not mark it as seen: that is for the people who read the mailbox. It also returns how the mail begins,
// for those who take bounces. nil if it is gone.
func (p *postman) fetch(uid imap.UID) (m *message, beginning []byte, err error) {
	defer p.box.step()()
	kept := &head{}
	section := &imap.FetchItemBodySection{Peek: true}
	command := p.box.Fetch(imap.UIDSetNum(uid), &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{section}})
	for data := command.Next(); data != nil; data = command.Next() {
		for item := data.Next(); item != nil; item = data.Next() {
			body, ok := item.(imapclient.FetchItemDataBodySection)
			if !ok || body.Literal == nil || m != nil {
				continue
			}
			if m, err = read(io.TeeReader(io.LimitReader(body.Literal, maxMessage), kept)); err != nil {
				p.box.conn.Conn.Close()
				return nil, nil, errors.Join(err, command.Close())
			}
			io.Copy(io.Discard, body.Literal) // its error comes again
		}
	}
	return m, kept.bytes, command.Close()
}
