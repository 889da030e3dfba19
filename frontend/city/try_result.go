package city

import (
	"slices"
	"strings"
	"time"

	"linienfunk/censor"
	"linienfunk/db"
	"linienfunk/report"
	"linienfunk/transit/read"
)

// tried is the effect of lists that are not saved.
type tried struct {
	Works   bool        // the lists are valid
	Texts   []triedText // the text and the report in the form
	Judged  int         // reports that were evaluated
	Newest  bool        // not all reports of the last day were evaluated
	Changed int         // reports whose verdict changes
	Entries []triedText // the newest of those
}

// triedText is a text with its verdict.
type triedText struct {
	Text string
	Was  bool // it passed when it was received
	verdict
}

// verdict is the data of the template "verdict".
type verdict struct {
	Passed     bool
	List, Rule string
	Line       int
}

// verdictOn evaluates a text by itself, whatever other reports of that time were about.
func verdictOn(rules censor.Rules, text string) verdict {
	v, _ := rules.Evaluate(text, read.Context{})
	return newVerdict(v)
}

func newVerdict(v report.Verdict) verdict { return verdict{v.Passed, string(v.List), v.Rule, v.Line} }

// evaluate evaluates the text and the report in the form, and the reports of the last day, newest first, for at most limit.
func evaluate(rules censor.Rules, form tryForm, entries []db.Entry, now func() time.Time, limit time.Duration) *tried {
	t := &tried{Works: true, Newest: len(entries) == tryMax}
	if text := report.Clean(form.Text); text != "" {
		t.Texts = append(t.Texts, triedText{Text: text, verdict: verdictOn(rules, text)})
	}
	chosen := slices.IndexFunc(entries, func(e db.Entry) bool { return e.ID == form.Report })
	if chosen >= 0 {
		text := entries[chosen].Text
		t.Texts = append(t.Texts, triedText{Text: text, verdict: verdictOn(rules, text)})
	}
	for late := now().Add(limit); t.Judged < len(entries); t.Judged++ {
		if now().After(late) {
			t.Newest = true
			break
		}
		e := entries[t.Judged]
		got := verdictOn(rules, e.Text)
		if got.Passed == e.Passed {
			continue
		}
		if t.Changed++; t.Changed <= tryShown {
			t.Entries = append(t.Entries, triedText{strings.TrimSpace(e.Text), e.Passed, got})
		}
	}
	return t
}
