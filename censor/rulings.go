package censor

import (
	"context"
	"errors"
	"time"

	"linienfunk/db"
	"linienfunk/report"
	"linienfunk/transit/read"
)

// rule carries out what a moderator decides about a report in the ledger. What has become impossible meanwhile is left alone: the report was withdrawn, its text was deleted, or
// another moderator was faster.
func (w *Worker) rule(ctx context.Context, r report.Report) error {
	entry, err := w.DB.EntryByKey(ctx, r.Key())
	if errors.Is(err, db.ErrNotFound) {
		w.Log.Warn("dropping a ruling about a report that the ledger does not have", "city", r.City, "bot", r.Bot)
		return nil
	}
	if err != nil {
		return err
	}
	switch r.Ruling {
	case report.Release:
		return w.release(ctx, entry)
	case report.Refuse:
		return w.DB.RefuseHeld(ctx, entry.Key)
	case report.Mute, report.Unmute:
		return w.mute(ctx, entry, r)
	}
	w.Log.Error("dropping a ruling that this program does not know", "city", r.City, "bot", r.Bot, "ruling", string(r.Ruling))
	return nil
}

// release relays a report that was held, even if it says the same as another one: the moderator has seen it, and wants it out. One that is not fresh any more is released as well, and
// recorded as expired.
func (w *Worker) release(ctx context.Context, entry db.Entry) error {
	rules, ok := w.Rules(entry.City)
	if !ok {
		return w.checkDeleted(ctx, entry.Report())
	}
	if rules.Loading {
		return errReaderNotReady
	}
	j := db.Judged{Report: entry.Report(), Status: db.Queued, Zone: rules.Numbers}
	if rules.Active {
		j.Bots = w.Bots(entry.City)
	}
	limit := entry.At.Add(rules.Freshness)
	if !limit.After(w.Now()) {
		j.Status = db.Expired
	}
	if rules.Reader != nil {
		j.Report.Means = rules.Reader.Describe(rules.read(entry.Text, read.Context{}))
	}
	j.Verdict.Passed = true
	released, err := w.DB.ReleaseHeld(ctx, j)
	if err != nil {
		return err
	}
	if released.Passed {
		delete(w.recent.cities, entry.City) // the report is compared with the next ones
		w.publish(ctx, []db.Entry{released}, []db.Judged{{Report: released.Report()}}, []time.Time{limit})
	}
	return nil
}

// muted are authors whose reports are held, with the time when that ends.
type muted map[db.Author]time.Time

func readMuted(ctx context.Context, d *db.DB) (muted, error) {
	all, err := d.MutedAuthors(ctx)
	m := make(muted, len(all))
	for _, one := range all {
		m[db.Author{City: one.City, Author: one.Author}] = one.Until
	}
	return m, err
}

// mute holds the reports of an entry's author until the given time, or does so no longer. For a time beyond this day it needs the author's mark.
func (w *Worker) mute(ctx context.Context, entry db.Entry, r report.Report) error {
	if r.Ruling == report.Unmute {
		err := w.DB.Unmute(ctx, entry)
		w.recent.cities = nil // has begin read who is muted
		return err
	}
	m := db.Muted{City: entry.City, Author: entry.Author, Until: report.EndOfPseudonym(entry.At), Entry: entry.ID}
	if r.Until.After(m.Until) && entry.Mark != "" {
		m.Author, m.Until = entry.Mark, r.Until
	}
	if m.Author == "" || !m.Until.After(w.Now()) { // it was deleted meanwhile, or the network knows no authors
		return nil
	}
	err := w.DB.Mute(ctx, m)
	if err == nil {
		w.muted[db.Author{City: m.City, Author: m.Author}] = m.Until
	}
	return err
}

// holds reports whether the reports of an author, by a pseudonym or a mark, are held now.
func (m muted) holds(city, author string, now time.Time) bool {
	until, ok := m[db.Author{City: city, Author: author}]
	return ok && author != "" && now.Before(until)
}

// holdMuted holds the reports of authors who are muted.
func (w *Worker) holdMuted(judged []db.Judged) {
	if len(w.muted) == 0 {
		return
	}
	for i, j := range judged {
		r, now := j.Report, w.Now()
		if j.Verdict.Passed && (w.muted.holds(r.City, r.Author, now) || w.muted.holds(r.City, r.Mark, now)) {
			judged[i].Verdict, judged[i].Bots = report.Verdict{List: report.Muted}, nil
		}
	}
}
