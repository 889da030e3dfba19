package read

import (
	"slices"
	"strings"
)

// canonical replaces the shortened type of a stop, also at the end of a word: "Pankstraße" and "Pankstr" become the same.
func (v *vocabulary) canonical(word string) string {
	if whole, ok := v.types[word]; ok {
		return whole
	}
	for _, end := range v.typeEnds {
		if len(end.short) > 2 && len(word) > len(end.short)+2 && strings.HasSuffix(word, end.short) {
			return word[:len(word)-len(end.short)] + end.whole
		}
	}
	return word
}

// isOrdinal reports whether a token only makes an ordinal of the number before it: the "th" of "14th Street", but not the "st" of "51st", which is short for a street.
func (v *vocabulary) isOrdinal(tokens []token, i int) bool {
	t := tokens[i]
	if i == 0 || t.gap != glued || !tokens[i-1].digits || !slices.Contains(v.ordinals, t.text) {
		return false
	}
	_, isType := v.types[t.text]
	if !isType {
		return true
	}
	if i+1 == len(tokens) || tokens[i+1].gap >= stroke {
		return false
	}
	_, typeFollows := v.types[tokens[i+1].text]
	return typeFollows
}

// isType reports whether a canonical word is the type of a stop.
func (v *vocabulary) isType(word string) bool {
	whole, ok := v.types[word]
	return ok && whole == word
}

// splitType splits a canonical word before the type at its end, if it has one.
func (v *vocabulary) splitType(word string) (stem, ending string) {
	for _, end := range v.typeEnds {
		if end.short == end.whole && len(end.whole) > 2 && strings.HasSuffix(word, end.whole) {
			return strings.TrimSuffix(word, end.whole), end.whole
		}
	}
	return "", ""
}

// withoutType cuts the type from the end of a longer canonical word: "hermann" of "hermannplatz".
func (v *vocabulary) withoutType(word string) string {
	for _, end := range v.typeEnds {
		if end.short == end.whole && len(end.whole) > 2 && len(word) > len(end.whole)+2 && strings.HasSuffix(word, end.whole) {
			return word[:len(word)-len(end.whole)]
		}
	}
	return word
}
