package read

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// gap is what stands between a token and the one before.
type gap uint8

const (
	glued  gap = iota // nothing: "U8", or a capital behind a small letter
	hyphen            // - _ ' . + and the like, with or without spaces
	space
	stroke // /
	pause  // , ; : ( ) and the end of a sentence or line
	arrow  // -> => →
)

// token is a run of letters or of digits.
type token struct {
	text       string // folded
	start, end int    // bytes of the message
	gap        gap    // in front of it
	digits     bool
	upper      bool // begins with a capital
	isType     bool // the type of a stop, as "street"
	roles      roles
	kinds      kindSet // of lines that it is a word for
}

// scanner splits a text into tokens.
type scanner struct {
	folded strings.Builder
	tokens []token
	gap    gap
	open   bool // a token is being read
	last   rune // of the text
	from   int  // where the open token starts in folded
}

// scan splits a text: letters in lower case, without accents, ß as ss; and ae, oe, ue as a, o, u, like ä, ö, ü. It does so to messages, names and words alike, so that all ways to
// write an umlaut are the same.
func scan(text string) []token {
	s := scanner{gap: pause, tokens: make([]token, 0, 4+len(text)/4)}
	s.folded.Grow(len(text) + 8) // which moves only if folding makes the text longer
	for i, r := range text {
		size := utf8.RuneLen(r)
		if r == utf8.RuneError {
			size = 1
		}
		s.add(r, i, i+size)
	}
	s.close()
	return s.tokens
}

func (s *scanner) add(r rune, start, end int) {
	switch {
	case unicode.Is(unicode.Mn, r) || r == '\u00ad' || r == '\u200b' || r == '\u200d': // accents, soft hyphens and the like are nothing
		if s.open {
			s.tokens[len(s.tokens)-1].end = end
		}
		return
	case unicode.IsDigit(r), unicode.IsLetter(r):
		digits := unicode.IsDigit(r)
		if s.open {
			t := &s.tokens[len(s.tokens)-1]
			if t.digits != digits || unicode.IsUpper(r) && unicode.IsLower(s.last) {
				s.close()
				s.gap = glued
			}
		}
		if !s.open {
			s.tokens = append(s.tokens, token{start: start, gap: s.gap, digits: digits, upper: unicode.IsUpper(r)})
			s.open, s.from = true, s.folded.Len()
		}
		s.fold(r)
		s.tokens[len(s.tokens)-1].end = end
	default:
		s.close()
		s.separate(r)
	}
	s.last = r
}

// separate widens the gap: an arrow counts most, then a pause.
func (s *scanner) separate(r rune) {
	next := space
	switch r {
	case '-', '_', '\'', '’', '‘', '`', '.', '+', '&', '–', '*', '‐', '·', '−':
		next = hyphen
	case '/', '|':
		next = stroke
	case ' ', '\t', '\u00a0', '\u202f':
		if s.gap == glued {
			s.gap = space
		}
		return
	case '>':
		if s.last == '-' || s.last == '=' || s.last == '–' || s.last == ' ' {
			next = arrow
		}
	case '→', '➡', '➜', '⇒', '▶', '»', '⟶':
		next = arrow
	case ',', ';', ':', '!', '?', '¿', '(', ')', '\n', '\r', '[', ']', '"', '…', '•', '¡':
		next = pause
	}
	if s.gap == space && next == hyphen { // " - " between names
		next = stroke
	}
	if next > s.gap || s.gap == glued {
		s.gap = max(s.gap, next)
	}
}

func (s *scanner) close() {
	if !s.open {
		return
	}
	s.tokens[len(s.tokens)-1].text = s.folded.String()[s.from:]
	s.open, s.gap = false, glued
}

// others are letters that Unicode does not decompose.
var others = map[rune]string{'ß': "ss", 'ẞ': "ss", 'ø': "o", 'æ': "a", 'œ': "o", 'ł': "l", 'đ': "d", 'ð': "d", 'þ': "th", 'ı': "i", 'ħ': "h"}

// fold appends a letter or digit.
func (s *scanner) fold(r rune) {
	r = unicode.ToLower(r)
	if r == 'e' && s.folded.Len() > s.from {
		switch text := s.folded.String(); text[len(text)-1] {
		case 'a', 'o', 'u':
			return
		}
	}
	if r < utf8.RuneSelf {
		s.folded.WriteByte(byte(r))
		return
	}
	if text, ok := others[r]; ok {
		s.folded.WriteString(text)
		return
	}
	if parts := norm.NFKD.PropertiesString(string(r)).Decomposition(); len(parts) > 0 {
		for _, part := range string(parts) {
			if !unicode.Is(unicode.Mn, part) {
				s.folded.WriteRune(unicode.ToLower(part))
			}
		}
		return
	}
	s.folded.WriteRune(r)
}

// foldWord folds a word of a list, or joins several.
func foldWord(word string) string {
	var joined strings.Builder
	for _, t := range scan(word) {
		joined.WriteString(t.text)
	}
	return joined.String()
}
