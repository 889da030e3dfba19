package supervisor

import (
	"context"
	"errors"
	"time"

	"linienfunk/bots"
	"linienfunk/db"
	"linienfunk/report"
)

// edit has the network show on a post how many people have reported the same, or that it is over. If the network fails, the order is parked, so
// that reports do not wait for it.
func (w *worker) edit(ctx context.Context, o order) error { return w.inTurn(ctx, o, w.editOnce) }

// inTurn carries out an order that asks a network once. f returns the pause before the next time, or zero if that was the last.
func (w *worker) inTurn(ctx context.Context, o order, f func(context.Context, *order) (time.Duration, error)) error {
	pause, err := f(ctx, &o)
	if err != nil {
		return err
	}
	w.queue.remove(w, pause == 0, w.env.Now())
	if pause > 0 {
		w.queue.park(o, pause)
	}
	return nil
}

// editOnce asks the network once. It returns the pause before the next time, or zero if that was the last.
func (w *worker) editOnce(ctx context.Context, o *order) (time.Duration, error) {
	d, err := w.env.delivery(ctx, *o)
	if errors.Is(err, db.ErrNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	entry, err := w.env.entry(ctx, *o)
	if err != nil {
		return 0, err
	}
	bot, ok := w.member.Bot.(bots.Editor)
	switch {
	case !d.Status.Final(): // not sent yet: the ledger brings this order again
		return 0, nil
	case !ok, d.Status != db.Sent, entry.Withdrawn != "", entry.Text == "", !o.expire.After(w.env.Now()):
		return 0, w.env.giveUpEdit(ctx, *o)
	}
	if pause := w.queue.editPause(w.env.Now()); pause > 0 {
		return pause, nil
	}
	err = w.briefly(ctx, func(ctx context.Context) (err error) {
		ctx, step := w.follow(ctx, entry.Trace, "edit")
		defer func() { step.End(err) }()
		return bot.Edit(ctx, w.account, entry.Report(), report.Receipt{ID: d.RemoteID, URL: d.RemoteURL})
	})
	if ctx.Err() != nil && err != nil {
		return 0, errors.Join(ctx.Err(), err)
	}
	if err == nil {
		return 0, w.env.write(ctx, func(ctx context.Context) error { return w.env.DB.EndEdit(ctx, o.bot, entry) })
	}
	switch kind, pause := nextPause(err, &o.pauses); kind {
	case bots.KindPermanent:
		w.log.Warn("network refuses to edit a post", "entry", o.entry, "err", err)
		return 0, w.env.giveUpEdit(ctx, *o)
	case bots.KindRevoked:
		return 0, errors.Join(err, w.env.giveUpEdit(ctx, *o))
	default:
		logFailure(w.log, "editing failed; will retry", err, pause)
		return pause, nil
	}
}

func (e *env) giveUpEdit(ctx context.Context, o order) error {
	return e.write(ctx, func(ctx context.Context) error { return e.DB.EndEdits(ctx, o.bot, []uint{o.entry}) })
}
