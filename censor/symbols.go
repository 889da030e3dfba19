package censor

import (
	"unicode"
	"unicode/utf8"
)

// wordStart is the symbol before the first character of a word. Folded text never contains it.
const wordStart = 0

// encode appends folded text as symbols for the automaton: a wordStart before every word, and one space for each run
// of spaces, hyphens and underscores, none at the ends. Entries and reports are encoded alike, so an entry that
// begins with a letter is found at the start of a word only, and the automaton stays in state 0 inside other words.
func encode(dst, text []byte) []byte {
	begin, inWord := len(dst), false
	for i := 0; i < len(text); {
		c, size := text[i], 1
		word := isKnownWord[c]
		if c >= utf8.RuneSelf {
			var r rune
			r, size = utf8.DecodeRune(text[i:])
			word = isWord(r)
		} else if c == ' ' || c == '-' || c == '_' {
			i, inWord = i+1, false
			if len(dst) > begin && dst[len(dst)-1] != ' ' {
				dst = append(dst, ' ')
			}
			continue
		}
		if word && !inWord {
			dst = append(dst, wordStart)
		}
		inWord = word
		if size == 1 {
			dst = append(dst, c)
		} else {
			dst = append(dst, text[i:i+size]...)
		}
		i += size
	}
	if len(dst) > begin && dst[len(dst)-1] == ' ' {
		dst = dst[:len(dst)-1]
	}
	return dst
}

// atWordEnd reports whether a match may end before symbols[end], i.e. not inside a word.
func atWordEnd(symbols []byte, end int) bool {
	if end == len(symbols) || symbols[end] == wordStart {
		return true
	}
	next, _ := utf8.DecodeRune(symbols[end:])
	last, _ := utf8.DecodeLastRune(symbols[:end])
	return !isWord(next) || !isWord(last)
}

// isWord reports whether a character of folded text belongs to a word: letters, digits and
// marks do, so that "u8" is one word and not part of "u80".
//
// This is UAX #29 (Unicode text segmentation) with two changes. The underscore and the apostrophe separate words, because
// riders write "#u8_kontrolle", "_kontrolle_" and "steht's". And characters of scripts without spaces, Katakana and Hangul
// included (Korean appends particles to the noun), form no words: such entries match anywhere.
func isWord(r rune) bool {
	if 0 <= r && r < lastKnown {
		return isKnownWord[r]
	}
	if r >= 0x0E00 && (r == 'ー' || unicode.In(r, unspaced...)) {
		return false
	}
	return unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r)
}

// isKnownWord is isWord for the alphabets of Europe, which saves the search in Unicode's tables.
var isKnownWord = func() (is [lastKnown]bool) {
	for r := range rune(lastKnown) {
		is[r] = unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r)
	}
	return is
}()

var unspaced = []*unicode.RangeTable{
	unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Bopomofo, unicode.Yi,
	unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar, unicode.Tibetan, unicode.Javanese,
}
