package censor

import (
	"context"
	"errors"
	"time"

	"linienfunk/bus"
	"linienfunk/db"
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
	delete(w.recent.cities, r.City)
	if err := w.withdrawCopy(ctx, r, entry); err != nil {
		return err
	}
	w.publishEdits(ctx, entry)
	if err := w.replace(ctx, entry); err != nil {
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

// replace relays a report that confirmed one which its author has withdrawn: others have seen the same, or the author has said it again. What an admin withdraws is wrong, whoever
// says it.
func (w *Worker) replace(ctx context.Context, withdrawn db.Entry) error {
	if withdrawn.About != "" || withdrawn.EndedAt != nil || withdrawn.Withdrawn != string(report.ByAuthor) {
		return nil
	}
	rules, ok := w.Rules(withdrawn.City)
	if !ok || !rules.Active {
		return nil
	}
	next, err := w.DB.Replace(ctx, withdrawn, w.Now().Add(-rules.Freshness), w.Bots(withdrawn.City))
	if errors.Is(err, db.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	r := next.Report()
	w.publish(ctx, []db.Entry{next}, []db.Judged{{Report: r}}, []time.Time{r.At.Add(rules.Freshness)})
	return nil
}

// withdrawCopy withdraws what was relayed in the place of a report that riders had objected to: see db.DB.ReleaseHeld.
func (w *Worker) withdrawCopy(ctx context.Context, r report.Report, entry db.Entry) error {
	if entry.Ruling != string(report.Release) || r.Withdrawn == report.ByFlags {
		return nil
	}
	released, err := w.DB.EntryByKey(ctx, entry.ReleasedKey())
	if errors.Is(err, db.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return w.withdraw(ctx, released.Withdrawal(r.Withdrawn))
}
