package frontend

import (
	"net/http"
	"strings"
	"unicode/utf8"

	"linienfunk/report"
	"linienfunk/settings"
)

// shownChange is how a field differs between two documents, in words, for the template "change".
type shownChange struct {
	Title         string
	Before, After shownValue
	Lines         *shownLines // of two lists; nil if it is something else
}

// shownValue is a field's value in words.
type shownValue struct {
	Text  string // may have several lines
	Short string // the beginning, if the text is long; else empty
}

// shownLines is what was added to a list and taken away.
type shownLines struct {
	First, Rest []shownLine // Rest is folded away
	Reordered   bool        // only the order is another one
}

type shownLine struct {
	Added bool
	Text  string
}

// What is shown before the rest is folded away.
const (
	shownText  = 120 // characters
	shownCount = 12  // lines
)

func (f *Frontend) shownChanges(r *http.Request, changes []settings.Change) []shownChange {
	var all []shownChange
	for _, c := range changes {
		if isEmpty(c.Before) && isEmpty(c.After) {
			continue // a text or list that was missing, and is there now, with nothing in it
		}
		all = append(all, f.shownChange(r, c))
	}
	return all
}

func isEmpty(value any) bool {
	list, isList := value.([]string)
	return value == nil || value == "" || isList && len(list) == 0
}

func (f *Frontend) shownChange(r *http.Request, c settings.Change) shownChange {
	shown := shownChange{Title: f.fieldTitle(r, c.Field), Before: f.shownValue(r, c.Field, c.Before), After: f.shownValue(r, c.Field, c.After)}
	if c.Lines {
		shown.Lines = newShownLines(c.Added, c.Removed)
	}
	return shown
}

func (f *Frontend) shownValue(r *http.Request, field string, value any) shownValue {
	text := strings.TrimSpace(f.value(r, field, value))
	one := text
	if lines, ok := value.([]string); ok {
		one = strings.Join(lines, ", ")
	}
	if utf8.RuneCountInString(text) <= shownText && !strings.Contains(text, "\n") {
		return shownValue{Text: text}
	}
	return shownValue{Text: text, Short: report.Cut(strings.Join(strings.Fields(one), " "), shownText)}
}

func newShownLines(added, removed []string) *shownLines {
	var all []shownLine
	for _, line := range removed {
		all = append(all, shownLine{false, line})
	}
	for _, line := range added {
		all = append(all, shownLine{true, line})
	}
	shown := &shownLines{First: all, Reordered: len(all) == 0}
	if len(all) > shownCount+1 { // one line more takes no more room than to say so
		shown.First, shown.Rest = all[:shownCount], all[shownCount:]
	}
	return shown
}
