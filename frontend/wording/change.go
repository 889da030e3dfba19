package wording

import (
	"net/http"
	"strings"
	"unicode/utf8"

	"linienfunk/report"
	"linienfunk/settings"
)

// shownChange is how a field differs between two documents, in words, for the template "change".
type Change struct {
	Title         string
	Before, After Value
	Lines         *Lines // of two lists; nil if it is something else
}

// shownValue is a field's value in words.
type Value struct {
	Text  string // may have several lines
	Short string // the beginning, if the text is long; else empty
}

// shownLines is what was added to a list and taken away.
type Lines struct {
	First, Rest []Line // Rest is folded away
	Reordered   bool   // only the order is another one
}

type Line struct {
	Added bool
	Text  string
}

// What is shown before the rest is folded away.
const (
	shownText  = 120 // characters
	shownCount = 12  // lines
)

func (w *Wording) Changes(r *http.Request, changes []settings.Change) []Change {
	var all []Change
	for _, c := range changes {
		if isEmpty(c.Before) && isEmpty(c.After) {
			continue // a text or list that was missing, and is there now, with nothing in it
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
	text := strings.TrimSpace(w.inWords(r, field, value))
	one := text
	if lines, ok := value.([]string); ok {
		one = strings.Join(lines, ", ")
	}
	if utf8.RuneCountInString(text) <= shownText && !strings.Contains(text, "\n") {
		return Value{Text: text}
	}
	return Value{Text: text, Short: report.Cut(strings.Join(strings.Fields(one), " "), shownText)}
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
	if len(all) > shownCount+1 { // one line more takes no more room than to say so
		shown.First, shown.Rest = all[:shownCount], all[shownCount:]
	}
	return shown
}
