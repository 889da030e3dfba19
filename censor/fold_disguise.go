package censor

import (
	"strings"
	"unicode/utf8"
)

// Blocked words are written with gaps (n a z i, na*zi), with digits and signs for letters (n4z1, n@zi) and with repeated letters (naaazi). Guarded lists
// are therefore also searched in readings of a text without these disguises. A reading is added to the other variants and replaces none, so
// that "14/88" and "M10" are found as they are written.

const (
	minSingles = 3 // single letters in a row that are read as a word: "z. B." and "S 1" are none
	minRepeats = 3 // equal letters in a row that are read as one or two
	maxGap     = 8 // signs in a row between the letters of a word
	minLetters = 3 // letters of a word that ends with a digit for a letter: "RE1" is a line
)

// reading is one way to read a text.
type reading struct {
	one    byte // the letter for 1, ! and |
	gaps   gaps // that are left out
	digits bool // single digits are letters
	repeat int  // how often a repeated letter remains
}

// class is what a character of folded text is for a disguise.
type class byte

const (
	signClass   class = iota
	spaceClass        // and hyphens, which stand for spaces in entries
	letterClass       // and digits that look like no letter
	digitClass        // a digit that looks like a letter
	likeClass         // a sign that looks like a letter
)

// ones marks characters that look like an i and like an l.
const ones = '1'

// asciiClasses and asciiLetters are the classes of ASCII, and the letters that it looks like.
var asciiClasses, asciiLetters = func() (classes [utf8.RuneSelf]class, letters [utf8.RuneSelf]byte) {
	for c := range classes {
		if letters[c] = byte(c); isKnownWord[c] {
			classes[c] = letterClass
		}
	}
	for _, c := range " -_" {
		classes[c] = spaceClass
	}
	for _, pair := range []string{"0o", "11", "3e", "4a", "5s", "7t"} {
		classes[pair[0]], letters[pair[0]] = digitClass, pair[1]
	}
	for _, pair := range []string{"@a", "$s", "!1", "|1"} {
		classes[pair[0]], letters[pair[0]] = likeClass, pair[1]
	}
	return classes, letters
}()

// signLetters are the letters that signs outside ASCII look like.
var signLetters = func() map[rune]byte {
	letters := pairs(confusableSigns + "€e¢c£l¥y₳a฿b₵c₣f₲g₦n₱p₴s")
	for r := range rune(26) {
		letters['\U0001F1E6'+r] = byte('a' + r) // the letters of flags
	}
	return letters
}()

// classOf returns the class of the character at the beginning of a text, the letter that it looks like if that is one of ASCII, and its size.
func classOf(text []byte) (class, byte, int) {
	if text[0] < utf8.RuneSelf {
		return asciiClasses[text[0]], asciiLetters[text[0]], 1
	}
	r, size := utf8.DecodeRune(text)
	if isWord(r) {
		return letterClass, 0, size
	}
	if letter, ok := signLetters[r]; ok {
		return likeClass, letter, size
	}
	return signClass, 0, size
}

// token is a word, a sign or a space of a folded text.
type token struct {
	from, to  int
	class     class // letterClass for all words
	single    bool  // a word of one character
	digit     bool  // which is a digit
	disguised bool  // has digits or signs for letters
}

// traces are the disguises for which a text gives reason.
type traces struct {
	signs, one   bool // signs for letters, and such that may be an i or an l
	repeats      bool
	gaps, spaced bool // signs inside words, and single letters with spaces between
	digits       bool // among the single letters
}

// tokens splits a folded text.
func tokens(all []token, text []byte) ([]token, traces) {
	var t traces
	all = all[:0]
	for at := 0; at < len(text); {
		is, _, size := classOf(text[at:])
		one := token{from: at, to: at + size, class: is}
		switch {
		case isFlagLetter(text[at:]):
			one.class, one.single, one.digit = letterClass, true, true
		case is == likeClass && !startsWord(text[at:], size) && !standsAlone(text, at, size):
			one.class = signClass
		case is >= letterClass:
			one = t.word(text, at)
		}
		all = append(all, one)
		at = one.to
	}
	t.findGaps(all, text)
	return all, t
}

// startsWord reports whether a sign at the beginning of a text is the first letter of a word: "$chwein", but not "!ja".
func startsWord(text []byte, size int) bool {
	if text[0] == '!' || text[0] == '|' || size == len(text) {
		return false
	}
	next, _, _ := classOf(text[size:])
	return next == letterClass
}

// isFlagLetter reports whether a text begins with a letter of a flag. Each of them is a word.
func isFlagLetter(text []byte) bool {
	return len(text) >= 4 && text[0] == 0xF0 && text[1] == 0x9F && text[2] == 0x87 && text[3] >= 0xA6
}

// standsAlone reports whether a sign stands between spaces or at an end.
func standsAlone(text []byte, at, size int) bool {
	return (at == 0 || asciiClass(text[at-1]) == spaceClass) && (at+size == len(text) || asciiClass(text[at+size]) == spaceClass)
}

func asciiClass(c byte) class {
	if c < utf8.RuneSelf {
		return asciiClasses[c]
	}
	return signClass
}

// isPlain are the letters of ASCII, and the digits that look like none.
var isPlain = func() (is [256]bool) {
	for c, class := range asciiClasses {
		is[c] = class == letterClass
	}
	return is
}()

// suspicious reports whether a text may have a disguise. It is fast, and too suspicious: most texts have none, and finding out costs more.
func suspicious(text []byte) bool {
	singles := 0 // characters in a row that may be letters of one word
	for i := 0; i < len(text); {
		if end, length, repeats := plainWord(text, i); length > 0 {
			if repeats || end < len(text) && text[end] != ' ' && goesOn(text[end:], length) {
				return true
			}
			if singles++; length > 1 {
				singles = 0
			}
			i = end
		} else {
			if beginsDisguise(text[i:]) {
				return true
			}
			if text[i] >= utf8.RuneSelf || asciiClasses[text[i]] > letterClass {
				singles++
			}
			i++
		}
		if singles >= minSingles {
			return true
		}
	}
	return false
}

// plainWord reads a word of letters and of digits that look like none. It returns its end and length, or true at minRepeats equal ones in a row.
func plainWord(text []byte, from int) (end, length int, repeats bool) {
	beforeLast, last := rune(0), rune(0)
	for end = from; end < len(text); length++ {
		r, size := rune(text[end]), 1
		if !isPlain[text[end]] {
			if r < utf8.RuneSelf {
				break
			}
			if r, size = utf8.DecodeRune(text[end:]); r >= lastKnown || !isKnownWord[r] {
				break
			}
		}
		if r == last && r == beforeLast {
			return end, length, true
		}
		beforeLast, last = last, r
		end += size
	}
	return end, length, false
}

// goesOn reports whether a word of that many characters may go on in what is behind it: with a digit or a sign for a letter, or behind a gap.
func goesOn(behind []byte, length int) bool {
	c, next, size := behind[0], byte(' '), 1
	if c >= utf8.RuneSelf {
		_, size = utf8.DecodeRune(behind)
	}
	if size < len(behind) {
		next = behind[size]
	}
	switch {
	case c >= utf8.RuneSelf:
		return next != ' ' || length >= minLetters
	case asciiClasses[c] == digitClass:
		return length >= minLetters || length > 1 && next != ' ' || next >= utf8.RuneSelf || isPlain[next]
	}
	return asciiClasses[c] != spaceClass && next != ' ' && (!isPunctuation(c) || c == '!')
}

// beginsDisguise reports whether a sign or a digit may be the first letter of a word.
func beginsDisguise(text []byte) bool {
	c, next := text[0], byte(' ')
	_, size := utf8.DecodeRune(text)
	if size < len(text) {
		next = text[size]
	}
	switch {
	case c >= utf8.RuneSelf:
		return isFlagLetter(text) || size < len(text) && asciiClass(next) != spaceClass && !isPunctuation(next)
	case next == ' ':
		return false
	case asciiClasses[c] == likeClass:
		return (c == '$' || c == '@' || !isPlain[next]) && !isPunctuation(next)
	case asciiClasses[c] != digitClass, asciiClass(next) == digitClass, isPunctuation(next) && next != '!':
		return false
	case len(text) == 2:
		return next < utf8.RuneSelf && !isPlain[next]
	}
	return !isPlain[next] || text[2] != ' ' // "1a" is a line
}

// word reads a word, and notes its disguises.
func (t *traces) word(text []byte, from int) token {
	letters, inside, trailing, runes, equal := 0, false, false, 0, 1
	hasOne := false
	last, lastSize := -1, 0
	var first class
	at := from
	for at < len(text) {
		is, letter, size := classOf(text[at:])
		if is < letterClass || is == likeClass && at > from && (!continuesWord(text[at:], size) || isFlagLetter(text[at:])) {
			break
		}
		if runes == 0 {
			first = is
		}
		if is == letterClass {
			letters++
			inside = inside || trailing
		} else {
			trailing = true
			hasOne = hasOne || letter == ones
		}
		if last >= 0 && lastSize == size && string(text[last:last+size]) == string(text[at:at+size]) {
			if equal++; equal >= minRepeats && is == letterClass {
				t.repeats = true
			}
		} else {
			equal = 1
		}
		last, lastSize = at, size
		runes++
		at += size
	}
	one := token{from: from, to: at, class: letterClass, single: runes == 1, digit: runes == 1 && first != letterClass}
	if one.disguised = trailing && letters > 1 && (inside || letters >= minLetters); one.disguised {
		t.signs, t.one = true, t.one || hasOne
	}
	return one
}

// continuesWord reports whether a sign inside a word is a letter of it: something must follow those that people use, and a letter "!" and "|".
func continuesWord(text []byte, size int) bool {
	if text[0] >= utf8.RuneSelf {
		return true
	}
	if size == len(text) {
		return false
	}
	next, _, _ := classOf(text[size:])
	return next == letterClass || next > letterClass && text[0] != '!' && text[0] != '|'
}

// findGaps notes the gaps in words, and whether digits are among single letters.
func (t *traces) findGaps(all []token, text []byte) {
	singles, tight, digit := 0, 0, false
	for i, one := range all {
		switch {
		case one.single && one.class == letterClass:
			singles, tight = singles+1, tight+1
			digit = digit || one.digit
			t.gaps = t.gaps || tight >= minSingles
			t.spaced = t.spaced || singles >= minSingles && singles > tight
			t.digits = t.digits || singles >= minSingles && digit
		case one.class == letterClass:
			singles, tight, digit = 0, 0, false
		case text[one.from] == ' ':
			tight = 0
		case !t.gaps && isSign(one, text) && isGap(all, i, text):
			t.gaps = true
		}
	}
}

func isPunctuation(c byte) bool { return strings.IndexByte(`.,:;!?/'"`, c) >= 0 }

func isSign(one token, text []byte) bool {
	return one.class == signClass && !isPunctuation(text[one.from])
}

// isGap reports whether a sign is a gap in a word: between words, without a space. Punctuation and hyphens are only between single letters.
func isGap(all []token, i int, text []byte) bool {
	before, after := i-1, i+1
	for before >= 0 && i-before <= maxGap && isSign(all[before], text) {
		before--
	}
	for after < len(all) && after-i <= maxGap && isSign(all[after], text) {
		after++
	}
	if before < 0 || after == len(all) || all[before].class != letterClass || all[after].class != letterClass {
		return false
	}
	switch c := text[all[i].from]; {
	case c == ' ':
		return false
	case c == '(' || c == ')':
		return all[before].single || all[after].single
	case isPunctuation(c), all[i].class == spaceClass:
		return all[before].single && all[after].single
	}
	return true
}

// gaps is what a reading takes for gaps in words.
type gaps int

const (
	noGaps gaps = iota
	signGaps
	spaceGaps // between single letters
)

// readings returns the ways to read a text with these disguises.
func (t traces) readings(all []reading) []reading {
	all = all[:0]
	for g, reason := range []bool{noGaps: t.signs || t.repeats, signGaps: t.gaps, spaceGaps: t.spaced} {
		if !reason {
			continue
		}
		for _, one := range []byte("il") {
			if one == 'l' && !t.one && !t.digits {
				continue
			}
			for repeat := 1; repeat < minRepeats && (repeat == 1 || t.repeats); repeat++ {
				all = append(all, reading{one: one, gaps: gaps(g), digits: true, repeat: repeat})
			}
		}
		if g > 0 && t.digits {
			all = append(all, reading{one: 'i', gaps: gaps(g), repeat: 1})
		}
	}
	return all
}

// appendTo appends a text in a reading.
func (r reading) appendTo(dst, text []byte, all []token) []byte {
	begin := len(dst)
	for i := 0; i < len(all); i++ {
		one := all[i]
		switch {
		case r.gaps == signGaps && one.class < letterClass && isGap(all, i, text):
		case one.class == letterClass && (one.disguised || one.digit && r.digits && r.gaps == signGaps):
			dst = r.letters(dst, text[one.from:one.to])
		default:
			dst = append(dst, text[one.from:one.to]...)
		}
	}
	if r.gaps == spaceGaps {
		dst = r.appendSpelled(dst, text, all)
	}
	return squeeze(dst, begin, r.repeat)
}

// The longest word that is read from single letters, and how many letters of a text may begin one.
const (
	maxSpelled = 16
	maxStarts  = 32
)

// appendSpelled appends the words that single letters in a row may be. Where they begin and end is not known: "U n a z i", "n a z i u 8".
func (r reading) appendSpelled(dst, text []byte, all []token) []byte {
	starts := 0
	for i := range all {
		if !r.spells(all[i]) {
			continue
		}
		if starts++; starts > maxStarts {
			break
		}
		for length := minSingles; length <= maxSpelled; length++ {
			dst = append(dst, ' ')
			n, begin := 0, len(dst)
			for _, one := range all[i:] {
				if r.spells(one) {
					dst = r.letters(dst, text[one.from:one.to])
					n++
				} else if one.class == letterClass {
					break
				}
				if n == length {
					break
				}
			}
			if n < length {
				dst = dst[:begin-1]
				break
			}
		}
	}
	return dst
}

// spells reports whether a token is a single letter.
func (r reading) spells(one token) bool {
	return one.single && one.class == letterClass && (r.digits || !one.digit)
}

// letters appends a word with letters for its digits and signs.
func (r reading) letters(dst, word []byte) []byte {
	for len(word) > 0 {
		_, letter, size := classOf(word)
		switch letter {
		case 0:
			dst = append(dst, word[:size]...)
		case ones:
			dst = append(dst, r.one)
		default:
			dst = append(dst, letter)
		}
		word = word[size:]
	}
	return dst
}

// squeeze leaves a number of three and more equal letters in a row.
func squeeze(dst []byte, begin, repeat int) []byte {
	to := begin
	for at := begin; at < len(dst); {
		_, size := utf8.DecodeRune(dst[at:])
		letter := dst[at : at+size]
		end := at + size
		for end+size <= len(dst) && string(dst[end:end+size]) == string(letter) {
			end += size
		}
		n := (end - at) / size
		if n >= minRepeats && 'a' <= letter[0] {
			n = repeat
		}
		to += copy(dst[to:], dst[at:at+n*size])
		at = end
	}
	return dst[:to]
}
