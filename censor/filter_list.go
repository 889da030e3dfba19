package censor

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"linienfunk/report"
)

// list is a compiled list.
type list struct {
	name  report.List
	rules []string // the lines, trimmed; line n is rules[n-1]
	star  int      // the line number of "*", or 0
	words automaton
	exprs []expression // in line order

	meaning  [meanings]int // the first line with each meaning, or 0
	combined []combined    // in line order
}

// compileList compiles the lines of a list. The error joins one *LineError for each bad line.
func compileList(name report.List, lines []string) (*list, error) {
	b := builder{list: &list{name: name}, maxLines: MaxLines, maxSymbols: MaxSymbols}
	if name == report.Instance {
		b.maxLines, b.maxSymbols = MaxSlurs, MaxSlurSymbols
	}
	var errs []error
	for i, line := range lines {
		line = trim(line)
		b.list.rules = append(b.list.rules, line)
		err := error(ErrTooManyLines)
		if i < b.maxLines {
			err = b.add(i+1, line)
		}
		if err != nil {
			errs = append(errs, &LineError{List: name, Line: i + 1, Text: line, Err: err})
		}
		if i >= b.maxLines {
			break // one error is enough for all lines beyond the limit
		}
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	b.list.words = newAutomaton(b.entries)
	b.list.rules = slices.Clip(b.list.rules)
	return b.list, nil
}

// builder collects the entries of a list and counts them against the limits.
type builder struct {
	list                 *list
	entries              []entry
	maxLines, maxSymbols int
	symbols, program     int
	combined             int
}

func (b *builder) add(line int, text string) error {
	switch {
	case text == "" || isComment(text):
		return nil
	case utf8.RuneCountInString(text) > MaxLine:
		return ErrTooLong
	case text == "*":
		return b.addStar(line)
	case text[0] == '/':
		return b.addExpression(line, text)
	}
	if b.list.name == report.Instance { // its lines are words and expressions only
		return b.addWords(line, text)
	}
	if strings.Contains(text, separator) {
		return b.addCombined(line, text)
	}
	m, ok, err := readMeaning(text)
	if err != nil {
		return err
	}
	if ok {
		b.addMeaning(line, m)
		return nil
	}
	return b.addWords(line, text)
}

func (b *builder) addStar(line int) error {
	if b.list.name != report.Triggers {
		return ErrStar
	}
	if b.list.star == 0 {
		b.list.star = line
	}
	return nil
}

func (b *builder) addExpression(line int, text string) error {
	if len(text) < 2 || text[len(text)-1] != '/' {
		return ErrUnclosed
	}
	if len(b.list.exprs) >= MaxExpressions {
		return ErrTooManyExpressions
	}
	expr, size, err := newExpression(line, text[1:len(text)-1])
	if err != nil {
		return err
	}
	if b.program += size; b.program > MaxPrograms {
		return fmt.Errorf("%w: the list's expressions together have more than %d steps", ErrTooComplex, MaxPrograms)
	}
	b.list.exprs = append(b.list.exprs, expr)
	return nil
}

func (b *builder) addWords(line int, text string) error {
	entries, err := b.wordEntries(line, text)
	b.entries = append(b.entries, entries...)
	return err
}

// wordEntries returns the spellings of a word or phrase, and counts them against the limits.
func (b *builder) wordEntries(line int, text string) (entries []entry, err error) {
	text, stars, err := cutStars(text)
	if err != nil {
		return nil, err
	}
	for _, spelling := range spellings(text) {
		if b.list.name != report.Triggers {
			spelling, _ = skeleton(nil, spelling, small)
		}
		symbols := encode(nil, spelling)
		if stars.before {
			symbols = bytes.TrimPrefix(symbols, []byte{wordStart})
		}
		if len(symbols) == 0 {
			continue
		}
		if b.symbols += len(symbols); b.symbols > b.maxSymbols {
			return nil, ErrTooLarge
		}
		entries = append(entries, entry{string(symbols), line, stars.after})
	}
	if len(entries) == 0 {
		return nil, ErrNothing
	}
	return entries, nil
}

// stars tells on which sides of an entry a word may go on.
type stars struct{ before, after bool }

// minStarred is the number of characters that an entry with a star needs: "u*" would find every word with a u at its beginning.
const minStarred = 2

// cutStars removes the stars from the ends of an entry. Any other star is an ordinary character.
func cutStars(text string) (string, stars, error) {
	bare := strings.Trim(text, "*")
	s := stars{before: text[0] == '*', after: text[len(text)-1] == '*'}
	if !s.before && !s.after {
		return text, s, nil
	}
	first, _ := utf8.DecodeRuneInString(bare)
	last, _ := utf8.DecodeLastRuneInString(bare)
	if s.before && !isLetterOrDigit(first) || s.after && !isLetterOrDigit(last) {
		return "", s, ErrStarAlone
	}
	if utf8.RuneCountInString(bare) < minStarred {
		return "", s, ErrStarShort
	}
	return bare, s, nil
}

func isLetterOrDigit(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r)
}

// match returns the first line of the list that matches, or 0. said is a set of meanings. A guarded list also matches look-alike letters.
func (l *list) match(s *scratch, said uint16, guarded bool) int {
	line := lowestLine(l.star, l.matchSaid(s, said, guarded))
	for _, r := range s.wordVariants(guarded) {
		line = lowestLine(line, l.words.scan(r.symbols))
	}
	for _, e := range l.exprs {
		if line > 0 && line < e.line {
			break
		}
		if e.match(s, guarded) {
			return e.line
		}
	}
	return line
}

func (l *list) verdict(line int) report.Verdict {
	return report.Verdict{Passed: l.name == report.Triggers, List: l.name, Rule: l.rules[line-1], Line: line}
}

// lowestLine returns the lower of two line numbers; 0 means none.
func lowestLine(a, b int) int {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}

// trim removes white space from both ends, and the byte order mark that some editors write before the first line.
func trim(line string) string {
	return strings.TrimFunc(line, func(r rune) bool { return unicode.IsSpace(r) || r == '\uFEFF' })
}

// isComment reports whether a line is a comment: it starts with # and is no hashtag.
func isComment(line string) bool {
	if line[0] != '#' {
		return false
	}
	r, _ := utf8.DecodeRuneInString(line[1:])
	return !unicode.IsLetter(r) && !unicode.IsNumber(r)
}
