package censor

import (
	"bytes"
	"unicode/utf8"
)

// case of a character, for words that are joined without a space.
const (
	noCase byte = iota
	lower       // digits too
	upper
)

var caseOf = func() (cases [lastKnown]byte) {
	for r := range rune(lastKnown) {
		switch folded := foldCase(r); {
		case '0' <= r && r <= '9':
			cases[r] = lower
		case r != folded:
			cases[r] = upper
		case isKnownWord[r]:
			cases[r] = lower
		}
	}
	return cases
}()

// separate appends a text with a space before each capital that begins a word inside another, and reports whether there was any: "KontrolleU8",
// "BVGKontrolle". A capital does so after a small letter or a digit, and after a capital if a small letter follows.
func separate(dst, text []byte) ([]byte, bool) {
	done := 0
	for i, c := range text {
		if !mayBeCapital[c] || i == 0 {
			continue
		}
		is, size := caseAt(text[i:])
		if is != upper {
			continue
		}
		_, width := utf8.DecodeLastRune(text[:i])
		before, _ := caseAt(text[i-width:])
		if before == noCase {
			continue
		}
		if next, _ := caseAt(text[i+size:]); before == lower || next == lower && !digit(text[i+size:]) {
			dst = append(append(dst, text[done:i]...), ' ')
			done = i
		}
	}
	if done == 0 {
		return dst, false
	}
	return append(dst, text[done:]...), true
}

// mayBeCapital are the bytes that begin a capital.
var mayBeCapital = func() (may [256]bool) {
	for r, is := range caseOf {
		if is == upper {
			may[string(rune(r))[0]] = true
		}
	}
	return may
}()

func caseAt(text []byte) (byte, int) {
	if len(text) == 0 {
		return noCase, 0
	}
	if text[0] < utf8.RuneSelf {
		return caseOf[text[0]], 1
	}
	r, size := utf8.DecodeRune(text)
	if r < lastKnown {
		return caseOf[r], size
	}
	return noCase, size
}

func digit(text []byte) bool { return len(text) > 0 && '0' <= text[0] && text[0] <= '9' }

// replaceI appends a text with an l for each capital I behind a small letter, and reports whether there was any.
func replaceI(dst, text []byte) ([]byte, bool) {
	if bytes.IndexByte(text, 'I') < 0 {
		return dst, false
	}
	found := false
	dst = append(dst, text...)
	for i := 1; i < len(dst); i++ {
		if dst[i] == 'I' && 'a' <= dst[i-1] && dst[i-1] <= 'z' {
			dst[i], found = 'l', true
		}
	}
	return dst, found
}
