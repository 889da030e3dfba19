package censor

import (
	"fmt"
	"slices"
	"strings"
)

// combined is an entry of parts that a report must all match: "@line + @stop", "u8 + hermann*".
type combined struct {
	line     int
	meanings uint16 // all of them must be said
	words    []automaton
}

// separator stands between the parts of a combined entry. A plus sign without spaces is an ordinary character.
const separator = " + "

// addCombined adds an entry that consists of several parts.
func (b *builder) addCombined(line int, text string) error {
	parts := strings.Split(text, separator)
	if len(parts) > MaxParts {
		return ErrTooManyParts
	}
	if b.combined++; b.combined > MaxCombined {
		return ErrTooManyCombined
	}
	c := combined{line: line}
	for _, part := range parts {
		part = trim(part)
		switch {
		case part == "", part == "*", part[0] == '/':
			return ErrPart
		}
		m, ok, err := readMeaning(part)
		if err != nil {
			return err
		}
		if ok {
			c.meanings |= 1 << m
			continue
		}
		entries, err := b.wordEntries(line, part)
		if err != nil {
			return fmt.Errorf("%q: %w", part, err)
		}
		c.words = append(c.words, newAutomaton(entries))
	}
	b.list.combined = append(b.list.combined, c)
	return nil
}

// addMeaning adds an entry that stands for what a report says.
func (b *builder) addMeaning(line int, m meaning) {
	if b.list.meaning[m] == 0 {
		b.list.meaning[m] = line
	}
}

// needsReading reports whether the verdict depends on what the text says.
func (f *Filter) needsReading() bool { return f.triggers.needsReading() || f.blocked.needsReading() }

func (l *list) needsReading() bool {
	return l.meaning != [meanings]int{} || slices.ContainsFunc(l.combined, func(c combined) bool { return c.meanings != 0 })
}

// matchSaid returns the first line that stands for something said, or is combined of such and of words, or 0.
func (l *list) matchSaid(s *scratch, said uint16, guarded bool) (line int) {
	for m, at := range l.meaning {
		if said&(1<<m) != 0 {
			line = lowestLine(line, at)
		}
	}
	for i := range l.combined {
		c := &l.combined[i]
		if line > 0 && line < c.line {
			break
		}
		if c.match(s, said, guarded) {
			return c.line
		}
	}
	return line
}

func (c *combined) match(s *scratch, said uint16, guarded bool) bool {
	if said&c.meanings != c.meanings {
		return false
	}
	for i := range c.words {
		if !found(&c.words[i], s, guarded) {
			return false
		}
	}
	return true
}

// found reports whether any variant of the text has one of the automaton's entries.
func found(words *automaton, s *scratch, guarded bool) bool {
	for _, variant := range s.wordVariants(guarded) {
		if words.scan(variant.symbols) > 0 {
			return true
		}
	}
	return false
}
