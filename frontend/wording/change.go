package wording

import (
	"net/http"
	"strings"
	"unicode/utf8"

	"linienfunk/report"
	"linienfunk/settings"
)

// Change describes how a field differs between two documents. It is the data of the template "change".
type Change struct {
	Title         string
	Before, After Value
	Lines         *Lines // for a list, else nil
}

// Value describes a field's value.
type Value struct {
	Text  string // may have several lines
	Short string // the beginning of a long text, else empty
}

// Lines are the lines added to a list and removed from it.
type Lines struct {
	First, Rest []Line // Rest is folded
	Reordered   bool   // nothing but the order has changed
}

type Line struct {
	Added bool
	Text  string
}

// More than this is folded.
const (
	foldText  = 120 // characters
	foldLines = 12  // lines
)

func (w *Wording) Changes(r *http.Request, changes []settings.Change) []Change {
	var all []Change
	for _, c := range changes {
		if isEmpty(c.Before) && isEmpty(c.After) {
			continue // an empty text or list was added
		}
		all = append(all, w.Change(r, c))
	}
	return all
}

func isEmpty(value any) bool {
	list, isList := value.([]string)
	return value == nil || value == "" || isList && len(list) == 0
}

func (w *Wording) Change(r *http.Request, c settings.Change) Change {
	shown := Change{Title: w.Title(r, c.Field), Before: w.Value(r, c.Field, c.Before), After: w.Value(r, c.Field, c.After)}
	if c.Lines {
		shown.Lines = newLines(c.Added, c.Removed)
	}
	return shown
}

func (w *Wording) Value(r *http.Request, field string, value any) Value {
	text := strings.TrimSpace(w.format(r, field, value))
	one := text
	if lines, ok := value.([]string); ok {
		one = strings.Join(lines, ", ")
	}
	if utf8.RuneCountInString(text) <= foldText && !strings.Contains(text, "\n") {
		return Value{Text: text}
	}
	return Value{Text: text, Short: report.Cut(strings.Join(strings.Fields(one), " "), foldText)}
}

func newLines(added, removed []string) *Lines {
	var all []Line
	for _, line := range removed {
		all = append(all, Line{false, line})
	}
	for _, line := range added {
		all = append(all, Line{true, line})
	}
	shown := &Lines{First: all, Reordered: len(all) == 0}
	if len(all) > foldLines+1 { // one more line takes as much room as the summary of one line
		shown.First, shown.Rest = all[:foldLines], all[foldLines:]
	}
	return shown
}
