package text

import (
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// pattern is a regexp of many words, in any case. Go's regexp takes microseconds to find that a line has none of them, so it is only tried on
// lines with one of those that every match has.
type pattern struct {
	*regexp.Regexp
	words []string // folded; none if it is tried on every line
}

func compile(expression string) *pattern {
	p := &pattern{Regexp: regexp.MustCompile(expression)}
	if parsed, err := syntax.Parse(expression, syntax.Perl); err == nil {
		p.words = neededWords(parsed)
	}
	return p
}

// MatchString is that of the regexp.
func (p *pattern) MatchString(line string) bool {
	if len(p.words) > 0 {
		folded := foldCase(line)
		if !slices.ContainsFunc(p.words, func(word string) bool { return strings.Contains(folded, word) }) {
			return false
		}
	}
	return p.Regexp.MatchString(line)
}

// neededWords returns words of which every match has at least one, or none.
func neededWords(re *syntax.Regexp) (words []string) {
	switch re.Op {
	case syntax.OpLiteral:
		return []string{foldCase(string(re.Rune))}
	case syntax.OpCapture, syntax.OpPlus:
		return neededWords(re.Sub[0])
	case syntax.OpRepeat:
		if re.Min > 0 {
			return neededWords(re.Sub[0])
		}
	case syntax.OpConcat: // any of its parts will do
		for _, part := range re.Sub {
			if of := neededWords(part); shortest(of) > shortest(words) {
				words = of
			}
		}
	case syntax.OpAlternate:
		for _, part := range re.Sub {
			of := neededWords(part)
			if len(of) == 0 {
				return nil
			}
			words = append(words, of...)
		}
	}
	return words
}

// shortest is the length of the shortest word in bytes: the longer it is, the fewer lines have one by chance.
func shortest(words []string) int {
	if len(words) == 0 {
		return 0
	}
	return len(slices.MinFunc(words, func(a, b string) int { return len(a) - len(b) }))
}

// foldCase makes letters equal that a regexp takes for equal with (?i).
func foldCase(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case 'A' <= r && r <= 'Z':
			return r + 'a' - 'A'
		case r < utf8.RuneSelf:
			return r
		}
		least := r
		for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
			least = min(least, other)
		}
		return unicode.ToLower(least) // the Kelvin sign is a k
	}, text)
}
