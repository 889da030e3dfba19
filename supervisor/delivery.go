package supervisor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"linienfunk/bots"
	"linienfunk/db"
	"linienfunk/internal/observe"
	"linienfunk/report"
)

// sendTime is how long one call of Send or SendPage may take.
const sendTime = time.Minute

// maxAbandoned is how many calls of one account may be abandoned without having returned. With that many, no further call is made.
const maxAbandoned = 3

// panicPause is how often it is looked whether a city that sends nothing does so again.
const panicPause = time.Second

// result is the outcome of Send or SendPage.
type result struct {
	receipt report.Receipt
	next    string
	served  int

	remembered *db.Pending // what the network stores of it
}

// sendLoop carries the queued orders out, one by one, until none is left, the worker is stopped, or the account is revoked.
func (w *worker) sendLoop() {
	defer w.running.Done()
	for {
		o, ok := w.queue.next(w)
		if !ok {
			return
		}
		err := w.carryOut(w.ctx, o)
		if bots.AsError(err).Kind == bots.KindRevoked {
			w.queue.remove(w, true, w.env.Now())
			w.queue.detach(w)
			w.endRevoked(err)
			continue // next returns none
		}
		if err != nil { // stopping: the next worker continues with this order
			w.queue.release(w)
		}
	}
}

// carryOut completes one order and removes it from the queue. It returns an error, and leaves it there, if the account is revoked or ctx has
// ended.
func (w *worker) carryOut(ctx context.Context, o order) error {
	if o.recall {
		return w.recall(ctx, o)
	}
	if w.env.panics(o.city) && o.expire.After(w.env.Now()) {
		o.report = nil // it may be withdrawn meanwhile
		w.queue.remove(w, false, w.env.Now())
		w.queue.park(o, panicPause)
		return nil
	}
	if o.edit {
		return w.edit(ctx, o)
	}
	if err := w.deliver(ctx, o); err != nil {
		return err
	}
	w.queue.remove(w, true, w.env.Now())
	return nil
}

// deliver sends a report: then the ledger says sent, failed, expired or retracted. It returns an error if the account is revoked or ctx has
// ended.
func (w *worker) deliver(ctx context.Context, o order) error {
	defer w.abandon()
	d, r := db.Delivery{EntryID: o.entry, Bot: o.bot, Status: db.Queued}, o.report
	if r == nil || w.env.Now().Sub(o.since) > trusted {
		var err error
		d, err = w.env.delivery(ctx, o)
		if errors.Is(err, db.ErrNotFound) { // an older database was restored
			return nil
		}
		if err != nil {
			return err
		}
		r = nil
	}
	if d.Status.Final() {
		return w.env.save(ctx, d, nil)
	}
	var pauses backoff
	var remembered *db.Pending
	var received time.Time
	for !d.Status.Final() {
		var err error
		if !w.env.runs(o.city) { // the lease has run out: another node may have sent it, and this worker may be about to be stopped
			if err := w.waitForLease(ctx, o.city); err != nil {
				return err
			}
			o.report = nil
			return w.deliver(ctx, o)
		}
		if r, d.Status, err = w.sendable(ctx, o, r, d.Status); err != nil {
			return err
		}
		if d.Status.Final() {
			break
		}
		cursor := d.Cursor
		received = r.Received
		remembered, err = w.attempt(ctx, *r, &d)
		r = nil // may be withdrawn meanwhile
		if d.Cursor != cursor || err == nil {
			pauses.reset()
		}
		if err == nil {
			w.send.set(Running, "", w.env.Now())
			if !d.Status.Final() {
				err = w.env.save(ctx, d, remembered)
			}
			if err != nil {
				return err
			}
			continue
		}
		if ctx.Err() != nil {
			if d.Cursor != cursor {
				err = w.env.save(ctx, d, remembered)
			}
			return errors.Join(ctx.Err(), err)
		}
		if err := w.failed(ctx, o, &d, remembered, err, &pauses); err != nil {
			if bots.AsError(err).Kind == bots.KindRevoked {
				return errors.Join(err, w.end(ctx, d, remembered, received))
			}
			return err
		}
	}
	return w.end(ctx, d, remembered, received)
}

// end saves a delivery that has just got its final status.
func (w *worker) end(ctx context.Context, d db.Delivery, remembered *db.Pending, received time.Time) error {
	now := w.env.Now()
	if err := w.env.save(ctx, d, remembered); err != nil {
		return err
	}
	w.env.Observer.Ended(d.Bot, string(d.Status), 1)
	if d.Status == db.Sent && !received.IsZero() {
		w.env.Observer.Sent(d.Bot, now.Sub(received))
	}
	return nil
}

// waitForLease returns once this node runs the city again, or ctx has ended.
func (w *worker) waitForLease(ctx context.Context, city string) error {
	for !w.env.runs(city) {
		if err := sleep(ctx, 100*time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}

// sendable returns the report to send, read from the ledger if r is nil, or the status of a delivery that must not be sent any more.
func (w *worker) sendable(ctx context.Context, o order, r *report.Report, status db.Status) (*report.Report, db.Status, error) {
	if r == nil {
		entry, err := w.env.entry(ctx, o)
		switch {
		case err != nil:
			return nil, status, err
		case entry.Withdrawn != "":
			return nil, db.Retracted, nil
		case entry.Text == "": // the city may keep texts for less time than its reports are fresh
			return nil, db.Expired, nil
		}
		read := entry.Report()
		r = &read
	}
	if !o.expire.After(w.env.Now()) {
		return nil, db.Expired, nil
	}
	return r, status, nil
}

// failed records a failed attempt in d and waits until the next one is due. It returns an error if there will be none.
func (w *worker) failed(ctx context.Context, o order, d *db.Delivery, remembered *db.Pending, cause error, pauses *backoff) error {
	kind, pause := nextPause(cause, pauses)
	d.Attempts++
	d.Detail = bots.AsError(cause).Say
	switch kind {
	case bots.KindPermanent:
		w.log.Warn("network refuses a report", "entry", o.entry, "err", cause)
		w.send.set(Running, "", w.env.Now())
		d.Status = db.Failed
		return nil
	case bots.KindRevoked:
		d.Status = db.Failed
		return cause
	}
	d.Status = db.Retrying
	w.env.Observer.Retries(d.Bot)
	w.fail(&w.send, "sending failed; will retry", cause, pause)
	if err := w.env.save(ctx, *d, remembered); err != nil {
		return err
	}
	return w.waitForRetry(ctx, min(pause, max(o.expire.Sub(w.env.Now()), 0)))
}

// attempt calls the bot once, or waits for the pending call, and records the outcome in d. It returns what the network stores with it.
func (w *worker) attempt(ctx context.Context, r report.Report, d *db.Delivery) (*db.Pending, error) {
	if w.abandoned.Load() >= maxAbandoned {
		return nil, fmt.Errorf("%d calls have not returned: %w", maxAbandoned, errStuck)
	}
	ctx, cancel := context.WithTimeout(ctx, w.env.SendTime)
	defer cancel()
	if w.pending == nil {
		w.pending = startCall(ctx, w.call(r, d.Cursor))
	}
	s, err := w.pending.wait(ctx, w.env.Grace)
	if errors.Is(err, errStuck) {
		return nil, err
	}
	w.pending = nil
	d.Served += s.served
	if _, ok := w.member.Bot.(bots.Broadcaster); ok {
		switch {
		case err != nil && s.next != "":
			d.Cursor = s.next // the page failed after this subscriber
		case err == nil && s.next != "" && s.next == d.Cursor:
			err = errors.New("the broadcast does not move on")
		case err == nil && s.next != "":
			d.Cursor = s.next
			return s.remembered, nil
		}
	}
	if err != nil {
		return s.remembered, err
	}
	d.RemoteID, d.RemoteURL, d.Cursor = s.receipt.ID, s.receipt.URL, ""
	d.Status, d.Detail = db.Sent, ""
	d.Attempts++
	return s.remembered, nil
}

// call returns the call of Send or SendPage.
func (w *worker) call(r report.Report, cursor string) func(context.Context) (result, error) {
	return func(ctx context.Context) (s result, err error) {
		ctx, step := w.follow(ctx, r.Trace, "send")
		defer func() { step.End(err) }()
		ctx, s.remembered = db.Collect(ctx)
		switch bot := w.member.Bot.(type) {
		case bots.Broadcaster:
			s.next, s.served, err = bot.SendPage(ctx, w.account, r, cursor)
		case bots.Sender:
			s.receipt, err = bot.Send(ctx, w.account, r)
		}
		return s, err
	}
}

// follow starts a step of a report's trace in which the network is called.
func (w *worker) follow(ctx context.Context, trace, name string) (context.Context, observe.Span) {
	return w.env.Observer.Follow(ctx, trace, name, observe.City.String(w.account.City), observe.Network.String(w.member.Name))
}

// waitForRetry waits for d before the next attempt. If a stuck call returns meanwhile, its outcome counts; otherwise it is
// abandoned.
func (w *worker) waitForRetry(ctx context.Context, d time.Duration) error {
	if w.pending == nil {
		return sleep(ctx, d)
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-w.pending.done:
	case <-timer.C:
		w.abandon()
	}
	return nil
}

// abandon stops waiting for the pending call, if there is one.
func (w *worker) abandon() {
	if w.pending == nil {
		return
	}
	w.abandoned.Add(1)
	go func(left *call[result]) {
		<-left.done
		w.abandoned.Add(-1)
	}(w.pending)
	w.pending = nil
}
