package mastodon

import (
	"context"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	masto "github.com/mattn/go-mastodon"
	"golang.org/x/time/rate"

	"linienfunk/bots"
	"linienfunk/report"
)

var _ bots.Receiver = (*bot)(nil)

// Recv reads the mentions of an account in order. It reads when the stream announces one, each time the stream opens, so that no mention is
// missed before, and at a poll, since some servers have no stream, and the stream has not all mentions.
func (b *bot) Recv(ctx context.Context, a bots.Account, out bots.Out) error {
	var r *reader
	var row Account
	err := b.stacks.run(func() (err error) {
		r, row, err = b.startReading(ctx, a.City, out)
		return err
	})
	if err != nil {
		return b.recordOutage(ctx, row, err)
	}
	return b.recordOutage(ctx, r.account, r.run(ctx))
}

// startReading checks a city's account, and returns its reader.
func (b *bot) startReading(ctx context.Context, city string, out bots.Out) (*reader, Account, error) {
	row, c, err := b.accountInTurn(ctx, city)
	if err != nil {
		return nil, Account{}, err
	}
	leave, err := b.gates.enter(ctx, row.Instance)
	if err != nil {
		return nil, row, err
	}
	defer leave()
	d, err := b.profileOf(ctx, c)
	if err != nil {
		return nil, row, c.explain(ctx, "describe instance", err)
	}
	c = b.clientOf(row, c.token) // now with the rate limits of the server's software
	if row.imported() {
		if row, err = b.identifyImported(ctx, row, c, d); err != nil {
			return nil, row, err
		}
		c = b.clientOf(row, c.token)
	}
	if err := b.checkAccount(ctx, &row, c); err != nil {
		return nil, row, err
	}
	return newReader(b, c, row, d, out), row, nil
}

// accountInTurn is account when there is a place at the gate of the database.
func (b *bot) accountInTurn(ctx context.Context, city string) (Account, *client, error) {
	leave, err := b.gates.enter(ctx, "")
	if err != nil {
		return Account{}, nil, err
	}
	defer leave()
	return b.account(ctx, city)
}

// run reads until ctx ends or something fails.
func (r *reader) run(ctx context.Context) error {
	stream := r.bot.subscribe(ctx, r.client, r.server)
	defer stream.stop()
	defer r.stopListening()
	quick := true
	poll := time.NewTimer(r.bot.timing.poll)
	defer poll.Stop()
	err := r.bot.stacks.run(func() error { return r.startSending(ctx) })
	if err == nil && !r.server.hasStream() {
		err = r.catchUp(ctx)
	}
	for err == nil {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-stream.mention:
			err = r.bot.stacks.run(func() error { return r.catchUp(ctx) })
		case <-r.outbox.wake:
			err = r.bot.stacks.run(func() error { return r.sendDirects(ctx) })
		case id := <-stream.deleted:
			err = r.mentionDeleted(ctx, id)
		case <-stream.closed:
			if !r.caughtUp {
				err = r.bot.stacks.run(func() error { return r.catchUp(ctx) })
			}
		case <-poll.C:
			err = r.bot.stacks.run(func() error { return r.poll(ctx) })
			quick = r.pollsQuickly(stream.open.Load())
			poll.Reset(r.pollInterval(quick))
		}
		if now := r.pollsQuickly(stream.open.Load()); now != quick {
			quick = now
			poll.Reset(r.firstPoll(quick))
		}
	}
	return err
}

// lively is how long after a mention polls are quick.
const lively = time.Hour

// pollsQuickly reports whether mentions may come that the stream does not announce. While it is open, these are only what the instance keeps back
// from it: private mentions by accounts that are not followed. Where people write, they shall not wait long; but nobody writes to most accounts.
func (r *reader) pollsQuickly(open bool) bool {
	return !open || r.checking || r.bot.Core.Now().Sub(r.mentionedAt) < lively
}

func (r *reader) pollInterval(quick bool) time.Duration {
	if quick {
		return r.bot.timing.poll
	}
	return r.bot.timing.quietPoll - rand.N(r.bot.timing.quietPoll/6+1)
}

// firstPoll is pollInterval after a change. The streams of many accounts open at the same time: their polls are spread from the first one.
func (r *reader) firstPoll(quick bool) time.Duration {
	if quick {
		return r.bot.timing.poll
	}
	return rand.N(r.bot.timing.quietPoll + 1)
}

// poll reads what the stream may have missed.
func (r *reader) poll(ctx context.Context) error {
	if err := r.rereadRecent(ctx); err != nil {
		return err
	}
	if err := r.startSending(ctx); err != nil {
		return err
	}
	if r.bot.Core.Now().Sub(r.selfCheckedAt) > r.bot.timing.selfCheck {
		r.selfCheckedAt = r.bot.Core.Now()
		if err := r.bot.checkAccount(ctx, &r.account, r.client); err != nil {
			return err
		}
	}
	return r.checkMentions(ctx)
}

// reader reads the mentions of one account.
type reader struct {
	bot     *bot
	client  *client
	account Account
	server  serverProfile
	out     bots.Out
	limit   *rate.Limiter
	pager   *pager

	rereadFrom, next string            // positions at the poll before the last one, and at the last one
	seen             map[masto.ID]bool // notifications after rereadFrom that were handled
	outbox           outbox
	authors          map[string]author // of recent mentions, by the id of the status; never stored
	selfCheckedAt    time.Time         // when checkAccount was last called
	sweptAt          time.Time         // when the mentions were last compared with their notifications
	caughtUp         bool              // all was read once
	startedAt        time.Time
	mentionedAt      time.Time // when a mention was last handed in
	noneFreshAt      time.Time // when there was last no such post
	checking         bool      // there are posts whose mentions are checked
}

func newReader(b *bot, c *client, row Account, d serverProfile, out bots.Out) *reader {
	r := &reader{
		bot: b, client: c, account: row, server: d, out: out, limit: newLimiter(b.timing),
		rereadFrom: row.Position, next: row.Position, seen: map[masto.ID]bool{}, authors: map[string]author{}, outbox: outbox{wake: make(chan struct{}, 1)}, selfCheckedAt: b.Core.Now(),
		startedAt: b.Core.Now(),
	}
	if d.limitsByAddress() {
		r.limit = b.rateLimits.readLimiter(row.Instance, b.timing)
	}
	types := []string{"mention"}
	if d.notifiesOfEdits() {
		types = append(types, "update")
	}
	r.pager = &pager{client: c, types: types, newestFirst: d.newestFirst(), wait: r.limit.Wait}
	return r
}

// catchUp hands in all mentions after the position, oldest first.
func (r *reader) catchUp(ctx context.Context) error { return r.read(ctx, r.account.Position) }

// rereadRecent is catchUp from the position of at least one poll ago. An instance assigns a notification's id a moment before the
// notification can be read: of two at the same time, the one with the lower id may appear when the position has passed it.
func (r *reader) rereadRecent(ctx context.Context) error {
	if err := r.read(ctx, r.rereadFrom); err != nil {
		return err
	}
	r.rereadFrom, r.next = r.next, r.account.Position
	r.forgetAuthors()
	maps.DeleteFunc(r.seen, func(id masto.ID, _ bool) bool { return id.Compare(masto.ID(r.rereadFrom)) <= 0 })
	return nil
}

// read hands in all mentions after an id that were not handled yet, oldest first. It moves the position after each.
func (r *reader) read(ctx context.Context, after string) error {
	for {
		found, err := r.pager.next(ctx, after)
		if err != nil {
			return r.explain(ctx, err)
		}
		if err := r.recovered(ctx); err != nil {
			return err
		}
		if found.end == "" {
			r.caughtUp = true
			return nil
		}
		if err := r.handleAll(ctx, found); err != nil {
			return err
		}
		after = found.end
	}
}

// handleAll hands in the mentions of a batch in the order in which they were written: of many at once the ids may be in another order. The
// position moves as far as all notifications before it were handled.
func (r *reader) handleAll(ctx context.Context, found batch) error {
	written := slices.Clone(found.notifications)
	slices.SortStableFunc(written, func(a, b *masto.Notification) int { return writtenAt(a).Compare(writtenAt(b)) })
	handled := 0
	for _, n := range written {
		if r.seen[n.ID] {
			continue
		}
		if err := r.handle(ctx, n); err != nil {
			return err
		}
		r.seen[n.ID] = true
		for handled < len(found.notifications) && r.seen[found.notifications[handled].ID] {
			handled++
		}
		if handled > 0 {
			if err := r.moveTo(ctx, found.notifications[handled-1].ID); err != nil {
				return err
			}
		}
	}
	return r.moveTo(ctx, masto.ID(found.end))
}

func writtenAt(n *masto.Notification) time.Time {
	if n.Status == nil {
		return n.CreatedAt
	}
	return n.Status.CreatedAt
}

// moveTo moves the position forward and stores it.
func (r *reader) moveTo(ctx context.Context, id masto.ID) error {
	if id.Compare(masto.ID(r.account.Position)) <= 0 {
		return nil
	}
	r.account.Position = string(id)
	return r.bot.Rows.Update(ctx, r.account, map[string]any{"position": r.account.Position})
}

// explain is client.explain for reading, where no error is about one report and so none is permanent.
func (r *reader) explain(ctx context.Context, err error) error {
	err = r.client.explain(ctx, "read notifications", err)
	if e := bots.AsError(err); e.Kind == bots.KindPermanent {
		return bots.Retry("error-not-json", e.Err)
	}
	return err
}

// recovered records that the instance works again.
func (r *reader) recovered(ctx context.Context) error {
	if r.account.FailingSince == nil {
		return nil
	}
	r.account.FailingSince = nil
	return r.bot.Rows.Update(ctx, r.account, map[string]any{"failing_since": nil})
}

// handle hands in one mention, or checks one that was edited.
func (r *reader) handle(ctx context.Context, n *masto.Notification) error {
	if n.Type == "update" && n.Status != nil {
		if err := r.mentionEdited(ctx, n.Status); err != nil {
			return err
		}
	}
	text, ok := r.text(n)
	if !ok {
		return nil
	}
	r.noteAuthor(n.Status)
	if ours, err := r.bot.isOurs(ctx, r.account, n.Status.Account); err != nil || ours {
		return err
	}
	r.mentionedAt = r.bot.Core.Now()
	if done, err := r.command(ctx, n.Status, text); done || err != nil {
		return err
	}
	made := r.report(n.Status, text)
	city, _, err := r.bot.Core.Cities.City(ctx, r.account.City)
	if err != nil {
		return err
	}
	if city.Options.On("hold_new") && isNew(n.Status) {
		made.Spam = newAccount
	}
	return r.out(ctx, made)
}

// newFor is how long an account counts as new. newAccount is the report.Report.Spam of what it writes.
const (
	newFor     = 7 * 24 * time.Hour
	newAccount = "the account is newer than a week"
)

// isNew reports whether a status is by a new account, as far as its instance says since when that exists.
func isNew(s *masto.Status) bool {
	made := s.Account.CreatedAt
	return !made.IsZero() && s.CreatedAt.Sub(made) < newFor
}

// text returns the text of a mention, and false if it is no report: our own post, one of a bot, or an empty one.
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

// statusText returns the text of a status that mentions the account, without that mention.
func statusText(a Account, s *masto.Status) string {
	n := names{acct: a.Acct, domain: a.Domain, urls: []string{a.URL}, private: !public(s.Visibility)}
	if to, _ := s.InReplyToAccountID.(string); to != a.AccountID {
		n.answered = masto.ID(to)
	}
	for _, m := range s.Mentions {
		if string(m.ID) == a.AccountID {
			n.urls = append(n.urls, m.URL)
		} else {
			n.others = append(n.others, m)
		}
	}
	reply := s.InReplyToID != nil
	text := n.withoutAddressees(n.markedText(s.Content), reply)
	if warning := n.withoutAddressees(tidy(n.markedWords(s.SpoilerText)), reply); warning != "" && text != "" {
		text = warning + "\n\n" + text
	} else {
		text += warning
	}
	return report.Clean(text)
}

func (r *reader) report(s *masto.Status, text string) report.Report {
	// No URL: it would name the author.
	made := report.Report{ID: string(s.ID), Ref: remoteID(r.account.Instance, s.ID), Text: text, At: s.CreatedAt.UTC(), Private: !public(s.Visibility)}
	made.Author = r.bot.Core.Author(r.account.City, fullName(r.account, s.Account.Acct), made.At)
	return made
}
