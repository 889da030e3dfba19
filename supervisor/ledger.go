package supervisor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"linienfunk/bots"
	"linienfunk/bus"
	"linienfunk/db"
	"linienfunk/report"
)

// Config is what a Supervisor needs.
type Config struct {
	Bus       *bus.Bus
	DB        *db.DB
	Directory *Directory
	Log       *slog.Logger
	Now       func() time.Time

	// Retention says how long a city keeps texts; false for a city that is gone. Cities lists all cities.
	Retention func(city string) (time.Duration, bool)
	Cities    func() []string

	// Revoked is called when a network turned a city's account away: once for each revision of the account, or again
	// if the program died while it was called.
	Revoked func(ctx context.Context, a bots.Account, s Status)

	// SendTime is the deadline of one call of Send or SendPage, Grace what it may take beyond it before it counts as stuck.
	// Zero means a minute, and five seconds.
	SendTime, Grace time.Duration
}

// env is what all processes share.
type env struct {
	Config
	halt func(ctx context.Context, p *process, say string)
}

// take is behind every bots.Out: it returns nil when the report is in INTAKE.
func (e *env) take(ctx context.Context, city, bot string, r report.Report) error {
	if r.ID == "" {
		return errors.New("a report needs an id")
	}
	r.City, r.Bot = city, bot
	if r.Withdrawn != "" {
		return e.Bus.PublishReport(ctx, report.Report{City: city, Bot: bot, ID: r.ID, Withdrawn: r.Withdrawn})
	}
	r.Text = report.Clean(r.Text)
	if r.Text == "" {
		return nil
	}
	if now := e.Now(); r.At.IsZero() || r.At.After(now) {
		r.At = now
	}
	return e.Bus.PublishReport(ctx, r)
}

// ledger reads where a delivery stands, again and again until the database answers. It returns db.ErrNotFound for an
// order that the ledger does not know.
func (e *env) ledger(ctx context.Context, o bus.Order) (db.Delivery, error) {
	var found db.Delivery
	known := true
	err := e.insist(ctx, "read the ledger", func() (err error) {
		found, err = e.DB.Delivery(ctx, o.Entry, o.Report.Key(), o.Bot)
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

// withdrawn says whether an order's report was taken back, again and again until the database answers.
func (e *env) withdrawn(ctx context.Context, o bus.Order) (bool, error) {
	var is bool
	err := e.insist(ctx, "read the ledger", func() (err error) {
		is, err = e.DB.IsWithdrawn(ctx, o.Entry)
		return err
	})
	return is, err
}

// stray ends an order that the ledger does not know: the database is another one than when the order was made. It is not
// sent, for nobody could say whether it was before.
func (e *env) stray(ctx context.Context, msg bus.Msg[bus.Order]) error {
	e.Log.Warn("drop an order that is not in the ledger", "entry", msg.Value.Entry, "bot", msg.Value.Bot)
	return msg.Ack(ctx)
}

// save writes a delivery, again and again until the database takes it: what the network has taken must be known
// before anything else happens to the order.
func (e *env) save(ctx context.Context, d db.Delivery) error {
	ctx, cancel := linger(ctx)
	defer cancel()
	return e.insist(ctx, "write the ledger", func() error { return e.DB.SaveDelivery(ctx, d) })
}

// finish saves a delivery that has come to its end, and takes its order out of the stream.
func (e *env) finish(ctx context.Context, msg bus.Msg[bus.Order], d db.Delivery) error {
	if err := e.save(ctx, d); err != nil {
		return err
	}
	ctx, cancel := linger(ctx)
	defer cancel()
	if err := msg.Ack(ctx); err != nil {
		// It will be delivered once more, found to be at its end, and done then.
		e.Log.Warn("cannot acknowledge an order", "entry", d.EntryID, "bot", d.Bot, "err", err)
	}
	return nil
}

// lingerTime is how long writing down may take when the program is being stopped. A process lingers twice at most, after
// grace, and must be over within 10 seconds.
const lingerTime = 1500 * time.Millisecond

// linger returns a context that ends lingerTime after ctx: what has happened in a network is still written down
// when the program is being stopped.
func linger(ctx context.Context) (context.Context, context.CancelFunc) {
	longer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		sleep(longer, lingerTime)
		cancel()
	})
	return longer, func() { stop(); cancel() }
}

func (e *env) insist(ctx context.Context, what string, f func() error) error {
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
		e.Log.Error("cannot "+what+"; will try again", "err", err, "pause", pause)
		if err := sleep(ctx, pause); err != nil {
			return err
		}
	}
}

// revoke remembers that the network turned the account away.
func (e *env) revoke(ctx context.Context, p *process, cause error) {
	say := bots.AsError(cause).Say
	p.log.Warn("the network has revoked the account; stopped until its credentials change", "err", cause)
	p.recv.set(Halted, say, e.Now())
	e.halt(ctx, p, say)
}

// close ends an order that nobody can send.
func (e *env) close(ctx context.Context, msg bus.Msg[bus.Order], status db.Status, detail string) error {
	d, err := e.ledger(ctx, msg.Value)
	if errors.Is(err, db.ErrNotFound) {
		return e.stray(ctx, msg)
	}
	if err != nil {
		return fmt.Errorf("close order: %w", err)
	}
	if !d.Status.Final() {
		d.Status, d.Detail = status, detail
	}
	return e.finish(ctx, msg, d)
}
