package censor

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// The reference matcher implements the documentation of Compile for words as plainly as possible, without regard to speed. It
// shares isWord, the table of look-alikes and the set of invisible characters with the real one, since these are data.

// letter is a folded character; e is set if an unwritten e may follow.
type letter struct {
	r rune
	e bool
}

func referenceFold(text string) (folded []letter) {
	for _, r := range norm.NFKC.String(text) {
		switch {
		case unicode.IsSpace(r) || unicode.Is(unicode.Z, r) || r == '\u2800' || unicode.Is(unicode.Pd, r) || r == '_' || r == '-':
			if n := len(folded); n > 0 && folded[n-1].r != ' ' {
				folded = append(folded, letter{r: ' '})
			}
			continue
		case unicode.In(r, invisible...) || skinTone(r):
			continue
		case strings.ContainsRune("‘’ʼ", r):
			r = '\''
		}
		folded = referenceLetters(folded, r)
	}
	if n := len(folded); n > 0 && folded[n-1].r == ' ' {
		folded = folded[:n-1]
	}
	return folded
}

func referenceLetters(folded []letter, r rune) []letter {
	// Without the iota subscript, which case folding turns into a letter.
	small := norm.NFC.String(strings.ReplaceAll(norm.NFD.String(string(r)), string(iotaSubscript), ""))
	if small = cases.Fold().String(small); small == "" {
		return folded
	}
	if parts := []rune(norm.NFD.String(small)); parts[0] < 0x0900 || unicode.IsMark(parts[0]) {
		small = string(parts)
	}
	for _, r := range small {
		n := len(folded)
		switch {
		case r == '\u0308' && n > 0 && strings.ContainsRune("aou", folded[n-1].r):
			folded[n-1].e = true
		case unicode.IsMark(r) && (unicode.Is(unicode.Inherited, r) || n == 0 || folded[n-1].r < 0x0900 || folded[n-1].r == 0xFFFD):
		case r == 'ø':
			folded = append(folded, letter{'o', true})
		case r == 'æ':
			folded = append(folded, letter{r: 'a'}, letter{r: 'e'})
		case r == 'œ':
			folded = append(folded, letter{r: 'o'}, letter{r: 'e'})
		default:
			if bare, ok := unstroked[r]; ok {
				r = bare
			}
			folded = append(folded, letter{r: r})
		}
	}
	return folded
}

// referenceRead spells the umlauts with or without e, and replaces look-alikes if as is not negative.
func referenceRead(letters []letter, e bool, as look) (text []rune) {
	for _, l := range letters {
		r := l.r
		if as >= 0 {
			if latin, ok := latinOf(r, as); ok {
				r = rune(latin)
			}
		}
		if text = append(text, r); l.e && e {
			text = append(text, 'e')
		}
	}
	return text
}

// referenceApart puts a space between words that are joined without one.
func referenceApart(text string) string {
	runes := []rune(norm.NFKC.String(text))
	small := func(i int) bool {
		return i >= 0 && i < len(runes) && runes[i] < lastKnown && isWord(runes[i]) && foldCase(runes[i]) == runes[i] && !unicode.IsNumber(runes[i])
	}
	large := func(i int) bool {
		return i >= 0 && i < len(runes) && runes[i] < lastKnown && foldCase(runes[i]) != runes[i]
	}
	var apart []rune
	for i, r := range runes {
		afterSmall := i > 0 && runes[i-1] < lastKnown && (small(i-1) || isWord(runes[i-1]) && unicode.IsNumber(runes[i-1]))
		if large(i) && (afterSmall || large(i-1) && small(i+1)) {
			apart = append(apart, ' ')
		}
		apart = append(apart, r)
	}
	return string(apart)
}

// spaces is what stands for one space in an entry.
var spaces = regexp.MustCompile(`[ _-]+`)

// reference is an entry with its stars.
type reference struct {
	words []letter
	stars stars
}

// referenceMatch reports whether the entry occurs in the text.
func referenceMatch(entry, text string, guarded bool) bool {
	bare, stars, err := cutStars(trim(entry))
	if err != nil {
		return false
	}
	e := reference{referenceFold(bare), stars}
	var s scratch
	s.read(text, false)
	letters, apart := referenceFold(text), referenceFold(referenceApart(text))
	if guarded {
		for i, l := range e.words {
			if latin, ok := latinOf(l.r, small); ok {
				e.words[i].r = rune(latin)
			}
		}
		readings := slices.Clone(s.undisguised) // compared with examples elsewhere
		if s.hasIAsL {
			readings = append(readings, s.iAsL)
		}
		if s.hasTight {
			readings = append(readings, s.tight)
		}
		for _, v := range readings {
			if e.find([]rune(spaces.ReplaceAllString(string(v.text), " "))) {
				return true
			}
		}
		if slices.ContainsFunc(letters, func(l letter) bool { _, is := latinOf(l.r, small); return is }) {
			return e.find(referenceRead(letters, false, small)) || e.find(referenceRead(letters, true, capital)) ||
				e.find(referenceRead(apart, false, small))
		}
	}
	return e.find(referenceRead(letters, false, -1)) || e.find(referenceRead(letters, true, -1)) ||
		e.find(referenceRead(apart, false, -1)) || e.find(referenceRead(apart, true, -1))
}

func (e reference) find(text []rune) bool {
	for from := range text {
		if !e.stars.before && from > 0 && isWord(text[from-1]) && isWord(text[from]) && isWord(e.words[0].r) {
			continue
		}
		if e.at(e.words, text, from, 0, false) {
			return true
		}
	}
	return false
}

// at tries the entry at text[at]. umlauts counts the umlauts before it, lastE is the spelling of the last one.
func (e reference) at(words []letter, text []rune, at, umlauts int, lastE bool) bool {
	if len(words) == 0 {
		return e.stars.after || at == len(text) || !isWord(text[at]) || !isWord(text[at-1])
	}
	if at == len(text) || text[at] != words[0].r {
		return false
	}
	if !words[0].e {
		return e.at(words[1:], text, at+1, umlauts, lastE)
	}
	free := umlauts < maxMixed
	if (free || !lastE) && e.at(words[1:], text, at+1, umlauts+1, false) {
		return true
	}
	return (free || lastE) && at+1 < len(text) && text[at+1] == 'e' && e.at(words[1:], text, at+2, umlauts+1, true)
}
