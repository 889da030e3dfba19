package app

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"linienfunk/internal/observe"
)

// openObserver opens the port for metrics, and begins to send traces, if the operator wants that.
func (p *Program) openObserver(ctx context.Context) (err error) {
	c := p.config
	if c.Metrics.Listen == "" && c.Traces.URL == "" {
		return nil
	}
	p.observer = observe.New(version())
	if c.Traces.URL != "" {
		to := observe.Traces{URL: c.Traces.URL, Percent: c.Traces.Percent, Log: p.log.With("part", "traces")}
		if err := p.observer.SendTraces(ctx, to); err != nil {
			return err
		}
		p.onClose(p.observer.Close)
	}
	if c.Metrics.Listen == "" {
		return nil
	}
	if p.metrics, err = bind("metrics.listen", c.Metrics.Listen); err == nil {
		p.onClose(func() error { p.metrics.Close(); return nil }) // serveMetrics may have closed it
	}
	return err
}

// MetricsURL is the address of the metrics' server on this machine, or empty without one.
func (p *Program) MetricsURL() string {
	if p.metrics == nil {
		return ""
	}
	return localURL(p.metrics.Addr().String())
}

// addSources adds the gauges that are looked up for each scrape.
func (p *Program) addSources() {
	p.observer.AddSource("ledger", p.readQueues)
	p.observer.AddSource("broker", p.readIntake)
	p.observer.AddSource("accounts", p.readAccounts)
}

func (p *Program) readQueues(ctx context.Context, set observe.Set) error {
	list, err := p.db.Waiting(ctx)
	if err != nil {
		return err
	}
	waits := map[string]bool{}
	for _, w := range list {
		waits[w.Bot] = true
		set(observe.QueueDeliveries, float64(w.Deliveries), w.Bot)
		set(observe.QueueOldest, p.since(w.Oldest), w.Bot)
	}
	for _, member := range p.directory.Members() {
		if !waits[member.Name] {
			set(observe.QueueDeliveries, 0, member.Name)
			set(observe.QueueOldest, 0, member.Name)
		}
	}
	return nil
}

func (p *Program) readIntake(ctx context.Context, set observe.Set) error {
	messages, oldest, err := p.bus.Unjudged(ctx)
	if err != nil {
		return err
	}
	set(observe.IntakeMessages, float64(messages))
	set(observe.IntakeOldest, p.since(oldest))
	return nil
}

func (p *Program) readAccounts(_ context.Context, set observe.Set) error {
	for network, states := range p.supervisor.CountAccounts() {
		for state, accounts := range states {
			set(observe.Accounts, float64(accounts), network, string(state))
		}
		if end, ok := p.directory.AccessEnds(network); ok {
			set(observe.AccessEnds, float64(end.Unix()), network)
		}
	}
	return nil
}

// since returns how many seconds ago something was; 0 for the zero time, and for a clock that is ahead.
func (p *Program) since(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return max(p.now().Sub(t), 0).Seconds()
}

// serveMetrics serves the metrics until ctx ends. Scrapes that run then are cut off: nobody misses them.
func (p *Program) serveMetrics(ctx context.Context) error {
	const scrapeTime = 30 * time.Second
	server := &http.Server{Handler: p.observer.MetricsHandler(), ReadTimeout: scrapeTime, WriteTimeout: scrapeTime, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 64 << 10, ErrorLog: slog.NewLogLogger(p.log.Handler(), slog.LevelDebug)}
	defer context.AfterFunc(ctx, func() { server.Close() })()
	err := server.Serve(p.metrics)
	if errors.Is(err, http.ErrServerClosed) && ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}
