package censor

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"linienfunk/db"
	"linienfunk/report"
)

// authorLimit is how many reports of one author a city relays within authorWindow. More are held: nobody sees that many inspectors, and
// each would be a post and a mail to every subscriber.
const (
	authorLimit  = 10
	authorWindow = 10 * time.Minute
)

// limitAuthors holds the reports of authors who have sent too many.
func (w *Worker) limitAuthors(ctx context.Context, judged []db.Judged) error {
	var authors []string
	for _, j := range judged {
		if j.Verdict.Passed && j.Report.Author != "" {
			authors = append(authors, j.Report.Author)
		}
	}
	if len(authors) == 0 {
		return nil
	}
	passed, err := w.DB.CountPassed(ctx, authors, w.Now().Add(-authorWindow))
	if err != nil {
		return err
	}
	if holdTooMany(slices.Clone(judged), maps.Clone(passed), nil) == 0 {
		return nil
	}
	// Repetitions do not count: the stream delivers again what was judged before a crash.
	known, err := w.DB.Known(ctx, judged)
	if err == nil {
		holdTooMany(judged, passed, known)
	}
	return err
}

// holdTooMany holds the reports of authors of whom authorLimit have passed, and returns their number. It counts on in passed, and leaves out
// those with a known key.
func holdTooMany(judged []db.Judged, passed map[db.Author]int, known map[string]bool) (held int) {
	seen := map[string]bool{}
	for i, j := range judged {
		author, key := db.Author{City: j.Report.City, Author: j.Report.Author}, j.Report.Key()
		switch {
		case !j.Verdict.Passed || author.Author == "" || known[key] || seen[key]:
		case passed[author] >= authorLimit:
			judged[i].Verdict = report.Verdict{List: report.Limit, Rule: fmt.Sprintf("%d / %.0f min", authorLimit, authorWindow.Minutes())}
			judged[i].Bots = nil
			held++
		default:
			passed[author]++
		}
		seen[key] = true
	}
	return held
}
