package supervisor

import (
	"context"
	"errors"
	"time"

	"linienfunk/bots"
	"linienfunk/db"
	"linienfunk/report"
)

// retractTime is the deadline of one call of Retract. It is short, because reports wait behind it.
const retractTime = 10 * time.Second

// recall has the network delete what was sent of a report that was withdrawn. If the network fails, the order is parked, so that reports do
// not wait for it.
func (w *worker) recall(ctx context.Context, o order) error {
	return w.inTurn(ctx, o, func(ctx context.Context, o *order) (time.Duration, error) {
		d, err := w.env.delivery(ctx, *o)
		if errors.Is(err, db.ErrNotFound) { // an older database was restored
			return 0, nil
		}
		if err != nil {
			return 0, err
		}
		return w.retract(ctx, o, &d)
	})
}

// retract asks the network once. It returns the pause before the next time, or zero if that was the last.
func (w *worker) retract(ctx context.Context, o *order, d *db.Delivery) (time.Duration, error) {
	if !d.Status.Final() {
		d.Status, d.Detail = db.Retracted, "" // not sent, and will not be
	}
	entry, err := w.env.entry(ctx, *o)
	if err != nil {
		return 0, err
	}
	call := w.retractCall(entry, *d)
	if call == nil || d.Status != db.Sent && d.Served == 0 || !o.expire.After(w.env.Now()) { // nothing to retract, or too late
		return 0, w.env.endRecall(ctx, *d)
	}
	err = w.briefly(ctx, call)
	if ctx.Err() != nil && err != nil {
		return 0, errors.Join(ctx.Err(), err)
	}
	if err == nil {
		d.Status, d.Detail, d.RemoteID, d.RemoteURL = db.Retracted, "", "", ""
		return 0, w.env.endRecall(ctx, *d)
	}
	d.Detail = bots.AsError(err).Say
	switch kind, pause := nextPause(err, &o.pauses); kind {
	case bots.KindPermanent:
		w.log.Warn("network refuses to retract a report", "entry", o.entry, "err", err)
		return 0, w.env.endRecall(ctx, *d)
	case bots.KindRevoked:
		return 0, errors.Join(err, w.env.endRecall(ctx, *d))
	default:
		logFailure(w.log, "retracting failed; will retry", err, pause)
		return pause, w.env.save(ctx, *d, nil)
	}
}

// retractCall returns the call of Retract, or nil if the bot is no Retracter.
func (w *worker) retractCall(entry db.Entry, d db.Delivery) func(context.Context) error {
	bot, ok := w.member.Bot.(bots.Retracter)
	if !ok {
		return nil
	}
	return func(ctx context.Context) (err error) {
		ctx, step := w.follow(ctx, entry.Trace, "retract")
		defer func() { step.End(err) }()
		return bot.Retract(ctx, w.account, entry.Key, report.Receipt{ID: d.RemoteID, URL: d.RemoteURL})
	}
}

func (w *worker) briefly(ctx context.Context, call func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, min(retractTime, w.env.SendTime))
	defer cancel()
	return runCallErr(ctx, w.env.Grace, call)
}
