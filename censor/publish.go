package censor

import (
	"context"
	"maps"
	"slices"
	"time"

	"linienfunk/bus"
	"linienfunk/db"
	"linienfunk/report"
)

// publish announces the deliveries that are due. A supervisor that misses an order finds it in the ledger.
func (w *Worker) publish(ctx context.Context, entries []db.Entry, judged []db.Judged, expire []time.Time) {
	for i, e := range entries {
		o := bus.Order{Entry: e.ID, Report: judged[i].Report, Expire: expire[i], Known: e.Known}
		for _, d := range e.Deliveries {
			if !d.Status.Final() && e.Withdrawn == "" {
				o.Bots = append(o.Bots, d.Bot)
			}
		}
		if len(o.Bots) > 0 {
			w.order(ctx, o)
		}
	}
}

// publishEdits announces the posts that are to be edited because of an entry.
func (w *Worker) publishEdits(ctx context.Context, e db.Entry) {
	orders := map[uint]*bus.Order{}
	for _, d := range e.Edits {
		if orders[d.EntryID] == nil {
			orders[d.EntryID] = &bus.Order{Entry: d.EntryID, Report: report.Report{City: e.City}, Expire: *d.EditUntil, Edit: true}
		}
		orders[d.EntryID].Bots = append(orders[d.EntryID].Bots, d.Bot)
	}
	for _, id := range slices.Sorted(maps.Keys(orders)) {
		w.order(ctx, *orders[id])
	}
}

func (w *Worker) order(ctx context.Context, o bus.Order) {
	if err := w.Bus.PublishOrder(o); err != nil && ctx.Err() == nil {
		w.Log.Warn("cannot publish an order; it will be late", "city", o.Report.City, "entry", o.Entry, "err", err)
	}
}
