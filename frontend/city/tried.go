package city

import (
	"slices"
	"strings"
	"time"

	"linienfunk/censor"
	"linienfunk/db"
	"linienfunk/report"
)

// tried is what lists that are not saved would do.
type tried struct {
	Works   bool        // the lists can be used
	Texts   []triedText // what was asked for
	Judged  int         // reports of the last day
	Newest  bool        // there were more
	Changed int         // have another verdict
	Entries []triedText // those, the newest
}

// triedText is a text and what decides about it.
type triedText struct {
	Text string
	Was  bool // it passed when it came in
	verdict
}

// verdict is the censor's decision, for the template "verdict".
type verdict struct {
	Passed     bool
	List, Rule string
	Line       int
}

func newVerdict(v report.Verdict) verdict { return verdict{v.Passed, string(v.List), v.Rule, v.Line} }

// newTried judges what was asked for, and the reports of the last day, newest first, as far as it comes in tryTime.
func newTried(filter *censor.Filter, form tryForm, entries []db.Entry, now func() time.Time) *tried {
	t := &tried{Works: true, Newest: len(entries) == tryMax}
	if text := report.Clean(form.Text); text != "" {
		t.Texts = append(t.Texts, triedText{Text: text, verdict: newVerdict(filter.Evaluate(text))})
	}
	chosen := slices.IndexFunc(entries, func(e db.Entry) bool { return e.ID == form.Report })
	if chosen >= 0 {
		text := entries[chosen].Text
		t.Texts = append(t.Texts, triedText{Text: text, verdict: newVerdict(filter.Evaluate(text))})
	}
	for late := now().Add(tryTime); t.Judged < len(entries); t.Judged++ {
		if now().After(late) {
			t.Newest = true
			break
		}
		e := entries[t.Judged]
		got := newVerdict(filter.Evaluate(e.Text))
		if got.Passed == e.Passed {
			continue
		}
		if t.Changed++; t.Changed <= tryShown {
			t.Entries = append(t.Entries, triedText{strings.TrimSpace(e.Text), e.Passed, got})
		}
	}
	return t
}
