package censor

import (
	"context"
	"fmt"
	"time"

	"linienfunk/bus"
	"linienfunk/db"
	"linienfunk/report"
)

// retractWindow is how long networks are asked to delete a withdrawn report. Unlike sending, that is never too late.
const retractWindow = 24 * time.Hour

// withdraw orders every bot that may have sent the report to retract it. A report without a verdict yet will not be relayed.
func (w *Worker) withdraw(ctx context.Context, r report.Report) error {
	entry, err := w.DB.Withdraw(ctx, r)
	if err != nil {
		return err
	}
	for _, delivery := range entry.Deliveries {
		if delivery.Status.Final() && delivery.Status != db.Sent {
			continue
		}
		order := bus.Order{
			City: r.City, Entry: entry.ID, Key: entry.Key, Bot: delivery.Bot, Expire: w.Now().Add(retractWindow), Retract: true,
		}
		if err := w.Bus.PublishOrder(ctx, order); err != nil {
			return fmt.Errorf("for %s: %w", delivery.Bot, err)
		}
	}
	return nil
}
