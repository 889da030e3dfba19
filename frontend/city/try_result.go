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
	Newest  bool        // not all reports of the last days were evaluated
	Before  measured    // as they were judged
	Now     measured    // with the lists
	Changed int         // reports whose verdict changes
	Entries []triedText // the newest of those
}

// measured counts reports by what lists do with them, and those among them that name a line, a stop or a direction.
type measured struct{ Passed, Held, PlacesPassed, PlacesHeld int }

func (m *measured) add(passed, place bool) {
	one := func(is bool) int {
		if is {
			return 1
		}
		return 0
	}
	m.Passed += one(passed)
	m.Held += one(!passed)
	m.PlacesPassed += one(passed && place)
	m.PlacesHeld += one(!passed && place)
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

// place reports whether a text names a line, a stop or a direction.
func place(rules censor.Rules, text string) bool {
	if rules.Reader == nil {
		return false
	}
	said := censor.SaidBy(rules.Reader.Read(text, read.Context{}))
	return said.Line || said.Stop || said.Direction
}

// verdictOn evaluates a text by itself, whatever other reports of that time were about.
func verdictOn(rules censor.Rules, text string) verdict {
	v, _ := rules.Evaluate(text, read.Context{})
	return newVerdict(v)
}

func newVerdict(v report.Verdict) verdict { return verdict{v.Passed, string(v.List), v.Rule, v.Line} }

// evaluate evaluates the text and the report in the form, and the reports of the last days, newest first, for at most limit.
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
		got, where := verdictOn(rules, e.Text), place(rules, e.Text)
		t.Before.add(e.Passed, where)
		t.Now.add(got.Passed, where)
		if got.Passed == e.Passed {
			continue
		}
		if t.Changed++; t.Changed <= tryShown {
			t.Entries = append(t.Entries, triedText{strings.TrimSpace(e.Text), e.Passed, got})
		}
	}
	return t
}
