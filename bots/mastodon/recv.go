package mastodon

import (
	"context"
	"maps"
	"regexp"
	"strings"
	"time"

	masto "github.com/mattn/go-mastodon"
	"golang.org/x/time/rate"

	"linienfunk/bots"
	"linienfunk/report"
)

// Recv reads the mentions of an account in their order. The stream says when to look, and so do its beginnings, so that
// nothing falls between a look and a stream; a slow poll helps where there is no stream.
func (b *bot) Recv(ctx context.Context, a bots.Account, out bots.Out) error {
	row, c, err := b.account(ctx, a.City)
	if err != nil {
		return err
	}
	d, err := b.dialectOf(ctx, c)
	if err != nil {
		return b.outage(ctx, row, c.explain(ctx, "describe instance", err))
	}
	c = b.clientOf(row, c.token) // now that it is known how the instance counts
	if err := b.lookAtSelf(ctx, &row, c); err != nil {
		return b.outage(ctx, row, err)
	}
	r := newReader(b, c, row, d, out)
	return b.outage(ctx, r.account, r.run(ctx))
}

// run reads until ctx ends or something fails.
func (r *reader) run(ctx context.Context) error {
	signs := r.bot.follow(ctx, r.client, r.dialect)
	defer signs.stop()
	poll := time.NewTicker(r.bot.pace.poll)
	defer poll.Stop()
	err := r.catchUp(ctx)
	for err == nil {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-signs.news:
			err = r.catchUp(ctx)
		case id := <-signs.deleted:
			err = r.deleted(ctx, id)
		case <-poll.C:
			err = r.poll(ctx)
		}
	}
	return err
}

// poll looks at what signs may have missed.
func (r *reader) poll(ctx context.Context) error {
	if err := r.lookBack(ctx); err != nil {
		return err
	}
	if r.bot.core.Now().Sub(r.selfSeen) > r.bot.pace.self {
		r.selfSeen = r.bot.core.Now()
		if err := r.bot.lookAtSelf(ctx, &r.account, r.client); err != nil {
			return err
		}
	}
	return r.watch(ctx)
}

// reader is the reading path of one account.
type reader struct {
	bot     *bot
	client  *client
	account Account
	dialect dialect
	out     bots.Out
	limit   *rate.Limiter
	pager   *pager

	floor, next string            // the positions at the poll before the last one, and at the last one
	seen        map[masto.ID]bool // what came behind floor
	selfSeen    time.Time         // when we last looked how the account is
}

func newReader(b *bot, c *client, row Account, d dialect, out bots.Out) *reader {
	r := &reader{
		bot: b, client: c, account: row, dialect: d, out: out, limit: newLimiter(b.pace),
		floor: row.Position, next: row.Position, seen: map[masto.ID]bool{}, selfSeen: b.core.Now(),
	}
	if d.perAddress() {
		r.limit = b.pauses.reader(row.Instance, b.pace)
	}
	types := []string{"mention"}
	if d.tellsEdits() {
		types = append(types, "update")
	}
	r.pager = &pager{client: c, types: types, newestFirst: d.newestFirst(), wait: r.limit.Wait}
	return r
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
		page, err := r.pager.next(ctx, after)
		if err != nil {
			return r.explain(ctx, err)
		}
		if err := r.works(ctx); err != nil {
			return err
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

// explain is client.explain, for what nobody refused a report by.
func (r *reader) explain(ctx context.Context, err error) error {
	err = r.client.explain(ctx, "read notifications", err)
	if e := bots.AsError(err); e.Kind == bots.KindPermanent {
		return bots.Retry("error-not-json", e.Err)
	}
	return err
}

// works notes that an instance that failed works again.
func (r *reader) works(ctx context.Context) error {
	if r.account.FailingSince == nil {
		return nil
	}
	r.account.FailingSince = nil
	return r.bot.accounts.Update(ctx, r.account, map[string]any{"failing_since": nil})
}

// handle hands in one mention, or looks at one that was edited, and moves the position.
func (r *reader) handle(ctx context.Context, n *masto.Notification) error {
	if n.Type == "update" && n.Status != nil {
		if err := r.edited(ctx, n.Status); err != nil {
			return err
		}
	}
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
	return r.bot.accounts.Update(ctx, r.account, map[string]any{"position": r.account.Position})
}

// text returns what a mention reports, and false if it is none for us: our own post, that of another bot, or nothing at all.
func (r *reader) text(n *masto.Notification) (string, bool) {
	s, a := n.Status, r.account
	switch {
	case n.Type != "mention", s == nil, s.Reblog != nil:
		return "", false
	case n.Account.Bot, s.Account.Bot, string(n.Account.ID) == a.AccountID, string(s.Account.ID) == a.AccountID:
		return "", false
	}
	text := statusText(a, s)
	return text, text != ""
}

// addressees are the names at the beginning of an answer. Programs write them there by themselves, and one may be of who made the
// report that is answered, and made it privately.
var addressees = regexp.MustCompile(`^(?:@[\pL\pN_]+(?:[.-]+[\pL\pN_]+)*(?:@[\pL\pN_]+(?:[.-]+[\pL\pN_]+)*)?(?:\s+|$))+`)

// statusText is what a mention of the account says.
func statusText(a Account, s *masto.Status) string {
	me := self{acct: a.Acct, domain: a.Domain, urls: []string{a.URL}}
	for _, m := range s.Mentions {
		if string(m.ID) == a.AccountID {
			me.urls = append(me.urls, m.URL)
		}
	}
	text := plainText(s.Content, me)
	if s.InReplyToID != nil {
		text = addressees.ReplaceAllString(text, "")
	}
	if warning := tidy(stripMention(s.SpoilerText, me)); warning != "" && text != "" {
		text = warning + "\n\n" + text
	} else {
		text += warning
	}
	return report.Clean(text)
}

func (r *reader) report(s *masto.Status, text string) report.Report {
	// No URL: it would name the author.
	made := report.Report{ID: string(s.ID), Ref: remoteID(r.account.Instance, s.ID), Text: text, At: s.CreatedAt.UTC(), Private: !public(s.Visibility)}
	author := s.Account.Acct
	if !strings.Contains(author, "@") {
		author += "@" + r.account.Domain // of the same instance
	}
	made.Author = r.bot.core.Author(r.account.City, author, made.At)
	return made
}
