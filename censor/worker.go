package censor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"linienfunk/bus"
	"linienfunk/db"
	"linienfunk/internal/wait"
	"linienfunk/report"
)

// workers is the number of reports that a Worker processes at the same time. A city's reports always go to the same goroutine, which
// keeps their order.
const workers = 4

// authorLimit is how many reports of one author a city relays within authorWindow. More are held: nobody sees that many inspectors, and
// each would be a post and a mail to every subscriber.
const (
	authorLimit  = 10
	authorWindow = 10 * time.Minute
)

// retryDelay is the delay before a report is processed again after an error of the database or of NATS, triesInPlace how often it is
// tried before others are.
const (
	retryDelay   = 2 * time.Second
	triesInPlace = 5
)

// Worker evaluates the reports in INTAKE, writes them into the ledger, and publishes an order to RELAY for each bot of the city
// if a report passes. Any number of Workers may run on any number of nodes: they share only the streams and
// the ledger.
type Worker struct {
	Bus   *bus.Bus
	DB    *db.DB
	Rules func(city string) (Rules, bool) // false for an unknown city; must not block
	Bots  func(city string) []string      // the bots that the city has connected; must not block
	Log   *slog.Logger
	Now   func() time.Time
}

// Run works until ctx ends.
func (w *Worker) Run(ctx context.Context) error {
	if err := w.restoreOrders(ctx); err != nil && ctx.Err() == nil {
		w.Log.Error("cannot check the orders of reports that wait to be sent", "err", err)
	}
	var running sync.WaitGroup
	var queues [workers]chan bus.Msg[report.Report]
	for i := range queues {
		queues[i] = make(chan bus.Msg[report.Report])
		running.Go(func() {
			for msg := range queues[i] {
				w.handle(ctx, msg)
			}
		})
	}
	var err error
	for ctx.Err() == nil {
		err = w.Bus.ConsumeReports(ctx, func(msg bus.Msg[report.Report]) {
			queues[w.Bus.Shard(msg.Value.City)%workers] <- msg
		})
		if ctx.Err() == nil {
			w.Log.Error("cannot consume reports; will retry", "err", err, "delay", retryDelay)
			wait.For(ctx, retryDelay)
		}
	}
	for _, queue := range queues {
		close(queue)
	}
	running.Wait()
	return err
}

// handle acknowledges the report once everything that follows from it is stored. After a failure the report is processed again from
// the start, which finds what is stored already: a few times here, so that no later report of the city overtakes it, and then after others,
// because it might be this report that cannot be stored.
func (w *Worker) handle(ctx context.Context, msg bus.Msg[report.Report]) {
	for try := 1; ; try++ {
		err := w.process(ctx, msg.Value)
		if err == nil {
			err = msg.Ack(ctx)
		}
		if err == nil {
			return
		}
		if ctx.Err() != nil { // whoever runs next processes it
			w.requeue(ctx, msg, 0)
			return
		}
		w.Log.Error("cannot process a report; will retry", "city", msg.Value.City, "bot", msg.Value.Bot, "err", err)
		if try == triesInPlace || errors.Is(err, errNotLoaded) {
			w.requeue(ctx, msg, retryDelay)
			return
		}
		wait.For(ctx, retryDelay)
		if err := msg.InProgress(); err != nil && ctx.Err() == nil {
			w.Log.Warn("cannot keep a report; it is redelivered later", "err", err)
		}
	}
}

func (w *Worker) requeue(ctx context.Context, msg bus.Msg[report.Report], delay time.Duration) {
	if err := msg.Requeue(delay); err != nil && ctx.Err() == nil {
		w.Log.Warn("cannot requeue a report; it is redelivered later", "err", err)
	}
}

// errNotLoaded is returned for a city whose settings this node has not loaded yet.
var errNotLoaded = errors.New("the city's settings are not loaded")

// handleUnknownCity drops a report for a city that was deleted. If the city exists, its settings are not loaded here yet, and the
// error makes the report be delivered again.
func (w *Worker) handleUnknownCity(ctx context.Context, r report.Report) error {
	exists, err := w.DB.CityExists(ctx, r.City)
	if err != nil {
		return err
	}
	if exists {
		return errNotLoaded
	}
	w.Log.Warn("dropping a report for a deleted city", "city", r.City, "bot", r.Bot)
	return nil
}

func (w *Worker) process(ctx context.Context, r report.Report) error {
	rules, ok := w.Rules(r.City)
	if !ok {
		return w.handleUnknownCity(ctx, r)
	}
	if r.Withdrawn != "" {
		return w.withdraw(ctx, r)
	}
	verdict := rules.Filter.Evaluate(r.Text)
	switch {
	case r.Dropped != "":
		verdict = report.Verdict{List: report.Dropped, Rule: r.Dropped}
	case verdict.Passed && r.Spam != "":
		verdict = report.Verdict{List: report.Spam, Rule: r.Spam}
	case verdict.Passed && r.Author != "":
		passed, err := w.DB.CountPassed(ctx, r.City, r.Author, w.Now().Add(-authorWindow))
		if err != nil {
			return err
		}
		if passed >= authorLimit {
			verdict = report.Verdict{List: report.Limit, Rule: fmt.Sprintf("%d / %.0f min", authorLimit, authorWindow.Minutes())}
		}
	}
	expire := r.At.Add(rules.Freshness)
	status := db.Queued
	if !expire.After(w.Now()) {
		status = db.Expired
	}
	var targets []string
	if verdict.Passed && rules.Active {
		targets = w.Bots(r.City)
	}
	entry, err := w.DB.Record(ctx, r, verdict, status, targets)
	if err != nil {
		return err
	}
	if entry.Relayed || entry.Withdrawn != "" {
		return nil
	}
	if err := w.publishOrders(ctx, entry, expire); err != nil {
		return err
	}
	return w.DB.MarkRelayed(ctx, entry.ID)
}

// publishOrders publishes the orders of an entry's open deliveries.
func (w *Worker) publishOrders(ctx context.Context, entry db.Entry, expire time.Time) error {
	for _, delivery := range entry.Deliveries {
		if delivery.Status.Final() {
			continue
		}
		order := bus.Order{City: entry.City, Entry: entry.ID, Key: entry.Key, Bot: delivery.Bot, Expire: expire}
		if err := w.Bus.PublishOrder(ctx, order); err != nil {
			return fmt.Errorf("for %s: %w", delivery.Bot, err)
		}
	}
	return nil
}

// restoreWindow is the longest freshness that a city can set.
const restoreWindow = 24 * time.Hour

// restoreOrders publishes the orders of all reports that wait to be sent once more. nats-server cuts damaged files of a stream off without a
// word, and the ledger knows what was in them. Orders that are still there are repetitions, which RELAY or the ledger recognises.
func (w *Worker) restoreOrders(ctx context.Context) error {
	waiting, err := w.DB.Waiting(ctx, w.Now().Add(-min(restoreWindow, w.Bus.RepeatWindow())))
	if err != nil {
		return err
	}
	for _, entry := range waiting {
		rules, ok := w.Rules(entry.City)
		if !ok {
			continue // the city was deleted, or its settings are not loaded yet
		}
		if err := w.publishOrders(ctx, entry, entry.At.Add(rules.Freshness)); err != nil {
			return err
		}
	}
	return nil
}
