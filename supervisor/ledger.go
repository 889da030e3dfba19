package supervisor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"linienfunk/bots"
	"linienfunk/bus"
	"linienfunk/db"
)

// ledger reads the delivery of an order and retries until the database answers. It returns db.ErrNotFound if the ledger has no such row.
func (e *env) ledger(ctx context.Context, o bus.Order) (db.Delivery, error) {
	var found db.Delivery
	known := true
	err := e.retry(ctx, "read the ledger", func() (err error) {
		found, err = e.DB.Delivery(ctx, o.Entry, o.Key, o.Bot)
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
func (e *env) entry(ctx context.Context, o bus.Order) (db.Entry, error) {
	var found db.Entry
	err := e.retry(ctx, "read the ledger", func() (err error) {
		found, err = e.DB.EntryAlone(ctx, o.Entry)
		return err
	})
	return found, err
}

// dropUnknown acknowledges an order without a row in the ledger, e.g. after restoring an older database. It is not sent, because it may have
// been sent before.
func (e *env) dropUnknown(ctx context.Context, msg bus.Msg[bus.Order]) error {
	e.Log.Warn("dropped an order without a row in the ledger", "entry", msg.Value.Entry, "bot", msg.Value.Bot)
	return msg.Ack(ctx)
}

// save stores a delivery and retries until the database takes it: what the network has accepted must be recorded before anything
// else happens to the order.
func (e *env) save(ctx context.Context, d db.Delivery) error {
	ctx, cancel := outlive(ctx)
	defer cancel()
	return e.retry(ctx, "write the ledger", func() error { return e.DB.SaveDelivery(ctx, d) })
}

// finish saves a completed delivery and acknowledges its order.
func (e *env) finish(ctx context.Context, msg bus.Msg[bus.Order], d db.Delivery) error {
	if err := e.save(ctx, d); err != nil {
		return err
	}
	ctx, cancel := outlive(ctx)
	defer cancel()
	if err := msg.Ack(ctx); err != nil {
		// It is delivered again, found completed, and acknowledged then.
		e.Log.Warn("cannot acknowledge an order", "entry", d.EntryID, "bot", d.Bot, "err", err)
	}
	return nil
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
		pause := pauses.next()
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

// closeOrder completes an order that cannot be sent.
func (e *env) closeOrder(ctx context.Context, msg bus.Msg[bus.Order], status db.Status, detail string) error {
	d, err := e.ledger(ctx, msg.Value)
	if errors.Is(err, db.ErrNotFound) {
		return e.dropUnknown(ctx, msg)
	}
	if err != nil {
		return fmt.Errorf("close order: %w", err)
	}
	if !d.Status.Final() {
		d.Status, d.Detail = status, detail
	}
	return e.finish(ctx, msg, d)
}
