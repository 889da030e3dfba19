package censor

import (
	"bytes"
	"slices"
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

// minDoubled is the number of letters of a word that may have all of them twice.
const minDoubled = 3

// divides are signs that divide a word into parts, where no space is beside them.
var divides = func() (is [256]bool) {
	for _, c := range []byte(`-_.,:;/'"`) {
		is[c] = true
	}
	return is
}()

// tighten appends folded text with words made whole that signs divide ("na-zi"), and with each letter once in words that have all of them
// twice or more ("nnaazzii"). It reports whether there were any.
func tighten(dst, text []byte) ([]byte, bool) {
	if !mayBeTightened(text) {
		return dst, false
	}
	found, word := false, len(dst)
	for i := 0; i <= len(text); i++ {
		if i < len(text) && isLetterByte[text[i]] {
			dst = append(dst, text[i])
			continue
		}
		if i < len(text) && dividesWord(text, i) {
			found = true
			continue
		}
		n := halve(dst[word:])
		found = found || word+n < len(dst)
		if dst = dst[:word+n]; i < len(text) {
			dst = append(dst, text[i])
		}
		word = len(dst)
	}
	return dst, found
}

// mayBeTightened reports whether a sign divides a word, or a word begins with the same letter twice.
func mayBeTightened(text []byte) bool {
	for i := 1; i < len(text); i++ {
		if c := text[i]; divides[c] && dividesWord(text, i) || c == text[i-1] && isLetterByte[c] && (i == 1 || !isLetterByte[text[i-2]]) {
			return true
		}
	}
	return false
}

func dividesWord(text []byte, i int) bool {
	return divides[text[i]] && i > 0 && i+1 < len(text) && isLetterByte[text[i-1]] && isLetterByte[text[i+1]]
}

// isLetterByte are the bytes of folded text that belong to a letter, or to a character outside ASCII.
var isLetterByte = func() (is [256]bool) {
	for c := range is {
		is[c] = 'a' <= c && c <= 'z' || c >= utf8.RuneSelf
	}
	return is
}()

// halve leaves one of each letter, if all letters of the word are repeated, and returns the number of bytes that are left.
func halve(word []byte) int {
	letters := 0
	for at := 0; at < len(word); letters++ {
		end := at + 1
		for end < len(word) && word[end] == word[at] {
			end++
		}
		if end-at < 2 {
			return len(word)
		}
		at = end
	}
	if letters < minDoubled {
		return len(word)
	}
	return len(slices.Compact(word))
}

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
