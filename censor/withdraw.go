package censor

import (
	"context"
	"fmt"
	"time"

	"linienfunk/bus"
	"linienfunk/db"
	"linienfunk/report"
)

// retractTime is how long the networks are asked to take back what was withdrawn. Unlike a report, that is never too late.
const retractWindow = 24 * time.Hour

// withdraw takes a report back wherever it went. One that has not been judged yet will go nowhere.
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
			Report: report.Report{City: r.City, Bot: r.Bot, ID: r.ID, Withdrawn: r.Withdrawn},
			Entry:  entry.ID, Bot: delivery.Bot, Expire: w.Now().Add(retractWindow), Retract: true,
		}
		if err := w.Bus.PublishOrder(ctx, order); err != nil {
			return fmt.Errorf("for %s: %w", delivery.Bot, err)
		}
	}
	return nil
}
