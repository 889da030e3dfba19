package supervisor

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"linienfunk/bots"
	"linienfunk/bus"
	"linienfunk/db"
	"linienfunk/internal/observe"
	"linienfunk/report"
)

// Config is what a Supervisor needs.
type Config struct {
	Bus       *bus.Bus
	DB        *db.DB
	Directory *Directory
	Log       *slog.Logger
	Now       func() time.Time

	// Retention returns how long a city keeps texts; false for a deleted city. Cities lists all cities.
	Retention func(city string) (time.Duration, bool)
	Cities    func() []string

	// Freshness returns how old a city's reports may be when they are sent; false for a deleted city.
	Freshness func(city string) (time.Duration, bool)

	// NewestFirst reports whether, of the reports that wait for one network, a city wants the newest to be sent first; nil for never.
	NewestFirst func(city string) bool

	// Panics reports whether a city sends nothing now: what is queued waits; nil for never.
	Panics func(city string) bool

	// HideID returns a keyed digest of a report's key: printable ASCII without spaces, at most 128 bytes. It becomes the report's ID.
	HideID func(key string) string

	// Revoked is called when a network has revoked a city's account, once for each revision of the account; again if the program
	// crashes during the call.
	Revoked func(ctx context.Context, a bots.Account, s Status)

	// Lease shares the cities with other nodes; nil if this is the only one.
	Lease *Lease

	// Listens reports whether this node runs the Listener of a bot; nil if it runs all.
	Listens func(bots.Bot) bool

	// Observer receives what happens to reports; may be nil.
	Observer *observe.Observer

	// SendTime is the deadline of one call of Send or SendPage; a call that exceeds it by Grace counts as stuck. Zero means a minute
	// and five seconds.
	SendTime, Grace time.Duration
}

// env is shared by all workers.
type env struct {
	Config
	shards      shards
	revoking    sync.WaitGroup // workers whose account was revoked
	stopRevoked func(ctx context.Context, w *worker, say string)
}

func (e *env) newestFirst(city string) bool { return e.NewestFirst != nil && e.NewestFirst(city) }

func (e *env) panics(city string) bool { return e.Panics != nil && e.Panics(city) }

// storeReport implements bots.Out: it returns nil once REPORTS has stored the report, or the operator takes nothing from its author.
func (e *env) storeReport(ctx context.Context, city, bot string, r report.Report) error {
	if r.ID == "" {
		return errors.New("a report needs an id")
	}
	r.City, r.Bot = city, bot
	r.ID = e.HideID(r.Key())
	if r.Withdrawn != "" {
		return e.publish(ctx, report.Report{City: city, Bot: bot, ID: r.ID, Withdrawn: r.Withdrawn})
	}
	if r.Author == report.BlockedAuthor {
		e.Observer.Blocked(bot)
		return nil
	}
	r.Author, r.Mark = report.SplitAuthor(r.Author)
	r.Text = report.Clean(r.Text)
	if r.Text == "" && r.Dropped == "" {
		return nil
	}
	if now := e.Now(); r.At.IsZero() || r.At.After(now) {
		r.At = now
	}
	return e.publish(ctx, r)
}

// Publish stores a report, a withdrawal or a ruling that no bot has handed in: a page or a command did. It returns nil once REPORTS has stored it.
func (s *Supervisor) Publish(ctx context.Context, r report.Report) error {
	return s.env.publish(ctx, r)
}

// publish begins the way of a report, a withdrawal or a ruling.
func (e *env) publish(ctx context.Context, r report.Report) error {
	isReport := r.Withdrawn == "" && r.Ruling == ""
	if isReport {
		r.Received = e.Now()
	}
	var span observe.Span
	if e.Observer.Tracing() {
		ctx, span = e.Observer.Start(ctx, "receive", observe.City.String(r.City), observe.Network.String(r.Bot), observe.ReportKey.String(r.Key()))
		r.Trace = e.Observer.Carry(ctx)
	}
	err := e.Bus.PublishReport(ctx, r)
	span.End(err)
	if err == nil && isReport {
		e.Observer.Received(r.Bot)
	}
	return err
}
