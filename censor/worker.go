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
	"linienfunk/report"
)

// lanes is how many reports a worker judges at the same time. Reports of one city keep to one lane, and so in order.
const workers = 4

// again is the pause before a report is judged once more after the database or NATS failed.
const retryDelay = 2 * time.Second

// Worker takes reports from INTAKE, judges them, writes them into the ledger, and puts those that pass on RELAY once for each
// bot of their city. Any number of Workers may run on any number of nodes: they share nothing but the streams and
// the ledger.
type Worker struct {
	Bus   *bus.Bus
	DB    *db.DB
	Rules func(city string) (Rules, bool) // from memory
	Bots  func(city string) []string      // that the city has connected; from memory
	Log   *slog.Logger
	Now   func() time.Time
}

// Run works until ctx ends.
func (w *Worker) Run(ctx context.Context) error {
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
			w.Log.Error("cannot read reports; will try again", "err", err, "pause", retryDelay)
			sleep(ctx, retryDelay)
		}
	}
	for _, queue := range queues {
		close(queue)
	}
	running.Wait()
	return err
}

// handle acknowledges the report only when everything that follows from it is stored. Whatever breaks off before
// that is done again from the start, and finds what was stored already.
func (w *Worker) handle(ctx context.Context, msg bus.Msg[report.Report]) {
	err := w.process(ctx, msg.Value)
	if err == nil {
		err = msg.Ack(ctx)
	}
	if err == nil {
		return
	}
	w.Log.Error("cannot relay a report; will try again", "city", msg.Value.City, "bot", msg.Value.Bot, "err", err)
	delay := retryDelay
	if errors.Is(err, context.Canceled) {
		delay = 0
	}
	if err := msg.Requeue(delay); err != nil && ctx.Err() == nil {
		w.Log.Warn("cannot hand back a report", "err", err)
	}
}

// unknown drops a report for a city that is gone. One that this node has not heard of yet comes again.
func (w *Worker) handleUnknownCity(ctx context.Context, r report.Report) error {
	exists, err := w.DB.CityExists(ctx, r.City)
	if err != nil {
		return err
	}
	if exists {
		return fmt.Errorf("the settings of %s are not loaded", r.City)
	}
	w.Log.Warn("drop a report for a city that is gone", "city", r.City, "bot", r.Bot)
	return nil
}

func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
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
	if verdict.Passed && r.Spam != "" {
		verdict = report.Verdict{List: report.Spam, Rule: r.Spam}
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
	for _, delivery := range entry.Deliveries {
		if delivery.Status.Final() {
			continue
		}
		order := bus.Order{Report: r, Entry: entry.ID, Bot: delivery.Bot, Expire: expire}
		if err := w.Bus.PublishOrder(ctx, order); err != nil {
			return fmt.Errorf("for %s: %w", delivery.Bot, err)
		}
	}
	return w.DB.MarkRelayed(ctx, entry.ID)
}
