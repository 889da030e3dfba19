package twitter

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"linienfunk/bots"
	"linienfunk/report"
)

// Page sizes: the usual one, and the smallest that X allows, for the end of a budget. All of a page is counted before it is
// read, and what it did not have is given back.
const (
	pageSize    = 20
	minPageSize = 5
	maxPages    = 40 // X shows 800 mentions at most
)

// Recv looks for mentions and direct messages now and then: X has no stream that a city could pay for.
func (b *bot) Recv(ctx context.Context, a bots.Account, out bots.Out) error {
	row, d, err := b.account(ctx, a.City)
	if err != nil {
		return err
	}
	r := &reader{bot: b, dialect: d, account: row, out: out}
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

// mentions hands in the mentions that came since the last look, oldest first.
func (r *reader) mentions(ctx context.Context) error {
	begin, _, err := r.begin(ctx)
	if err != nil {
		return err
	}
	since := r.account.Position
	if id := r.dialect.after(begin); compareIDs(id, since) > 0 {
		since = id
	}
	price := r.bot.given.price
	found, stopped := r.collect(ctx, begin, r.account.Position, price.read+price.user, func(next string, size int) (page, amount, error) {
		p, err := r.dialect.mentions(ctx, since, next, size)
		return p, r.bill.add(r.bot.core.Now(), "post", ids(p.posts)...)*price.read + r.bill.add(r.bot.core.Now(), "user", p.authors...)*price.user, err
	})
	for _, p := range found {
		kind := ""
		if p.protected {
			kind = "protected-"
		}
		if err := r.hand(ctx, p, kind); err != nil {
			return err
		}
		if stopped != nil {
			continue // older ones are missing: all come again
		}
		r.account.Position = p.id
		// Also when ctx ends just now: what is stored need not come again.
		if err := r.bot.store.set(context.WithoutCancel(ctx), r.account, "position", p.id); err != nil {
			return err
		}
	}
	return r.bot.explain(ctx, reading, stopped)
}

// messages hands in direct messages. That the account's access has none is no failure: mentions go on.
func (r *reader) messages(ctx context.Context) error {
	begin, city, err := r.begin(ctx)
	if err != nil || !city.Options.On("messages") || r.bot.core.Now().Before(r.askAt) {
		return err
	}
	price := r.bot.given.price
	found, stopped := r.collect(ctx, begin, r.account.MessagePosition, price.message, func(next string, size int) (page, amount, error) {
		p, err := r.dialect.messages(ctx, next, size)
		return p, r.bill.add(r.bot.core.Now(), "message", ids(p.posts)...) * price.message, err
	})
	if said := answerOf(stopped); said != nil && said.tooMany() {
		r.askAt = r.bot.core.Now().Add(said.after) // mentions have a limit of their own
		return nil
	}
	if denied := noAccess(stopped); denied || stopped == nil {
		if denied {
			r.askAt, stopped = r.bot.core.Now().Add(r.bot.pace.denied), nil
		}
		if err := r.setNoMessages(ctx, denied); err != nil {
			return err
		}
	}
	for _, p := range found {
		if err := r.hand(ctx, p, "message-"); err != nil {
			return err
		}
		if stopped != nil {
			continue
		}
		r.account.MessagePosition = p.id
		if err := r.bot.store.set(context.WithoutCancel(ctx), r.account, "message_position", p.id); err != nil {
			return err
		}
	}
	return r.bot.explain(ctx, reading, stopped)
}

// setNoMessages keeps for the settings page whether direct messages can be read.
func (r *reader) setNoMessages(ctx context.Context, denied bool) error {
	if r.account.NoMessages == denied {
		return nil
	}
	r.account.NoMessages = denied
	if denied {
		r.bot.core.Log.Warn("the account's access has no direct messages", "city", r.account.City)
	}
	return r.bot.store.set(ctx, r.account, "no_messages", denied)
}

// collect reads page after page, newest first, until one has what is not new, and returns what is new, oldest first. each is the
// most that one post may cost. Of an error that comes in between it returns what it has.
func (r *reader) collect(ctx context.Context, begin time.Time, position string, each amount, read func(next string, size int) (page, amount, error)) ([]post, error) {
	var found []post
	next := ""
	for range maxPages {
		p, err := r.page(ctx, each, func(size int) (page, amount, error) { return read(next, size) })
		old := slices.IndexFunc(p.posts, func(one post) bool {
			return one.at.Before(begin.Truncate(time.Second)) || compareIDs(one.id, position) <= 0
		})
		if old >= 0 {
			p.posts, p.next = p.posts[:old], ""
		}
		found = append(found, p.posts...)
		if err != nil || p.next == "" {
			slices.SortFunc(found, func(a, b post) int { return compareIDs(a.id, b.id) })
			return found, err
		}
		next = p.next
	}
	return found, errors.New("pages without end")
}

// page pays for a page, reads it, and takes back what it did not have.
func (r *reader) page(ctx context.Context, each amount, read func(size int) (page, amount, error)) (page, error) {
	size := pageSize
	purse, err := r.bot.pay(ctx, r.account.City, each*pageSize)
	if errors.Is(err, errBudget) {
		size = minPageSize
		purse, err = r.bot.pay(ctx, r.account.City, each*minPageSize)
	}
	if err != nil {
		return page{}, err
	}
	p, cost, err := read(size)
	// What was asked for in vain is asked for again, and counted then.
	return p, errors.Join(err, purse.settle(ctx, cost))
}

func ids(posts []post) []string {
	all := make([]string, len(posts))
	for i, p := range posts {
		all[i] = p.id
	}
	return all
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
