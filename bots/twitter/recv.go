package twitter

import (
	"context"
	"fmt"
	"maps"
	"time"

	"linienfunk/bots"
	"linienfunk/report"
)

var _ bots.Receiver = (*bot)(nil)

// Recv polls for mentions and direct messages: X's streams are too expensive for a city.
func (b *bot) Recv(ctx context.Context, a bots.Account, out bots.Out) error {
	r, err := b.newReader(ctx, a.City, out)
	if err != nil {
		return err
	}
	if err := r.mentions(ctx); err != nil {
		return err
	}
	poll, messages := time.NewTicker(b.timing.poll), time.NewTicker(b.timing.message)
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

// reader reads the mentions and direct messages of one account.
type reader struct {
	bot             *bot
	api             apiClient
	account         Account
	out             bots.Out
	dailyCharges    dailyCharges
	retryMessagesAt time.Time // no polls for direct messages before

	floor, next string          // positions at the poll for mentions before the last one, and at the last one
	seen        map[string]bool // mentions after floor that were handled
}

func (b *bot) newReader(ctx context.Context, city string, out bots.Out) (*reader, error) {
	row, d, err := b.account(ctx, city)
	if err == nil {
		row, d, err = b.nameImported(ctx, row, d)
	}
	if err != nil {
		return nil, err
	}
	return &reader{bot: b, api: d, account: row, out: out, floor: row.Position, next: row.Position, seen: map[string]bool{}}, nil
}

// begin returns the earliest time of posts to read: they must be fresh, and written since the account was connected. X would charge for
// older ones, which are of no use.
func (r *reader) begin(ctx context.Context) (time.Time, bots.City, error) {
	city, _, err := r.bot.Core.Cities.City(ctx, r.account.City)
	if err != nil {
		return time.Time{}, city, fmt.Errorf("look up city: %w", err)
	}
	begin := r.bot.Core.Now().Add(-city.Freshness)
	if begin.Before(r.account.Since) {
		begin = r.account.Since
	}
	return begin, city, nil
}

// mentions hands in new mentions, oldest first. It reads from the position of the poll before the last one, since X returns some
// mentions later than newer ones (https://github.com/valory-xyz/IEKit/issues/307); X does not charge for them again.
func (r *reader) mentions(ctx context.Context) error {
	begin, _, err := r.begin(ctx)
	if err != nil {
		return err
	}
	since := r.floor
	if id := r.api.after(begin); compareIDs(id, since) > 0 {
		since = id
	}
	found, stopped := r.collect(ctx, scan{
		begin: begin, floor: r.floor, each: r.bot.operator.price.read + r.bot.operator.price.user, first: pageSize,
		read: func(next string, size int) (page, error) { return r.api.mentions(ctx, since, next, size) },
	})
	for _, p := range found {
		if err := r.mention(ctx, p); err != nil {
			return err
		}
		if stopped != nil || compareIDs(p.id, r.account.Position) <= 0 {
			continue // after an error older ones may be missing: the next poll starts from the same position
		}
		r.account.Position = p.id
		if err := r.bot.Rows.Update(ctx, r.account, map[string]any{"position": p.id}); err != nil {
			return err
		}
	}
	if stopped == nil {
		r.floor, r.next = r.next, r.account.Position
		maps.DeleteFunc(r.seen, func(id string, _ bool) bool { return compareIDs(id, r.floor) <= 0 })
	}
	return r.bot.explain(ctx, reading, stopped)
}

// mention hands in a mention, unless an earlier poll did.
func (r *reader) mention(ctx context.Context, p post) error {
	if r.seen[p.id] {
		return nil
	}
	kind := ""
	if p.protected {
		kind = "protected-"
	}
	err := r.handIn(ctx, p, kind)
	r.seen[p.id] = err == nil
	return err
}

// messages hands in direct messages. If they cannot be read, that is only logged, since mentions may work.
func (r *reader) messages(ctx context.Context) error {
	begin, city, err := r.begin(ctx)
	if err != nil || !city.Options.On("messages") || r.bot.Core.Now().Before(r.retryMessagesAt) {
		return err
	}
	found, stopped := r.collect(ctx, scan{
		begin: begin, floor: r.account.MessagePosition, each: r.bot.operator.price.message, first: 1,
		read: func(next string, size int) (page, error) { return r.api.messages(ctx, next, size) },
	})
	for _, p := range found {
		if err := r.handIn(ctx, p, "message-"); err != nil {
			return err
		}
		if stopped != nil {
			continue
		}
		r.account.MessagePosition = p.id
		if err := r.bot.Rows.Update(ctx, r.account, map[string]any{"message_position": p.id}); err != nil {
			return err
		}
	}
	denied := noAccess(stopped)
	if denied || stopped == nil {
		if err := r.setNoMessages(ctx, denied); err != nil {
			return err
		}
	}
	if said := apiErrorOf(stopped); denied || said != nil && said.isAboutRequest() {
		r.bot.Core.Log.Warn("direct messages cannot be read", "city", r.account.City, "err", stopped)
		if r.retryMessagesAt = r.bot.Core.Now().Add(said.after); denied {
			r.retryMessagesAt = r.bot.Core.Now().Add(r.bot.timing.denied)
		}
		return nil
	}
	return r.bot.explain(ctx, reading, stopped)
}

// setNoMessages stores for the settings page whether direct messages can be read.
func (r *reader) setNoMessages(ctx context.Context, denied bool) error {
	if r.account.NoMessages == denied {
		return nil
	}
	r.account.NoMessages = denied
	return r.bot.Rows.Update(ctx, r.account, map[string]any{"no_messages": denied})
}

// handIn hands in one post if it is a report: not a post of the account itself or of another city's account, and not a retweet. kind
// is the prefix of a private report's id, "" for public mentions.
func (r *reader) handIn(ctx context.Context, p post, kind string) error {
	ours, err := r.bot.store.isOurs(ctx, p.author)
	if err != nil || ours || p.author == r.account.UserID || p.retweet || p.text == "" {
		return err
	}
	// No URL: it would name the author. An edited post has a new id, but is the same report.
	made := report.Report{ID: p.first, Ref: p.id, Text: p.text, At: p.at, Author: r.bot.Core.Author(r.account.City, p.author, p.at)}
	if kind != "" {
		// Those who can see the original could find its author by the id.
		made.ID, made.Ref, made.Private = kind+r.bot.Core.Box.Digest("twitter report", p.first), "", true
	}
	return r.out(ctx, made)
}
