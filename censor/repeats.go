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
	authors []string     // pseudonyms of all who reported it; empty ones are not compared
	reader  *read.Reader // whose indices means has; nil for none
	means   read.Reading
	words   []string // of the text, folded, sorted, each once
	sketch  uint64   // one bit for each word, by its hash
	ended   bool     // somebody said that they have left
}

var wordSeed = maphash.MakeSeed()

func newSighting(key string, at time.Time, author, text string, reader *read.Reader, means read.Reading) *sighting {
	s := &sighting{key: key, at: at, authors: []string{author}, reader: reader, means: means}
	s.words = strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !isLetterOrDigit(r) })
	slices.Sort(s.words)
	s.words = slices.Compact(s.words)
	for _, word := range s.words {
		s.sketch |= 1 << (maphash.String(wordSeed, word) % 64)
	}
	return s
}

// repeats reports whether a later report says the same: it is of the same kind, and says nothing that this one does not. Where the place is known,
// it must be the same, and a further stop or direction is news; else the words must be the same.
func (s *sighting) repeats(later *sighting) bool {
	if s.ended || s.means.Kind != later.means.Kind || s.means.Kind == read.Question {
		return false
	}
	if s.reader != later.reader || !s.placed() || !later.placed() {
		return s.hasWords(later) && 2*len(later.words) > len(s.words)
	}
	if !s.samePlace(later) || !contains(s.means.Stops, later.means.Stops) || !contains(s.means.Directions, later.means.Directions) {
		return false
	}
	switch s.means.Kind {
	case read.Inspectors, read.Police, read.Gone:
		return len(later.means.Open) == 0 || s.hasWords(later)
	}
	return s.hasWords(later) // the kind alone does not tell what happens
}

// ends reports whether a later report says that whoever was seen here has left.
func (s *sighting) ends(later *sighting) bool {
	switch s.means.Kind {
	case read.Gone, read.Question:
		return false
	}
	return !s.ended && later.means.Kind == read.Gone && s.reader == later.reader && s.placed() && later.placed() && s.samePlace(later)
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

// hasWords reports whether all words of a later report occur in this one.
func (s *sighting) hasWords(later *sighting) bool {
	return later.sketch&^s.sketch == 0 && contains(s.words, later.words)
}

// contains reports whether all elements of some are in all.
func contains[T comparable](all, some []T) bool {
	return !slices.ContainsFunc(some, func(one T) bool { return !slices.Contains(all, one) })
}

// common reports whether a and b share an element.
func common[T comparable](a, b []T) bool {
	return slices.ContainsFunc(a, func(one T) bool { return slices.Contains(b, one) })
}
