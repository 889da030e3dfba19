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

// retractTime is the deadline of one call of Retract. It is short, because reports wait behind it.
const retractTime = 10 * time.Second

// retract completes an order to retract a report. If the network fails, the order is requeued in its stream with a delay, so that
// reports do not wait for it.
func (w *worker) retract(ctx context.Context, msg bus.Msg[bus.Order], d db.Delivery) error {
	if !d.Status.Final() {
		d.Status, d.Detail = db.Retracted, "" // not sent, and will not be
	}
	call := w.retractCall(msg.Value.Key, d)
	if call == nil || d.Status != db.Sent && d.Served == 0 { // nothing to retract
		return w.env.finish(ctx, w.queue.latest(msg), d)
	}
	err := w.briefly(ctx, call)
	if ctx.Err() != nil && err != nil {
		return errors.Join(ctx.Err(), err)
	}
	if err == nil {
		d.Status, d.Detail, d.RemoteID, d.RemoteURL = db.Retracted, "", "", ""
		return w.env.finish(ctx, w.queue.latest(msg), d)
	}
	d.Detail = bots.AsError(err).Say
	pauses := backoff{failures: int(min(msg.Deliveries, 9)) - 1}
	switch kind, pause := nextPause(err, &pauses); kind {
	case bots.KindPermanent:
		w.log.Warn("network refuses to retract a report", "entry", msg.Value.Entry, "err", err)
		return w.env.finish(ctx, w.queue.latest(msg), d)
	case bots.KindRevoked:
		return errors.Join(err, w.env.finish(ctx, w.queue.latest(msg), d))
	default:
		logFailure(w.log, "retracting failed; will retry", err, pause)
		if err := w.queue.latest(msg).Requeue(pause); err != nil {
			w.log.Warn("cannot requeue an order", "entry", msg.Value.Entry, "err", err)
		}
		return w.env.save(ctx, d)
	}
}

// retractCall returns the call of Retract, or nil if the bot is no Retracter.
func (w *worker) retractCall(key string, d db.Delivery) func(context.Context) error {
	bot, ok := w.member.Bot.(bots.Retracter)
	if !ok {
		return nil
	}
	return func(ctx context.Context) error {
		return bot.Retract(ctx, w.account, key, report.Receipt{ID: d.RemoteID, URL: d.RemoteURL})
	}
}

func (w *worker) briefly(ctx context.Context, call func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, min(retractTime, w.env.SendTime))
	defer cancel()
	return runCallErr(ctx, w.env.Grace, call)
}
