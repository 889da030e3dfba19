package mastodon

import (
	"context"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	masto "github.com/mattn/go-mastodon"
	"golang.org/x/time/rate"

	"linienfunk/bots"
	"linienfunk/report"
)

// pageSize is how many notifications are asked for at once; 80 is the most
// (https://docs.joinmastodon.org/methods/notifications/#get), older servers give 30.
const pageSize = 80

// Recv reads the mentions of an account in their order. The stream says when to look, and so do its beginnings, so that
// nothing falls between a look and a stream; a slow poll helps where there is no stream.
func (b *bot) Recv(ctx context.Context, a bots.Account, out bots.Out) error {
	row, c, err := b.account(ctx, a)
	if err != nil {
		return err
	}
	wake := make(chan struct{}, 1)
	streaming, stop := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		b.stream(streaming, c, func() {
			select {
			case wake <- struct{}{}:
			default: // a look is due already
			}
		})
	}()
	defer func() { stop(); <-ended }()

	r := newReader(b, c, row, out)
	poll := time.NewTicker(b.pace.poll)
	defer poll.Stop()
	for look := r.catchUp; ; {
		if err := look(ctx); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-wake:
			look = r.catchUp
		case <-poll.C:
			look = r.lookBack
		}
	}
}

// reader is the reading path of one account.
type reader struct {
	bot     *bot
	client  *client
	account Account
	out     bots.Out
	limit   *rate.Limiter

	floor, next string            // the positions at the poll before the last one, and at the last one
	seen        map[masto.ID]bool // what came behind floor
}

func newReader(b *bot, c *client, row Account, out bots.Out) *reader {
	return &reader{
		bot: b, client: c, account: row, out: out, limit: rate.NewLimiter(rate.Every(b.pace.gap), b.pace.burst),
		floor: row.Position, next: row.Position, seen: map[masto.ID]bool{},
	}
}

// catchUp hands in all mentions behind the position, oldest first.
func (r *reader) catchUp(ctx context.Context) error { return r.read(ctx, r.account.Position) }

// lookBack is catchUp from where the position was at least one poll ago. An instance gives a notification its id a moment
// before others can see it: when two come at the same time, the one with the lower id may appear when the
// position has passed it.
func (r *reader) lookBack(ctx context.Context) error {
	if err := r.read(ctx, r.floor); err != nil {
		return err
	}
	r.floor, r.next = r.next, r.account.Position
	maps.DeleteFunc(r.seen, func(id masto.ID, _ bool) bool { return id.Compare(masto.ID(r.floor)) <= 0 })
	return nil
}

// read hands in all mentions after an id that were not seen yet, oldest first. The position moves after each.
func (r *reader) read(ctx context.Context, after string) error {
	for {
		if err := r.limit.Wait(ctx); err != nil {
			return err
		}
		page, err := r.client.mentions(ctx, after, pageSize)
		if err != nil {
			return r.client.explain(ctx, "read notifications", err)
		}
		if len(page) == 0 {
			return nil
		}
		for _, n := range page {
			after = string(n.ID)
			if r.seen[n.ID] {
				continue
			}
			if err := r.handle(ctx, n); err != nil {
				return err
			}
			r.seen[n.ID] = true
		}
	}
}

// handle hands in one mention and moves the position.
func (r *reader) handle(ctx context.Context, n *masto.Notification) error {
	if text, ok := r.text(n); ok {
		if err := r.out(ctx, r.report(n.Status, text)); err != nil {
			return err
		}
	}
	if n.ID.Compare(masto.ID(r.account.Position)) <= 0 {
		return nil
	}
	r.account.Position = string(n.ID)
	// Also when ctx ends just now: what is stored need not come again.
	return r.bot.store.moveTo(context.WithoutCancel(ctx), r.account, r.account.Position)
}

// mentions returns the notifications that come next after position, in their order; those of strangers too, which are
// filtered out by default since Mastodon 4.3. go-mastodon cannot ask for both a type and a position without
// following the links to older pages.
func (c *client) mentions(ctx context.Context, position string, limit int) ([]*masto.Notification, error) {
	query := url.Values{"types[]": {"mention"}, "min_id": {position}, "limit": {strconv.Itoa(limit)}, "include_filtered": {"true"}}
	var found []*masto.Notification
	if err := c.do(ctx, "/api/v1/notifications?"+query.Encode(), nil, &found); err != nil {
		return nil, err
	}
	found = slices.DeleteFunc(found, func(n *masto.Notification) bool {
		return n == nil || n.ID.Compare(masto.ID(position)) <= 0
	})
	slices.SortFunc(found, func(a, b *masto.Notification) int { return a.ID.Compare(b.ID) })
	return found, nil
}

// newest returns the position behind all mentions that are there already.
func (c *client) newest(ctx context.Context) (string, error) {
	var found []*masto.Notification
	query := url.Values{"types[]": {"mention"}, "limit": {"1"}, "include_filtered": {"true"}}
	if err := c.do(ctx, "/api/v1/notifications?"+query.Encode(), nil, &found); err != nil {
		return "", err
	}
	if len(found) == 0 || found[0] == nil || found[0].ID == "" {
		return "0", nil // before all ids, those that are numbers and those that are not
	}
	return string(found[0].ID), nil
}

// text returns what a mention reports, and false if it is none for us.
func (r *reader) text(n *masto.Notification) (string, bool) {
	s, a := n.Status, r.account
	switch {
	case n.Type != "mention", s == nil, s.Reblog != nil:
		return "", false
	case n.Account.Bot, s.Account.Bot, string(n.Account.ID) == a.AccountID, string(s.Account.ID) == a.AccountID:
		return "", false
	}
	me := self{acct: a.Acct, domain: a.Domain, urls: []string{a.URL}}
	for _, m := range s.Mentions {
		if string(m.ID) == a.AccountID {
			me.urls = append(me.urls, m.URL)
		}
	}
	text := plainText(s.Content, me)
	if warning := tidy(stripMention(s.SpoilerText, me)); warning != "" && text != "" {
		text = warning + "\n\n" + text
	} else {
		text += warning
	}
	text = report.Clean(text)
	return text, text != ""
}

func (r *reader) report(s *masto.Status, text string) report.Report {
	public := s.Visibility == masto.VisibilityPublic || s.Visibility == masto.VisibilityUnlisted
	// No URL: it would name the author.
	made := report.Report{ID: string(s.ID), Ref: remoteID(r.account.Instance, s.ID), Text: text, At: s.CreatedAt.UTC(), Private: !public}
	author := s.Account.Acct
	if !strings.Contains(author, "@") {
		author += "@" + r.account.Domain // of the same instance
	}
	made.Author = r.bot.core.Author(r.account.City, author, made.At)
	return made
}
