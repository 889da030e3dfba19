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

// broadcastPage sends a report to some of a city's subscribers.
type broadcastPage struct {
	bot       *Bot
	client    *client
	row       Account
	city      bots.City
	report    report.Report
	reportKey string // of the report in the delivery log
	text      string // what subscribers get
	announces bool   // it is no report: all subscribers get it

	subscribers []Subscriber
	delivered   map[uint64]bool // by Subscriber.ID: deliveries of an earlier attempt at this page
	waiting     map[uint64]bool // by Subscriber.ID: groups for which earlier reports wait

	cancelWait context.CancelFunc // ends the wait for the next message
	responded  chan struct{}      // wakes up await after a response

	mu       sync.Mutex
	inFlight int
	outcomes []outcome // by index in subscribers
	unwanted int       // subscribers to whom the message is not to be sent
	rejected int       // subscribers to whom Telegram rejected the message
	err      error     // why the page ends early
}

// outcome is the result of a subscriber's message.
type outcome int

const (
	pending   outcome = iota // not sent, or failed
	delivered                // sent
	queued                   // waits until the group accepts messages
	skipped                  // not to be sent: unwanted, to the report's author, to a chat that is gone, a rejected message
)

func newBroadcastPage(b *Bot, c *client, row Account, r report.Report) *broadcastPage {
	return &broadcastPage{
		bot: b, client: c, row: row, report: r, reportKey: b.reportKey(r.Key()),
		responded: make(chan struct{}, 1),
	}
}

// reportKey identifies a report in the delivery log and the queue.
func (b *Bot) reportKey(key string) string { return b.core.Box.Digest("telegram delivery", key)[:32] }

// load reads the subscribers behind a cursor.
func (p *broadcastPage) load(ctx context.Context, from cursor) (err error) {
	s, city := p.bot.store, p.row.City
	if p.city, _, err = p.bot.core.Cities.City(ctx, city); err != nil {
		return fmt.Errorf("look up city: %w", err)
	}
	p.text = p.bot.composed(p.city, p.report)
	if from == (cursor{}) {
		err = s.deleteOldDeliveries(ctx, city)
	} else {
		err = s.deleteDeliveriesBefore(ctx, city, p.reportKey, from)
	}
	if err != nil {
		return err
	}
	if p.subscribers, err = s.subscribersAfter(ctx, city, from.groups, from.after, p.bot.limits.pageSize); err != nil {
		return err
	}
	if p.waiting, err = s.groupsWithQueue(ctx, city); err != nil {
		return err
	}
	p.outcomes = make([]outcome, len(p.subscribers))
	p.delivered, err = s.deliveredTo(ctx, p.reportKey, p.subscribers)
	return err
}

// send starts the messages in order, at the rate of the city's rateLimiter, with at most rateLimiter.window in flight. It returns
// after the last response, or the error that ended the page early.
func (p *broadcastPage) send(ctx context.Context) error {
	calls, cancel := p.drainContext(ctx)
	defer cancel()
	ctx, p.cancelWait = context.WithCancel(ctx)
	defer p.cancelWait()
	var messages sync.WaitGroup
	for i, v := range p.subscribers {
		if p.failure() != nil {
			break
		}
		if out := p.knownOutcome(v); out != pending {
			p.setOutcome(i, out)
			if out == skipped {
				p.unwanted++
			}
			continue
		}
		err := p.await(ctx, v)
		if errors.Is(err, errGroupBusy) {
			p.record(ctx, i, v, err)
			p.end()
			continue
		}
		if err != nil {
			p.fail(bots.Retry("error-slow", fmt.Errorf("wait for the next message: %w", err)))
			break
		}
		messages.Go(func() {
			p.timeMessage(calls, i, v)
			p.end()
		})
	}
	messages.Wait()
	return p.failure()
}

// timeMessage sends one message and reports the response's latency to the rate limiter.
func (p *broadcastPage) timeMessage(ctx context.Context, i int, v Subscriber) {
	began := time.Now()
	p.sendMessage(ctx, i, v)
	if p.failure() == nil {
		p.bot.rateLimiter(p.row.City).observeLatency(time.Since(began))
	}
}

// drainContext returns a context that ends limits.drain after ctx, for the calls in flight.
func (p *broadcastPage) drainContext(ctx context.Context) (context.Context, context.CancelFunc) {
	longer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		timer := time.NewTimer(p.bot.limits.drain)
		defer timer.Stop()
		select {
		case <-timer.C:
			cancel()
		case <-longer.Done():
		}
	})
	return longer, func() { stop(); cancel() }
}

// await waits until the message to v may be sent, and counts it as in flight. It returns errGroupBusy, without waiting, for a
// group that accepts no message now or for which earlier reports wait.
func (p *broadcastPage) await(ctx context.Context, v Subscriber) error {
	limiter := p.bot.rateLimiter(p.row.City)
	for !p.begin(limiter.window()) {
		select {
		case <-p.responded:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if v.isGroup() {
		p.bot.restoreGroup(v)
	}
	if p.waiting[v.ID] {
		return errGroupBusy
	}
	return limiter.wait(ctx, v.ChatHash, v.isGroup())
}

// begin counts a message as in flight, unless window messages are.
func (p *broadcastPage) begin(window int) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.inFlight >= window {
		return false
	}
	p.inFlight++
	return true
}

func (p *broadcastPage) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.inFlight--
	select {
	case p.responded <- struct{}{}:
	default: // await wakes up already
	}
}

// knownOutcome returns the outcome for a subscriber that needs no message: a repeated page, somebody who does not want it, the author, the group
// of the report.
func (p *broadcastPage) knownOutcome(v Subscriber) outcome {
	if p.delivered[v.ID] {
		return delivered
	}
	if !p.announces && !p.bot.interest(v).Wants(p.city, p.report) {
		return skipped
	}
	if p.report.Bot != p.bot.core.Name {
		return pending
	}
	if v.isGroup() {
		if p.report.Ref == v.ChatHash {
			return skipped
		}
		return pending
	}
	chat, err := p.bot.store.openChat(v.City, v.ChatHash, v.Chat)
	if err == nil && p.bot.core.Wrote(p.report, strconv.FormatInt(chat, 10)) {
		return skipped
	}
	return pending
}

// fail ends the page early. It keeps the first error, unless a later one says that the token is revoked.
func (p *broadcastPage) fail(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	defer p.cancelWait()
	if p.err == nil || bots.AsError(err).Kind == bots.KindRevoked {
		p.err = err
	}
}

func (p *broadcastPage) failure() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}

// progress returns the cursor before the first pending subscriber, and the number of deliveries up to there. Later deliveries are in
// the delivery log for the next attempt.
func (p *broadcastPage) progress(from cursor) (cursor, int) {
	count := 0
	for i, out := range p.outcomes {
		if out == pending {
			break
		}
		from.after, from.refused = p.subscribers[i].ID, false
		if out == delivered {
			count++
		}
	}
	return from, count
}
