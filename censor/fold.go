package censor

import (
	"slices"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// fold appends the text in the form in which texts are compared, and the offsets after each ä, ö, ü and ø, where expand can
// insert an e: "ö" is folded to "o", and some riders write "oe".
//
//   - Letters become lower case (Unicode simple case folding), and ß becomes ss.
//   - Compatibility forms become ordinary letters (NFKC): full width, ligatures, mathematical alphabets.
//   - Accents on Latin, Greek, Cyrillic, Hebrew and Arabic letters are removed, whether composed or not, and so are the
//     strokes of ø, ł, đ, ħ, ŧ. Vowel signs and voicing marks of other scripts are kept, since they are letters.
//   - Invisible characters are removed: Cf (soft hyphen, zero-width joiners, direction marks, tags), variation selectors,
//     other default ignorables, control characters; and the skin tones of emoji.
//   - A run of white space becomes one space, none at the ends; dashes become "-", apostrophes "'".
//
// Invalid UTF-8 becomes U+FFFD.
func (s *scratch) fold(dst []byte, umlauts []int, text string) ([]byte, []int) {
	return foldComposed(dst, umlauts, s.compose(text))
}

// foldComposed is fold for a text in NFKC.
func foldComposed(dst []byte, umlauts []int, src []byte) ([]byte, []int) {
	for i := 0; i < len(src); {
		if src[i] < utf8.RuneSelf {
			dst = appendASCII(dst, src[i])
			i++
			continue
		}
		r, size := utf8.DecodeRune(src[i:])
		i += size
		g := glyphOf(r)
		switch g.kind {
		case space:
			dst = appendASCII(dst, ' ')
		case dropped:
		case mark:
			if g.text.len() > 0 && keepsMarks(dst) {
				dst = append(dst, g.text.bytes()...)
			} else if r == diaeresis && formsUmlaut(dst, umlauts) {
				umlauts = append(umlauts, len(dst))
			}
		default:
			if dst = append(dst, g.text.bytes()...); g.kind == umlaut {
				umlauts = append(umlauts, len(dst))
			}
		}
	}
	return trimSpace(dst), umlauts
}

// compose returns the text in NFKC, in a buffer that the next call overwrites.
func (s *scratch) compose(text string) []byte {
	n := norm.NFKC.QuickSpanString(text)
	s.nfkc = append(s.nfkc[:0], text...)
	if n < len(text) {
		s.nfkc = norm.NFKC.AppendString(s.nfkc[:0], text)
	}
	return s.nfkc
}

// appendASCII appends one folded ASCII character.
func appendASCII(dst []byte, c byte) []byte {
	switch c = asciiFold[c]; {
	case c == 0:
		return dst
	case c == ' ' && (len(dst) == 0 || dst[len(dst)-1] == ' '):
		return dst
	}
	return append(dst, c)
}

var asciiFold = func() (fold [128]byte) {
	for c := range fold {
		switch {
		case 'A' <= c && c <= 'Z':
			fold[c] = byte(c) + 'a' - 'A'
		case ' ' <= c && c <= '~':
			fold[c] = byte(c)
		case '\t' <= c && c <= '\r':
			fold[c] = ' '
		}
	}
	return fold
}()

func trimSpace(dst []byte) []byte {
	if n := len(dst); n > 0 && dst[n-1] == ' ' {
		return dst[:n-1]
	}
	return dst
}

// keepsMarks reports whether the last character is of a script whose marks are letters. All these scripts start at or after
// Devanagari (U+0900); such a mark on a Latin letter is a disguise.
func keepsMarks(folded []byte) bool {
	r, _ := utf8.DecodeLastRune(folded)
	return r >= 0x0900 && r != utf8.RuneError
}

// formsUmlaut reports whether a diaeresis makes the last letter an umlaut. Composed umlauts are handled elsewhere; this is
// for letters with two marks, or with an invisible character between letter and mark.
func formsUmlaut(folded []byte, umlauts []int) bool {
	n := len(folded)
	if n == 0 || len(umlauts) > 0 && umlauts[len(umlauts)-1] == n {
		return false
	}
	return folded[n-1] == 'a' || folded[n-1] == 'o' || folded[n-1] == 'u'
}

// expand appends folded text with an e after those umlauts whose bit is set in which.
func expand(dst, folded []byte, umlauts []int, which uint64) []byte {
	done := 0
	for i, at := range umlauts {
		if which>>min(i, 63)&1 == 1 {
			dst = append(append(dst, folded[done:at]...), 'e')
			done = at
		}
	}
	return append(dst, folded[done:]...)
}

// maxMixed is the number of umlauts of an entry that may each be spelled differently ("Koelner Brucke").
const maxMixed = 3

// spellings returns the folded forms of an entry: each umlaut as one letter or as ae, oe, ue. From the fourth umlaut on, all are
// spelled like the third.
func spellings(text string) [][]byte {
	var s scratch
	folded, umlauts := s.fold(nil, nil, text)
	n := min(len(umlauts), maxMixed)
	all := make([][]byte, 0, 1<<n)
	for which := range uint64(1) << n {
		if n == maxMixed && which>>(n-1) == 1 {
			which |= ^uint64(0) << n
		}
		all = append(all, expand(nil, slices.Clip(folded), umlauts, which))
	}
	return all
}
