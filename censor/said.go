package censor

import (
	"slices"
	"strings"

	"linienfunk/transit/read"
)

// Said is what a report says, as package read found it, for entries such as @line.
type Said struct {
	Line      bool // a line was named, not inferred from a stop; in a city without a network, what looks like one
	Stop      bool // also a name that several stops have
	Direction bool
	Kind      read.Kind
}

// SaidBy returns what a reading found.
func SaidBy(r read.Reading) Said {
	return Said{
		Line:      len(r.Lines) > 0 && !r.Inferred || len(r.Shapes) > 0,
		Stop:      len(r.Stops)+len(r.Open) > 0,
		Direction: len(r.Directions) > 0,
		Kind:      r.Kind,
	}
}

// meaning is one of the things that an entry with an @ stands for.
type meaning byte

const (
	aLine meaning = iota
	aStop
	aDirection
	inspectors
	police
	disruption
	gone
	question
	meanings // their number
)

var meaningNames = [meanings]string{"line", "stop", "direction", "inspectors", "police", "disruption", "gone", "question"}

// Meanings lists the entries that stand for what a report says: "@line", "@stop" and so on.
func Meanings() (list []string) {
	for _, name := range meaningNames {
		list = append(list, "@"+name)
	}
	return list
}

// meanings returns what was said as a set, one bit for each meaning.
func (s Said) meanings() (set uint16) {
	for m, is := range [meanings]bool{
		aLine: s.Line, aStop: s.Stop, aDirection: s.Direction,
		inspectors: s.Kind == read.Inspectors, police: s.Kind == read.Police, disruption: s.Kind == read.Disruption,
		gone: s.Kind == read.Gone, question: s.Kind == read.Question,
	} {
		if is {
			set |= 1 << m
		}
	}
	return set
}

// readMeaning returns the meaning that an entry stands for. Any other word with an @ is the name of an account and an entry as it stands, but
// one that is a slip away from a meaning is an error: it would never match.
func readMeaning(entry string) (m meaning, ok bool, err error) {
	name, at := strings.CutPrefix(strings.ToLower(entry), "@")
	if !at {
		return 0, false, nil
	}
	if i := slices.Index(meaningNames[:], name); i >= 0 {
		return meaning(i), true, nil
	}
	for _, known := range meaningNames {
		if nearly(name, known) {
			return 0, false, &NameError{Name: entry, Nearest: "@" + known}
		}
	}
	return 0, false, nil
}

// nearly reports whether one letter more, less or other makes a name of the other.
func nearly(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(b)-len(a) > 1 {
		return false
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	if len(a) == len(b) {
		return a[i+1:] == b[i+1:]
	}
	return a[i:] == b[i+1:]
}
