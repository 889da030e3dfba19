package supervisor

import (
	"context"
	"errors"
	"time"

	"linienfunk/bots"
	"linienfunk/bus"
	"linienfunk/db"
	"linienfunk/report"
)

// sendTime is how long one call of Send or SendPage may take.
const sendTime = time.Minute

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
	d, err := p.env.ledger(ctx, msg.Value)
	if err != nil {
		return err
	}
	var pauses backoff
	for !d.Status.Final() {
		if !msg.Value.Expire.After(p.env.Now()) {
			d.Status = db.Expired
			break
		}
		more, err := p.attempt(ctx, msg.Value, &d)
		if ctx.Err() != nil && err != nil {
			return ctx.Err()
		}
		if err == nil {
			pauses.reset()
			p.send.set(bots.Running, "", p.env.Now())
			if more {
				if err := p.env.save(ctx, d); err != nil {
					return err
				}
			}
			continue
		}
		kind, pause := p.pause(err, &pauses)
		d.Attempts++
		d.Detail = bots.AsError(err).Say
		switch kind {
		case bots.KindPermanent:
			p.log.Warn("the network refuses a report", "entry", msg.Value.Entry, "err", err)
			d.Status = db.Failed
		case bots.KindRevoked:
			d.Status = db.Failed
			return errors.Join(err, p.env.finish(ctx, p.box.latest(msg), d))
		default:
			d.Status = db.Retrying
			p.fail(&p.send, "sending failed; will try again", err, pause)
			if err := p.env.save(ctx, d); err != nil {
				return err
			}
			left := msg.Value.Expire.Sub(p.env.Now())
			if err := sleep(ctx, min(pause, max(left, 0))); err != nil {
				return err
			}
		}
	}
	if err := p.env.finish(ctx, p.box.latest(msg), d); err != nil {
		return err
	}
	if p.send.now() != bots.Stuck {
		p.send.set(bots.Running, "", p.env.Now())
	}
	return nil
}

// attempt calls the bot once and writes into d what came of it. more is true when a broadcast has to go on.
func (p *process) attempt(ctx context.Context, order bus.Order, d *db.Delivery) (more bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, p.env.SendTime)
	defer cancel()
	type page struct {
		next   string
		served int
	}
	switch bot := p.member.Bot.(type) {
	case bots.Broadcaster:
		done, err := guard(ctx, p.env.Grace, func(ctx context.Context) (page, error) {
			next, served, err := bot.SendPage(ctx, p.account, order.Report, d.Cursor)
			if next == "" && err != nil {
				next = d.Cursor // no progress
			}
			return page{next, served}, err
		})
		d.Served += done.served
		if err != nil {
			if !errors.Is(err, errStuck) && done.next != "" {
				d.Cursor = done.next
			}
			return false, err
		}
		d.Cursor = done.next
		if d.Cursor != "" {
			return true, nil
		}
	case bots.Sender:
		receipt, err := guard(ctx, p.env.Grace, func(ctx context.Context) (report.Receipt, error) {
			return bot.Send(ctx, p.account, order.Report)
		})
		if err != nil {
			return false, err
		}
		d.RemoteID, d.RemoteURL = receipt.ID, receipt.URL
	}
	d.Status, d.Detail = db.Sent, ""
	d.Attempts++
	return false, nil
}

func (h *health) now() bots.State {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.state
}
