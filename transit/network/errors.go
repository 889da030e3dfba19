package network

import (
	"fmt"
	"strings"
)

// Problem is what is wrong with a feed, for texts in other languages.
type Problem string

const (
	NotAZip          Problem = "not-a-zip"
	Damaged          Problem = "damaged"
	TooLarge         Problem = "too-large" // a zip bomb, or more than a limit of this package
	TwoFeeds         Problem = "two-feeds"
	MissingFile      Problem = "missing-file"
	MissingColumn    Problem = "missing-column"
	MissingValue     Problem = "missing-value"
	BadValue         Problem = "bad-value"
	BadRow           Problem = "bad-row" // not comma-separated values in UTF-8
	UnknownReference Problem = "unknown-reference"
	NothingLeft      Problem = "nothing-left" // by the filters
)

// FeedError says where a feed is wrong, and what would be right.
type FeedError struct {
	Problem Problem
	File    string // within the zip; empty if it is the zip itself
	Line    int    // 1 is the header; 0 if no line is to blame
	Field   string // name of the column
	Value   string // what stands there, shortened
	Want    string // in English
}

// Error is one sentence: `stop_times.txt, line 12, stop_sequence: "x" is not a whole number from 0 up`.
func (e *FeedError) Error() string {
	var place []string
	if e.File != "" {
		place = append(place, e.File)
	}
	if e.Line > 0 {
		place = append(place, fmt.Sprintf("line %d", e.Line))
	}
	if e.Field != "" {
		place = append(place, e.Field)
	}
	text := e.Want
	if e.Value != "" {
		text = fmt.Sprintf("%q %s", e.Value, text)
	}
	if len(place) == 0 {
		return text
	}
	return strings.Join(place, ", ") + ": " + text
}

// maxQuoted is how much of a wrong value an error shows, in bytes.
const maxQuoted = 60

func quoted(value string) string {
	if len(value) > maxQuoted {
		value = strings.ToValidUTF8(value[:maxQuoted], "") + "…"
	}
	return value
}
