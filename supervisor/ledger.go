package supervisor

import (
	"context"
	"errors"
	"time"

	"linienfunk/bots"
	"linienfunk/db"
)

// delivery reads the delivery that an order is about, and retries until the database answers. It returns db.ErrNotFound if the ledger has no
// such row.
func (e *env) delivery(ctx context.Context, o order) (db.Delivery, error) {
	var found db.Delivery
	known := true
	err := e.retry(ctx, "read the ledger", func() (err error) {
		found, err = e.DB.Delivery(ctx, o.entry, o.bot)
		if known = !errors.Is(err, db.ErrNotFound); !known {
			return nil
		}
		return err
	})
	if err == nil && !known {
		err = db.ErrNotFound
	}
	return found, err
}

// entry reads the ledger entry of an order and retries until the database answers.
func (e *env) entry(ctx context.Context, o order) (db.Entry, error) {
	var found db.Entry
	err := e.retry(ctx, "read the ledger", func() (err error) {
		found, err = e.DB.EntryAlone(ctx, o.entry)
		return err
	})
	return found, err
}

// save stores a delivery and retries until the database takes it: what the network has accepted must be recorded before anything
// else happens to the order. remembered is what the network stores with it; may be nil. If that alone cannot be stored, it is lost: the order
// must not wait for ever.
func (e *env) save(ctx context.Context, d db.Delivery, remembered *db.Pending) error {
	return e.write(ctx, func(ctx context.Context) error {
		if remembered.Empty() {
			return e.DB.SaveDelivery(ctx, d)
		}
		err := e.DB.SaveDeliveryWith(ctx, d, remembered)
		if err != nil && e.DB.SaveDelivery(ctx, d) == nil {
			e.Log.Error("the network's own record of a delivery cannot be stored", "entry", d.EntryID, "bot", d.Bot, "err", err)
			return nil
		}
		return err
	})
}

// endRecall is save for a recall that is over.
func (e *env) endRecall(ctx context.Context, d db.Delivery) error {
	return e.write(ctx, func(ctx context.Context) error { return e.DB.EndRecall(ctx, d) })
}

func (e *env) write(ctx context.Context, f func(context.Context) error) error {
	ctx, cancel := outlive(ctx)
	defer cancel()
	return e.retry(ctx, "write the ledger", func() error { return f(ctx) })
}

// writeTime is how long writing to the ledger may take after the program was told to stop. A worker uses it twice at most, after grace, and
// must end within 10 seconds.
const writeTime = 1500 * time.Millisecond

// outlive returns a context that ends writeTime after ctx, so that what has happened in a network is still recorded while the program
// stops.
func outlive(ctx context.Context) (context.Context, context.CancelFunc) {
	longer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		sleep(longer, writeTime)
		cancel()
	})
	return longer, func() { stop(); cancel() }
}

// ledgerPause is the longest pause before the database is asked again: one that is back does not ask for mercy, and everything waits for it.
const ledgerPause = 2 * time.Second

func (e *env) retry(ctx context.Context, action string, f func() error) error {
	var pauses backoff
	for {
		err := f()
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		pause := min(pauses.next(), ledgerPause)
		e.Log.Error("cannot "+action+"; will retry", "err", err, "delay", pause)
		if err := sleep(ctx, pause); err != nil {
			return err
		}
	}
}

// revoke records that the network has revoked the account.
func (e *env) revoke(ctx context.Context, w *worker, cause error) {
	say := bots.AsError(cause).Say
	w.log.Warn("account revoked by the network; stopped until its credentials change", "err", cause)
	w.recv.set(Revoked, say, e.Now())
	e.stopRevoked(ctx, w, say)
}
