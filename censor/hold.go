package censor

import (
	"context"
	"regexp"
	"time"

	"linienfunk/db"
	"linienfunk/report"
)

// Hold says which of the reports that pass the lists are held until a moderator has seen them.
type Hold struct {
	Panic bool // all: nothing is sent
	All   bool // all
	Links bool // those with a link
	New   bool // those of authors of whom none has passed on this day (UTC) and was not taken back, and of those who are not known
	Many  int  // those of authors of whom so many have passed within manyWindow; 0 for none
}

const manyWindow = time.Hour

// link finds an address of the web as people write it: with its scheme, with www, or a domain with a path.
var link = regexp.MustCompile(`(?i)\b(https?://|www\.)[^\s/]|\b[a-z0-9-]+(\.[a-z0-9-]+)*\.[a-z]{2,}/[^\s]`)

// byText returns the rule that holds a report, whoever wrote it; "" if none does.
func (h Hold) byText(text string) string {
	switch {
	case h.Panic:
		return report.HoldPanic
	case h.All:
		return report.HoldAll
	case h.Links && link.MatchString(text):
		return report.HoldLink
	}
	return ""
}

// holdByAuthor holds reports by the rules New and Many. all are the rules of the reports' cities.
func (w *Worker) holdByAuthor(ctx context.Context, judged []db.Judged, all []Rules) error {
	var fresh, many []string // the authors who are looked up
	for i, j := range judged {
		if !j.Verdict.Passed {
			continue
		}
		switch rules := all[i].Hold; {
		case rules.New && j.Report.Author == "":
			hold(&judged[i], report.HoldNew)
			continue
		case rules.New:
			fresh = append(fresh, j.Report.Author)
		}
		if all[i].Hold.Many > 0 && j.Report.Author != "" {
			many = append(many, j.Report.Author)
		}
	}
	now := w.Now()
	today, err := w.DB.CountStanding(ctx, fresh, now.UTC().Truncate(24*time.Hour))
	if err != nil {
		return err
	}
	lately, err := w.DB.CountPassed(ctx, many, now.Add(-manyWindow))
	if err != nil {
		return err
	}
	for i, j := range judged {
		author := db.Author{City: j.Report.City, Author: j.Report.Author}
		switch rules := all[i].Hold; {
		case !j.Verdict.Passed || author.Author == "":
		case rules.New && today[author] == 0:
			hold(&judged[i], report.HoldNew)
		case rules.Many > 0 && lately[author] >= rules.Many:
			hold(&judged[i], report.HoldMany)
		case rules.Many > 0:
			lately[author]++
		}
	}
	return nil
}

// hold has a moderator decide about a report that has passed the lists.
func hold(j *db.Judged, rule string) {
	j.Verdict, j.Bots = report.Verdict{List: report.Hold, Rule: rule}, nil
}
