package censor

import (
	"context"

	"linienfunk/db"
	"linienfunk/internal/observe"
	"linienfunk/report"
)

// note has the verdicts observed that are new.
func (w *Worker) note(entries []db.Entry) {
	for _, e := range entries {
		switch {
		case e.Known:
			continue
		case e.Passed:
			w.Observer.Passed(e.Bot)
		default:
			w.Observer.Held(e.Bot, e.List)
		}
		for _, d := range e.Deliveries {
			if d.Status.Final() { // the report has expired
				w.Observer.Ended(d.Bot, string(d.Status), 1)
			}
		}
	}
}

// follow starts a step in the trace of each report; none if the operator wants no traces. The statements of all of them are in the trace of the first.
func (w *Worker) follow(ctx context.Context, name string, list ...report.Report) (context.Context, []observe.Span) {
	if !w.Observer.Tracing() {
		return ctx, nil
	}
	first, steps := ctx, make([]observe.Span, len(list))
	for i, r := range list {
		in, step := w.Observer.Follow(ctx, r.Trace, name, observe.City.String(r.City), observe.ReportKey.String(r.Key()))
		if steps[i] = step; first == ctx {
			first = in
		}
	}
	return first, steps
}

func end(steps []observe.Span, err error) {
	for _, step := range steps {
		step.End(err)
	}
}

// endRecord ends the steps of entries with their verdicts.
func endRecord(steps []observe.Span, entries []db.Entry, err error) {
	for i, step := range steps {
		switch {
		case err != nil:
		case entries[i].Passed:
			step.Set(observe.Verdict, "passed")
		default:
			step.Set(observe.Verdict, entries[i].List)
		}
		step.End(err)
	}
}

// values returns the reports of messages.
func values(part []message) (list []report.Report) {
	for _, msg := range part {
		list = append(list, msg.Value)
	}
	return list
}

// reports returns the reports that were judged.
func reports(judged []db.Judged) (list []report.Report) {
	for _, j := range judged {
		list = append(list, j.Report)
	}
	return list
}
