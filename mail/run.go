package mail

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"sync"
	"time"
)

// task is a mail that this node has to itself until the given time.
type task struct {
	row   item
	until time.Time
}

// Run delivers until ctx ends; then deliveries under way get three seconds to end, and what did not end is left for
// the next start. It returns within 5 seconds. Only one Run of a Mailer may be active.
func (m *Mailer) Run(ctx context.Context) error {
	if err := m.queue.recover(ctx); err != nil {
		return err
	}
	return m.run(ctx)
}

func (m *Mailer) run(ctx context.Context) error {
	sending, cancel := outlive(ctx, graceTime)
	defer cancel()
	writing, cancel := outlive(ctx, writeTime)
	defer cancel()

	open, err := m.newTransport()
	if err != nil {
		return err
	}
	lanes := newLanes(m, func() transport { return &routed{transport: open(), mailer: m} }, sending, writing)
	var renewing sync.WaitGroup
	renewing.Go(func() { m.renew(ctx) })
	m.dispatch(ctx, writing, lanes)
	lanes.stop()
	renewing.Wait()
	return nil
}

// outlive returns a context that ends d after ctx.
func outlive(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	longer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(d, cancel) })
	return longer, func() { stop(); cancel() }
}

// dispatch hands due mails to the lanes until ctx ends.
func (m *Mailer) dispatch(ctx, writing context.Context, lanes *lanes) {
	var pruned time.Time
	for ctx.Err() == nil {
		if now := m.now(); now.Sub(pruned) > time.Hour {
			m.failed(m.queue.prune(ctx))
			pruned = now
		}
		busy, _ := lanes.busy()
		rows, until, err := m.queue.claim(ctx, busy)
		switch {
		case err != nil:
			m.failed(err)
			pause(ctx, nil, failTime) // much may be due: without a pause the next look would be at once
		case len(rows) > 0:
			m.hand.add(rows)
			m.giveBack(writing, lanes.add(rows, until))
		default:
			m.wait(ctx, lanes)
		}
	}
}

// giveBack puts mails of any leases back into the queue.
func (m *Mailer) giveBack(ctx context.Context, rows []item) {
	leases := map[string][]uint64{}
	for _, row := range rows {
		leases[row.Lease] = append(leases[row.Lease], row.ID)
	}
	for lease, ids := range leases {
		m.failed(m.queue.release(ctx, lease, ids...))
	}
	m.hand.drop(rows...)
}

// wait returns when there may be something to deliver.
func (m *Mailer) wait(ctx context.Context, lanes *lanes) {
	busy, free := lanes.busy()
	until, err := m.queue.next(ctx, busy)
	if err != nil {
		m.failed(err)
		pause(ctx, nil, failTime)
		return
	}
	if !free.IsZero() {
		until = min(until, free.Sub(m.now()))
	}
	pause(ctx, m.queue.wake, max(until, 10*time.Millisecond))
}

// pause returns after d, or when it is woken, or when ctx ends.
func pause(ctx context.Context, wake <-chan struct{}, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-wake:
	case <-timer.C:
	}
}

// attempt delivers one mail and writes down what came of it. If that is about its place, it says so, besides the error of the queue.
func (m *Mailer) attempt(sending, writing context.Context, t transport, next task) (*awayError, error) {
	row, now := next.row, m.now()
	if surely := max(next.until.UnixMilli(), m.renewed.Load()); now.Add(leaseTime/4).UnixMilli() > surely {
		return nil, m.queue.release(writing, row.Lease, row.ID)
	}
	if ours, err := m.queue.holds(writing, row); err != nil || !ours {
		return nil, err
	}
	e, err := m.queue.open(row)
	if err == nil && e.Back != "" {
		wanted, err := m.Known(writing, e.Back)
		if err != nil {
			return nil, err
		}
		if !wanted {
			return nil, m.queue.finish(writing, row)
		}
	}
	if now.UnixMilli() >= row.ExpiresAt {
		m.log.Warn("mail given up: too late", "attempts", row.Attempts)
		return nil, m.giveUp(writing, row, e, row.Soft, softly)
	}
	if err == nil {
		ctx, whole, done := m.times.patient(sending)
		defer done()
		e.whole = whole
		err = m.deliver(ctx, t, e)
	}
	var refused *refusal
	var delayed *delay
	var away *awayError
	switch {
	case err == nil:
		m.accepted.Store(now.UnixMilli())
		if m.config.Direct && e.Route == "" { // the mailbox's own server has it; others know nothing yet
			m.failed(m.forgive(writing, e.back()))
		}
		return nil, m.queue.finish(writing, row)
	case errors.As(err, &refused):
		m.log.Warn("mail refused for good", "stage", refused.stage, "code", refused.answer)
		return nil, m.giveUp(writing, row, e, true, m.judge(refused.answer, e))
	case sending.Err() != nil:
		return nil, m.queue.release(writing, row.Lease, row.ID)
	}
	errors.As(err, &away)
	soft := errors.As(err, &delayed) && m.judge(delayed.answer, e) != fine
	pause := m.pause(row.Attempts + 1)
	m.log.Warn("mail not delivered yet", "error", err, "attempts", row.Attempts+1, "pause", pause)
	return away, m.queue.retry(writing, row, pause, soft)
}

// onlineTime is how long after a server took a mail we count as connected to the internet.
const onlineTime = time.Hour

// judge is the function judge, but blames nobody for being out of reach while nobody at all is in reach.
func (m *Mailer) judge(a answer, e envelope) verdict {
	offline := m.now().UnixMilli()-m.accepted.Load() > onlineTime.Milliseconds()
	if offline && (a.stage == "connect" || a == errNoDomain.answer || a == errDNS.answer) {
		return fine
	}
	return judge(a, m.config.Direct && e.Route == "")
}

// giveUp ends a mail; before, it tells of the bounce, if it is one. What cannot be told now is told at the next attempt.
func (m *Mailer) giveUp(ctx context.Context, row item, e envelope, bounced bool, v verdict) error {
	if bounced {
		if err := m.bounced(ctx, e.back(), v); err != nil {
			return errors.Join(err, m.queue.retry(ctx, row, m.pause(row.Attempts+1), row.Soft))
		}
	}
	return m.queue.finish(ctx, row)
}

// back is the local part of the address for bounces.
func (e envelope) back() string {
	if e.Back != "" {
		return e.Back
	}
	return localOf(e.From) // of a mail from before there was Back
}

func localOf(address string) string { return address[:max(strings.LastIndexByte(address, '@'), 0)] }

func (m *Mailer) deliver(ctx context.Context, t transport, e envelope) error {
	if e.Route == "" { // a provider signs for its own domain
		signed, err := m.signer.sign(e.Message)
		if err != nil {
			return err
		}
		e.Message = signed
	}
	err := guard(func() error { return t.deliver(ctx, e) })
	if errors.Is(err, errPanic) {
		t.close() // nobody knows how far the connection is
	}
	var away *awayError
	if aboutPlace(err) && !errors.As(err, &away) {
		return &awayError{error: err}
	}
	return err
}

// failed logs what went wrong with the queue itself; the mails stay in it.
func (m *Mailer) failed(err error) {
	if err != nil && !errors.Is(err, context.Canceled) {
		m.log.Error("mail queue failed", "error", err)
	}
}

// pauseAfter returns how long to wait after so many attempts: 5 s, 15 s, 45 s and so on to an hour, a quarter more or
// less.
func pauseAfter(attempts int) time.Duration {
	pause := 5 * time.Second
	for range min(attempts-1, 10) {
		pause = min(pause*3, time.Hour)
	}
	return time.Duration(float64(pause) * (0.75 + rand.Float64()/2))
}

// maxHold is how long a place that failed is left alone at most: reports are fresh for half an hour.
const maxHold = 2 * time.Minute

func holdAfter(failed int) time.Duration { return min(pauseAfter(failed), maxHold) }
