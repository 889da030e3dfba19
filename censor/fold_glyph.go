package censor

import (
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// kind is how fold treats a character.
type kind uint8

const (
	plain  kind = iota // replaced by glyph.text
	umlaut             // the same, and an e may follow
	space
	mark    // an accent: removed, unless glyph.text is set and the script keeps its marks
	dropped // invisible
)

// diaeresis is the combining mark that makes an umlaut.
const diaeresis = '\u0308'

// shortText is a string of at most four bytes without a pointer, which keeps the table of glyphs small.
type shortText [5]byte

func (s *shortText) len() int      { return int(s[4]) }
func (s *shortText) bytes() []byte { return s[:s[4]] }

func shortRune(r rune) (s shortText) {
	s[4] = byte(utf8.EncodeRune(s[:4], r))
	return s
}

func shortString(text string) (s shortText) {
	s[4] = byte(copy(s[:4], text))
	return s
}

// glyph is the folded form of a character outside ASCII, of a text in NFKC.
type glyph struct {
	text shortText
	kind kind
}

// glyphOf returns the glyph of r, from a table for the alphabets of Europe.
func glyphOf(r rune) glyph {
	if r < lastKnown {
		return glyphs[r]
	}
	return makeGlyph(r)
}

const lastKnown = 0x0530 // the end of Latin, Greek and Cyrillic, in 8 KB

var glyphs = func() (known [lastKnown]glyph) {
	for r := range rune(lastKnown) {
		known[r] = makeGlyph(r)
	}
	return known
}()

func makeGlyph(r rune) glyph {
	switch {
	case unicode.IsSpace(r) || unicode.Is(unicode.Z, r) || r == '\u2800': // U+2800 is an empty Braille cell
		return glyph{kind: space}
	case unicode.In(r, invisible...) || skinTone(r):
		return glyph{kind: dropped}
	case unicode.IsMark(r):
		if unicode.Is(unicode.Inherited, r) {
			return glyph{kind: mark}
		}
		return glyph{kind: mark, text: shortRune(r)}
	case unicode.Is(unicode.Pd, r):
		return glyph{text: shortString("-")}
	}
	switch r {
	case '‘', '’', 'ʼ':
		return glyph{text: shortString("'")}
	case 'ß', 'ẞ':
		return glyph{text: shortString("ss")}
	}
	return makeLetter(r)
}

// invisible characters have no effect on what a reader sees. Other_Default_Ignorable are fillers, see DerivedCoreProperties
// of the Unicode Character Database.
var invisible = []*unicode.RangeTable{
	unicode.Cc, unicode.Cf, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point,
}

// skinTone reports whether r sets the skin colour of the emoji before it (UTS #51, Emoji_Modifier).
func skinTone(r rune) bool { return 0x1F3FB <= r && r <= 0x1F3FF }

// makeLetter folds case and removes accents.
func makeLetter(r rune) glyph {
	base, isUmlaut := r, false
	var encoded [utf8.UTFMax]byte
	n := utf8.EncodeRune(encoded[:], r)
	if parts := norm.NFD.Properties(encoded[:n]).Decomposition(); parts != nil {
		bare, size := utf8.DecodeRune(parts)
		if bare < 0x0900 { // see keepsMarks
			base = bare
		}
		for _, m := range string(parts[size:]) {
			isUmlaut = isUmlaut || m == diaeresis
		}
	}
	base = foldCase(base)
	switch base {
	case 'æ':
		return glyph{text: shortString("ae")}
	case 'œ':
		return glyph{text: shortString("oe")}
	case 'ø':
		return glyph{text: shortString("o"), kind: umlaut}
	case 'a', 'o', 'u':
		if isUmlaut {
			return glyph{text: shortRune(base), kind: umlaut}
		}
	}
	if bare, ok := unstroked[base]; ok {
		base = bare
	}
	return glyph{text: shortRune(base)}
}

// unstroked are the letters with a stroke that Unicode does not decompose.
var unstroked = map[rune]rune{'đ': 'd', 'ð': 'd', 'ħ': 'h', 'ı': 'i', 'ł': 'l', 'ŧ': 't'}

// foldCase maps all cases of a letter to one. Upper case comes first, which makes final and other sigma equal.
func foldCase(r rune) rune { return unicode.ToLower(unicode.ToUpper(r)) }
