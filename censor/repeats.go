package censor

import (
	"hash/maphash"
	"slices"
	"strings"
	"time"

	"linienfunk/transit/read"
)

// sighting is a report that was relayed, as far as later ones are compared with it.
type sighting struct {
	key     string // report.Report.Key
	at      time.Time
	written time.Time    // by the rider
	authors []string     // pseudonyms of all who reported it; empty ones are not compared
	reader  *read.Reader // whose indices means has; nil for none
	means   read.Reading
	words   []string // of the text, in lower case
	unread  []string // those of them that mean nothing to the reader
	sketch  uint64   // one bit for each word, by its hash
	ended   bool     // somebody said that they have left
}

var wordSeed = maphash.MakeSeed()

func newSighting(key string, at time.Time, author, text string, reader *read.Reader, means read.Reading) *sighting {
	s := &sighting{key: key, at: at, written: at, authors: []string{author}, reader: reader, means: means, words: wordsOf(text)}
	for _, word := range s.words {
		s.sketch |= 1 << (maphash.String(wordSeed, word) % 64)
	}
	if means.Guessed {
		s.unread = wordsOf(unread(text, means.Words))
	}
	return s
}

func wordsOf(text string) []string {
	return strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !isLetterOrDigit(r) })
}

// unread returns a text without the words that decided what it means.
func unread(text string, decided []read.Word) string {
	var rest strings.Builder
	end := 0
	for _, word := range decided {
		if word.Start > end {
			rest.WriteString(text[end:word.Start])
		}
		rest.WriteByte(' ')
		end = max(end, word.End)
	}
	rest.WriteString(text[end:])
	return rest.String()
}

// repeats reports whether a later report says the same: it is of the same kind, and says nothing that this one does not. Where the place is known,
// it must be the same, and a further line, stop, direction or kind is news; else the words must be the same.
func (s *sighting) repeats(later *sighting) bool {
	if s.ended || s.means.Kind != later.means.Kind || s.means.Kind == read.Question {
		return false
	}
	if s.reader != later.reader || !s.placed() || !later.placed() {
		return s.hasWords(later) && 2*len(later.words) > len(s.words)
	}
	if !s.samePlace(later) || !s.knows(later.means) {
		return false
	}
	switch s.means.Kind {
	case read.Inspectors, read.Police, read.Gone:
		return len(later.means.Open) == 0 && contains(s.words, later.unread) && contains(later.words, s.unread) || s.hasWords(later)
	}
	return s.hasWords(later) // the kind alone does not tell what happens
}

// knows reports whether a later report about the same place names no line, stop, direction or kind that this one does not, nor another order of
// stops, and not that people got on or off.
func (s *sighting) knows(later read.Reading) bool {
	lines := later.Inferred || len(s.means.Lines) == 0 || contains(s.means.Lines, later.Lines)
	return lines && inOrder(s.means.Stops, later.Stops) && contains(s.means.Directions, later.Directions) && contains(kinds(s.means), later.Also) &&
		(s.means.Alighted || !later.Alighted) && (s.means.Boarded || !later.Boarded)
}

// confirm notes a report that repeats this one: its author, and its line if this one has none, since the next report may name another line.
func (s *sighting) confirm(later *sighting) {
	s.authors = append(s.authors, later.authors...)
	if len(s.means.Lines) == 0 && s.reader == later.reader {
		s.means.Lines = later.means.Lines
	}
}

// over reports whether a later report says that whoever was seen here has left. It must be about exactly the same: one that leaves something
// open is for riders to read.
func (s *sighting) over(later *sighting) bool {
	switch s.means.Kind {
	case read.Gone, read.Question:
		return false
	}
	if later.means.Kind != read.Gone || later.written.Before(s.written) || s.reader != later.reader || !s.placed() || !later.placed() || !s.samePlace(later) {
		return false
	}
	a, b, seen := s.means, later.means, kinds(s.means)
	return len(b.Open) == 0 && unlessEmpty(saidLines(a), saidLines(b)) && unlessEmpty(a.Stops, b.Stops) && unlessEmpty(a.Directions, b.Directions) &&
		(len(b.Also) > 0 || !slices.Contains(seen, read.Disruption)) && unlessEmpty(seen, b.Also)
}

// kinds returns all kinds that a report is about.
func kinds(m read.Reading) []read.Kind { return append([]read.Kind{m.Kind}, m.Also...) }

// saidLines returns the lines that were named.
func saidLines(m read.Reading) []int {
	if m.Inferred {
		return nil
	}
	return m.Lines
}

// placed reports whether a line or stop is known.
func (s *sighting) placed() bool { return len(s.means.Lines)+len(s.means.Stops) > 0 }

// samePlace reports whether both have a stop in common, or a line if one of them has no stop. Two that name different lines of one stop are
// about different places.
func (s *sighting) samePlace(later *sighting) bool {
	a, b := s.means, later.means
	lines := common(a.Lines, b.Lines)
	if len(a.Stops) == 0 || len(b.Stops) == 0 {
		return lines
	}
	return common(a.Stops, b.Stops) && (lines || len(a.Lines) == 0 || len(b.Lines) == 0)
}

// hasWords reports whether all words of a later report occur in this one, in the same order: "from A to B" is not "from B to A".
func (s *sighting) hasWords(later *sighting) bool {
	return later.sketch&^s.sketch == 0 && inOrder(s.words, later.words)
}

// contains reports whether all elements of some are in all.
func contains[T comparable](all, some []T) bool {
	return !slices.ContainsFunc(some, func(one T) bool { return !slices.Contains(all, one) })
}

// inOrder reports whether all elements of some are in all, in that order.
func inOrder[T comparable](all, some []T) bool {
	for _, one := range some {
		at := slices.Index(all, one)
		if at < 0 {
			return false
		}
		all = all[at+1:]
	}
	return true
}

// unlessEmpty reports whether a and b have the same elements, or one of them has none.
func unlessEmpty[T comparable](a, b []T) bool {
	return len(a) == 0 || len(b) == 0 || contains(a, b) && contains(b, a)
}

// common reports whether a and b share an element.
func common[T comparable](a, b []T) bool {
	return slices.ContainsFunc(a, func(one T) bool { return slices.Contains(b, one) })
}
