package telegram

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"linienfunk/bots"
	"linienfunk/report"
)

// cursor is where a broadcast is: people first, then groups and channels, which may have to wait longer. It is written as
// "p12" or "g3": behind the subscriber of that ID.
type cursor struct {
	groups bool
	after  uint64
}

func (c cursor) String() string {
	if c.groups {
		return "g" + strconv.FormatUint(c.after, 10)
	}
	return "p" + strconv.FormatUint(c.after, 10)
}

func parseCursor(text string) (cursor, error) {
	if text == "" {
		return cursor{}, nil
	}
	after, err := strconv.ParseUint(text[1:], 10, 64)
	if err != nil || text[0] != 'p' && text[0] != 'g' {
		return cursor{}, bots.Permanent("error-refused", errors.New("not a cursor"))
	}
	return cursor{groups: text[0] == 'g', after: after}, nil
}

// SendPage sends the report to the next subscribers. Who has it is noted one by one, so that after a crash only those
// may get it twice whose answer from Telegram was under way: one, as long as Telegram answers within the gap between two
// messages; Telegram knows no idempotency keys.
func (b *Bot) SendPage(ctx context.Context, a bots.Account, r report.Report, at string) (string, int, error) {
	from, err := parseCursor(at)
	if err != nil {
		return "", 0, err
	}
	row, c, err := b.account(ctx, a.City)
	if errors.Is(err, errNoAccount) {
		return "", 0, bots.Permanent("error-no-account", err)
	}
	if err != nil {
		return at, 0, err
	}
	if left := b.paused(row); left > 0 {
		return at, 0, bots.RetryAfter(left, "error-too-many", errors.New("Telegram asked for a pause"))
	}
	p := &page{bot: b, client: c, row: row, report: r, key: b.core.Box.Digest("telegram delivery", r.Key())[:32]}
	if err := p.load(ctx, from); err != nil {
		return at, 0, err
	}
	err = p.run(ctx)
	reached, served := p.reached(from)
	switch {
	case err != nil && reached == from:
		return at, 0, err
	case err != nil:
		return reached.String(), served, err
	case from == (cursor{}) && p.refused > 0 && p.refused == len(p.subscribers):
		return b.refusedByAll(ctx, a.City)
	case len(p.subscribers) == b.limits.page:
		return reached.String(), served, nil
	case !from.groups:
		return cursor{groups: true}.String(), served, nil
	}
	return "", served, nil
}

// refusedByAll ends a broadcast whose first page nobody could be sent, unless there are groups to try.
func (b *Bot) refusedByAll(ctx context.Context, city string) (string, int, error) {
	groups, err := b.store.page(ctx, city, true, 0, 1)
	if err != nil {
		return "", 0, err
	}
	if len(groups) > 0 {
		return cursor{groups: true}.String(), 0, nil
	}
	return "", 0, bots.Permanent("error-refused", errors.New("Telegram refuses the text"))
}

// page is a part of a broadcast.
type page struct {
	bot    *Bot
	client *client
	row    Account
	report report.Report
	key    string // of the report in deliveries

	subscribers []Subscriber
	has         map[uint64]bool // who got it before a crash

	stop context.CancelFunc // waiting for the next message

	mu      sync.Mutex
	done    []outcome // of each subscriber
	refused int
	err     error // why the page breaks off
}

// outcome is what became of a subscriber.
type outcome int

const (
	open   outcome = iota // not tried, or failed
	served                // has it
	left                  // does not get it: its author, gone, not allowed
)

func (p *page) load(ctx context.Context, from cursor) (err error) {
	s, city := p.bot.store, p.row.City
	if from == (cursor{}) {
		err = s.tidy(ctx, city)
	} else {
		err = s.passed(ctx, city, p.key, from)
	}
	if err != nil {
		return err
	}
	if p.subscribers, err = s.page(ctx, city, from.groups, from.after, p.bot.limits.page); err != nil {
		return err
	}
	p.done = make([]outcome, len(p.subscribers))
	p.has, err = s.deliveries(ctx, p.key, p.subscribers)
	return err
}

// run starts a message whenever the pace allows one, without waiting for the answers to those before, until all are
// sent or something breaks it off. It returns when the last answer is there.
func (p *page) run(ctx context.Context) error {
	calls, cancel := p.linger(ctx)
	defer cancel()
	ctx, p.stop = context.WithCancel(ctx)
	defer p.stop()
	slots := make(chan struct{}, p.bot.limits.inFlight)
	var under sync.WaitGroup
	for i, v := range p.subscribers {
		if p.failed() != nil {
			break
		}
		if out := p.known(v); out != open {
			p.set(i, out)
			continue
		}
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
		}
		if err := p.wait(ctx, v); err != nil {
			p.fail(bots.Retry("error-slow", fmt.Errorf("wait for the next message: %w", err)))
			break
		}
		under.Go(func() {
			defer func() { <-slots }()
			p.deliver(calls, i, v)
		})
	}
	under.Wait()
	return p.failed()
}

// linger returns a context that ends a little after ctx, for the calls that are under way then.
func (p *page) linger(ctx context.Context) (context.Context, context.CancelFunc) {
	longer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		timer := time.NewTimer(p.bot.limits.linger)
		defer timer.Stop()
		select {
		case <-timer.C:
			cancel()
		case <-longer.Done():
		}
	})
	return longer, func() { stop(); cancel() }
}

func (p *page) wait(ctx context.Context, v Subscriber) error {
	pace := p.bot.pace(p.row.City)
	if v.Kind != private {
		pace.recall(v.Person, v.Recent)
	}
	return pace.wait(ctx, v.Person, v.Kind != private)
}

// known is what becomes of a subscriber without sending anything.
func (p *page) known(v Subscriber) outcome {
	if p.has[v.ID] {
		return served
	}
	if p.report.Bot != p.bot.core.Name {
		return open
	}
	if v.Kind != private {
		if p.report.Ref == v.Person {
			return left // it was reported there
		}
		return open
	}
	chat, err := p.bot.store.chat(v.City, v.Person, v.Chat)
	if err == nil && p.report.Author != "" && p.report.Author == p.bot.author(v.City, chat, p.report.At) {
		return left
	}
	return open
}

func (p *page) set(i int, out outcome) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done[i] = out
}

// fail breaks the page off. The first reason counts, except that a bot that was turned away must not be missed.
func (p *page) fail(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	defer p.stop()
	if p.err == nil || bots.AsError(err).Kind == bots.KindRevoked {
		p.err = err
	}
}

func (p *page) failed() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}

// reached is the cursor behind the last subscriber before whom nobody is open, and how many up to there have the report.
// Who got it behind that is found again in deliveries.
func (p *page) reached(from cursor) (cursor, int) {
	count := 0
	for i, out := range p.done {
		if out == open {
			break
		}
		from.after = p.subscribers[i].ID
		if out == served {
			count++
		}
	}
	return from, count
}
