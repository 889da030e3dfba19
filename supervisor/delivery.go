package supervisor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"linienfunk/bots"
	"linienfunk/bus"
	"linienfunk/db"
	"linienfunk/report"
)

// sendTime is how long one call of Send or SendPage may take.
const sendTime = time.Minute

// maxAbandoned is how many calls of one account may be left behind without having returned. Beyond that no more are made.
const maxAbandoned = 3

// sent is what Send or SendPage returned.
type sent struct {
	receipt report.Receipt
	next    string
	served  int
}

// sendAll delivers the mailbox's orders, one after the other. It returns an error only for an account that is revoked.
func (p *process) sendAll(ctx context.Context) error {
	if !carries(p.member.Bot) {
		return nil
	}
	for {
		msg, err := p.box.take(ctx)
		if err != nil {
			return nil
		}
		err = p.deliver(ctx, msg)
		if bots.AsError(err).Kind == bots.KindRevoked {
			p.box.drop()
			return err
		}
		if err != nil { // the process is being stopped; whoever comes next goes on with this order
			p.box.release()
			return nil
		}
		p.box.drop()
	}
}

// deliver brings one order to its end: sent, failed or expired in the ledger, then done in its stream. It returns nil then, and
// an error if the account is revoked or ctx has ended.
func (p *process) deliver(ctx context.Context, msg bus.Msg[bus.Order]) error {
	defer p.abandon()
	d, err := p.env.ledger(ctx, msg.Value)
	if errors.Is(err, db.ErrNotFound) {
		return p.env.stray(ctx, p.box.latest(msg))
	}
	if err != nil {
		return err
	}
	if msg.Value.Retract {
		return p.retract(ctx, msg, d)
	}
	var pauses backoff
	for !d.Status.Final() {
		withdrawn, err := p.env.withdrawn(ctx, msg.Value)
		if err != nil {
			return err
		}
		if withdrawn {
			d.Status, d.Detail = db.Retracted, ""
			break
		}
		if !msg.Value.Expire.After(p.env.Now()) {
			d.Status = db.Expired
			break
		}
		cursor := d.Cursor
		err = p.attempt(ctx, msg.Value, &d)
		if d.Cursor != cursor || err == nil {
			pauses.reset()
		}
		if err == nil {
			p.send.set(Running, "", p.env.Now())
			if !d.Status.Final() {
				err = p.env.save(ctx, d)
			}
			if err != nil {
				return err
			}
			continue
		}
		if ctx.Err() != nil {
			if d.Cursor != cursor {
				err = p.env.save(ctx, d)
			}
			return errors.Join(ctx.Err(), err)
		}
		if err := p.failed(ctx, msg.Value, &d, err, &pauses); err != nil {
			if bots.AsError(err).Kind == bots.KindRevoked {
				return errors.Join(err, p.env.finish(ctx, p.box.latest(msg), d))
			}
			return err
		}
	}
	return p.env.finish(ctx, p.box.latest(msg), d)
}

// failed writes into d what a failed attempt means, and waits until the next one is due. It returns an error if there shall
// be none.
func (p *process) failed(ctx context.Context, order bus.Order, d *db.Delivery, cause error, pauses *backoff) error {
	kind, pause := nextPause(cause, pauses)
	d.Attempts++
	d.Detail = bots.AsError(cause).Say
	switch kind {
	case bots.KindPermanent:
		p.log.Warn("the network refuses a report", "entry", order.Entry, "err", cause)
		p.send.set(Running, "", p.env.Now())
		d.Status = db.Failed
		return nil
	case bots.KindRevoked:
		d.Status = db.Failed
		return cause
	}
	d.Status = db.Retrying
	p.fail(&p.send, "sending failed; will try again", cause, pause)
	if err := p.env.save(ctx, *d); err != nil {
		return err
	}
	return p.rest(ctx, min(pause, max(order.Expire.Sub(p.env.Now()), 0)))
}

// attempt calls the bot once, or goes on waiting for the call that is under way, and writes into d what came of it.
func (p *process) attempt(ctx context.Context, order bus.Order, d *db.Delivery) error {
	if p.abandoned.Load() >= maxAbandoned {
		return fmt.Errorf("%d calls have not returned: %w", maxAbandoned, errStuck)
	}
	ctx, cancel := context.WithTimeout(ctx, p.env.SendTime)
	defer cancel()
	if p.open == nil {
		p.open = begin(ctx, p.call(order.Report, d.Cursor))
	}
	s, err := p.open.wait(ctx, p.env.Grace)
	if errors.Is(err, errStuck) {
		return err
	}
	p.open = nil
	d.Served += s.served
	if _, ok := p.member.Bot.(bots.Broadcaster); ok {
		switch {
		case err != nil && s.next != "":
			d.Cursor = s.next // the page broke off behind it
		case err == nil && s.next != "" && s.next == d.Cursor:
			err = errors.New("the broadcast does not move on")
		case err == nil && s.next != "":
			d.Cursor = s.next
			return nil
		}
	}
	if err != nil {
		return err
	}
	d.RemoteID, d.RemoteURL, d.Cursor = s.receipt.ID, s.receipt.URL, ""
	d.Status, d.Detail = db.Sent, ""
	d.Attempts++
	return nil
}

// call is the bot's way to send.
func (p *process) call(r report.Report, cursor string) func(context.Context) (sent, error) {
	return func(ctx context.Context) (s sent, err error) {
		switch bot := p.member.Bot.(type) {
		case bots.Broadcaster:
			s.next, s.served, err = bot.SendPage(ctx, p.account, r, cursor)
		case bots.Sender:
			s.receipt, err = bot.Send(ctx, p.account, r)
		}
		return s, err
	}
}

// rest waits for d before the next attempt. A call that is stuck may return meanwhile, and counts then; otherwise it is
// left behind, and the next attempt calls anew.
func (p *process) rest(ctx context.Context, d time.Duration) error {
	if p.open == nil {
		return sleep(ctx, d)
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-p.open.done:
	case <-timer.C:
		p.abandon()
	}
	return nil
}

// abandon leaves the call behind that is under way, if there is one.
func (p *process) abandon() {
	if p.open == nil {
		return
	}
	p.abandoned.Add(1)
	go func(left *call[sent]) {
		<-left.done
		p.abandoned.Add(-1)
	}(p.open)
	p.open = nil
}
