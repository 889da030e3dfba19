package censor

import (
	"context"
	"time"

	"linienfunk/bus"
	"linienfunk/report"
)

// retractWindow is how long networks are asked to delete a withdrawn report. Unlike sending, that is never too late.
const retractWindow = 24 * time.Hour

// withdraw orders every bot that may have sent the report to delete it. A report without a verdict yet will not be relayed.
func (w *Worker) withdraw(ctx context.Context, r report.Report) error {
	until := w.Now().Add(retractWindow)
	entry, err := w.DB.Withdraw(ctx, r, until)
	if err != nil {
		return err
	}
	o := bus.Order{Entry: entry.ID, Report: r, Expire: until, Recall: true}
	for _, d := range entry.Deliveries {
		if d.RecallUntil != nil {
			o.Bots = append(o.Bots, d.Bot)
		}
	}
	if len(o.Bots) > 0 {
		w.order(ctx, o)
	}
	return nil
}
