package telegram

import (
	"context"
	"fmt"
	"sync"
	"time"

	"linienfunk/bots"
	"linienfunk/report"
)

// page is a part of a broadcast.
type page struct {
	bot    *Bot
	client *client
	row    Account
	report report.Report
	key    string // of the report in deliveries

	subscribers []Subscriber
	has         map[uint64]bool // who got it before a crash

	stop     context.CancelFunc // waiting for the next message
	answered chan struct{}      // holds something when an answer has come since the last look

	mu      sync.Mutex
	under   int       // messages under way
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

// run sends the messages one after the other, as the pace allows. It waits for the answer to one before it starts the next, or
// for those to several where answers take longer than that; see pace.window. It returns when the last answer is there.
func (p *page) run(ctx context.Context) error {
	calls, cancel := p.linger(ctx)
	defer cancel()
	ctx, p.stop = context.WithCancel(ctx)
	defer p.stop()
	var under sync.WaitGroup
	for i, v := range p.subscribers {
		if p.failed() != nil {
			break
		}
		if out := p.known(v); out != open {
			p.set(i, out)
			continue
		}
		if err := p.wait(ctx, v); err != nil {
			p.fail(bots.Retry("error-slow", fmt.Errorf("wait for the next message: %w", err)))
			break
		}
		under.Go(func() { p.send(calls, i, v) })
	}
	under.Wait()
	return p.failed()
}

// send delivers to one subscriber, and tells the pace how long that took.
func (p *page) send(ctx context.Context, i int, v Subscriber) {
	began := time.Now()
	p.deliver(ctx, i, v)
	if p.failed() == nil {
		p.bot.pace(p.row.City).answered(time.Since(began))
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.under--
	select {
	case p.answered <- struct{}{}:
	default: // nobody has looked since the last one
	}
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

// wait returns when the message to v may leave: when few enough are under way, and when its turn has come.
func (p *page) wait(ctx context.Context, v Subscriber) error {
	pace := p.bot.pace(p.row.City)
	for !p.begin(pace.window()) {
		select {
		case <-p.answered:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if v.Kind != private {
		pace.recall(v.Person, v.Recent)
	}
	return pace.wait(ctx, v.Person, v.Kind != private)
}

// begin counts one more message under way, unless there are window of them.
func (p *page) begin(window int) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.under >= window {
		return false
	}
	p.under++
	return true
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
