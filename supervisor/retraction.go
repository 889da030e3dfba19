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

// retractCall is how long one call of Retract may take. It is short, for warnings wait behind it.
const retractCall = 10 * time.Second

// retract brings an order to take a report back to its end. When the network does not take it back now, the order goes back
// into its stream until its next time, so that warnings need not wait for it.
func (p *process) retract(ctx context.Context, msg bus.Msg[bus.Order], d db.Delivery) error {
	if !d.Status.Final() {
		d.Status, d.Detail = db.Retracted, "" // it was not sent and will not be
	}
	call := p.takeBack(msg.Value.Report, d)
	if call == nil || d.Status != db.Sent && d.Served == 0 { // nobody has it, nor will
		return p.env.finish(ctx, p.box.latest(msg), d)
	}
	err := p.briefly(ctx, call)
	if ctx.Err() != nil && err != nil {
		return errors.Join(ctx.Err(), err)
	}
	if err == nil {
		d.Status, d.Detail = db.Retracted, ""
		return p.env.finish(ctx, p.box.latest(msg), d)
	}
	d.Detail = bots.AsError(err).Say
	pauses := backoff{failures: int(min(msg.Deliveries, 9)) - 1}
	switch kind, pause := nextPause(err, &pauses); kind {
	case bots.KindPermanent:
		p.log.Warn("the network does not take a report back", "entry", msg.Value.Entry, "err", err)
		return p.env.finish(ctx, p.box.latest(msg), d)
	case bots.KindRevoked:
		return errors.Join(err, p.env.finish(ctx, p.box.latest(msg), d))
	default:
		logFailure(p.log, "taking a report back failed; will try again", err, pause)
		if err := p.box.latest(msg).Requeue(pause); err != nil {
			p.log.Warn("cannot hand back an order", "entry", msg.Value.Entry, "err", err)
		}
		return p.env.save(ctx, d)
	}
}

// takeBack is the bot's way to take a report back; nil if it has none.
func (p *process) takeBack(r report.Report, d db.Delivery) func(context.Context) error {
	bot, ok := p.member.Bot.(bots.Retracter)
	if !ok {
		return nil
	}
	return func(ctx context.Context) error {
		return bot.Retract(ctx, p.account, r.Key(), report.Receipt{ID: d.RemoteID, URL: d.RemoteURL})
	}
}

func (p *process) briefly(ctx context.Context, call func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, min(retractCall, p.env.SendTime))
	defer cancel()
	return guardErr(ctx, p.env.Grace, call)
}
