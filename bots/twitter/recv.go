package twitter

import (
	"context"
	"fmt"
	"maps"
	"time"

	"linienfunk/bots"
	"linienfunk/report"
)

// Recv looks for mentions and direct messages now and then: X has no stream that a city could pay for.
func (b *bot) Recv(ctx context.Context, a bots.Account, out bots.Out) error {
	row, d, err := b.account(ctx, a.City)
	if err != nil {
		return err
	}
	r := newReader(b, d, row, out)
	if err := r.mentions(ctx); err != nil {
		return err
	}
	poll, messages := time.NewTicker(b.pace.poll), time.NewTicker(b.pace.message)
	defer poll.Stop()
	defer messages.Stop()
	for look := r.messages; ; {
		if err := look(ctx); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-poll.C:
			look = r.mentions
		case <-messages.C:
			look = r.messages
		}
	}
}

// reader is the reading path of one account.
type reader struct {
	bot     *bot
	dialect dialect
	account Account
	out     bots.Out
	bill    bill
	askAt   time.Time // direct messages: not before

	floor, next string          // the positions at the mentions' look before the last one, and at the last one
	seen        map[string]bool // mentions behind floor
}

func newReader(b *bot, d dialect, row Account, out bots.Out) *reader {
	return &reader{bot: b, dialect: d, account: row, out: out, floor: row.Position, next: row.Position, seen: map[string]bool{}}
}

// begin is the time from which on something is worth reading: since the account was connected, and as long as a
// report is fresh. Old mentions would be paid for and then thrown away.
func (r *reader) begin(ctx context.Context) (time.Time, bots.City, error) {
	city, _, err := r.bot.core.Cities.City(ctx, r.account.City)
	if err != nil {
		return time.Time{}, city, fmt.Errorf("look up city: %w", err)
	}
	begin := r.bot.core.Now().Add(-city.Freshness)
	if begin.Before(r.account.Since) {
		begin = r.account.Since
	}
	return begin, city, nil
}

// mentions hands in the mentions that came since the last look, oldest first. It looks back to where the look before that one
// began, since X shows some mentions later than others that came after them
// (https://github.com/valory-xyz/IEKit/issues/307); what is read again is not charged again.
func (r *reader) mentions(ctx context.Context) error {
	begin, _, err := r.begin(ctx)
	if err != nil {
		return err
	}
	since := r.floor
	if id := r.dialect.after(begin); compareIDs(id, since) > 0 {
		since = id
	}
	found, stopped := r.collect(ctx, look{
		begin: begin, floor: r.floor, each: r.bot.given.price.read + r.bot.given.price.user, first: pageSize,
		read: func(next string, size int) (page, error) { return r.dialect.mentions(ctx, since, next, size) },
	})
	for _, p := range found {
		if err := r.mention(ctx, p); err != nil {
			return err
		}
		if stopped != nil || compareIDs(p.id, r.account.Position) <= 0 {
			continue // when a look stops early older ones are missing: the next one begins where this one did
		}
		r.account.Position = p.id
		// Also when ctx ends just now: what is stored need not come again.
		if err := r.bot.accounts.Update(ctx, r.account, map[string]any{"position": p.id}); err != nil {
			return err
		}
	}
	if stopped == nil {
		r.floor, r.next = r.next, r.account.Position
		maps.DeleteFunc(r.seen, func(id string, _ bool) bool { return compareIDs(id, r.floor) <= 0 })
	}
	return r.bot.explain(ctx, reading, stopped)
}

// mention hands in a mention, unless a look before this one did.
func (r *reader) mention(ctx context.Context, p post) error {
	if r.seen[p.id] {
		return nil
	}
	kind := ""
	if p.protected {
		kind = "protected-"
	}
	err := r.hand(ctx, p, kind)
	r.seen[p.id] = err == nil
	return err
}

// messages hands in direct messages. That they cannot be read is no failure: mentions go on.
func (r *reader) messages(ctx context.Context) error {
	begin, city, err := r.begin(ctx)
	if err != nil || !city.Options.On("messages") || r.bot.core.Now().Before(r.askAt) {
		return err
	}
	found, stopped := r.collect(ctx, look{
		begin: begin, floor: r.account.MessagePosition, each: r.bot.given.price.message, first: 1,
		read: func(next string, size int) (page, error) { return r.dialect.messages(ctx, next, size) },
	})
	for _, p := range found {
		if err := r.hand(ctx, p, "message-"); err != nil {
			return err
		}
		if stopped != nil {
			continue
		}
		r.account.MessagePosition = p.id
		if err := r.bot.accounts.Update(ctx, r.account, map[string]any{"message_position": p.id}); err != nil {
			return err
		}
	}
	denied := noAccess(stopped)
	if denied || stopped == nil {
		if err := r.setNoMessages(ctx, denied); err != nil {
			return err
		}
	}
	if said := answerOf(stopped); denied || said != nil && said.ofOneCall() {
		r.bot.core.Log.Warn("direct messages cannot be read", "city", r.account.City, "err", stopped)
		if r.askAt = r.bot.core.Now().Add(said.after); denied {
			r.askAt = r.bot.core.Now().Add(r.bot.pace.denied)
		}
		return nil
	}
	return r.bot.explain(ctx, reading, stopped)
}

// setNoMessages keeps for the settings page whether direct messages can be read.
func (r *reader) setNoMessages(ctx context.Context, denied bool) error {
	if r.account.NoMessages == denied {
		return nil
	}
	r.account.NoMessages = denied
	return r.bot.accounts.Update(ctx, r.account, map[string]any{"no_messages": denied})
}

// hand hands in one post, if it is a report: not the account's own, nor that of another city's account, nor a retweet. kind
// begins the id of what is private; public mentions have none.
func (r *reader) hand(ctx context.Context, p post, kind string) error {
	ours, err := r.bot.store.ours(ctx, p.author)
	if err != nil || ours || p.author == r.account.UserID || p.retweet || p.text == "" {
		return err
	}
	// No URL: it would name the author. An edited post has a new id, but is the same report.
	made := report.Report{ID: p.first, Ref: p.id, Text: p.text, At: p.at, Author: r.bot.core.Author(r.account.City, p.author, p.at)}
	if kind != "" {
		// Whoever may see the original could find its author by the id.
		made.ID, made.Ref, made.Private = kind+r.bot.core.Box.Digest("twitter report", p.first), "", true
	}
	return r.out(ctx, made)
}
