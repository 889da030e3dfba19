// Package tweettext knows the texts of X: how long it counts them, what it makes links and mentions of, and how a copy avoids both. It is pure.
//
// The rules are those of X's own library (github.com/twitter/twitter-text, version 3.1.0), against which test/peers compares them. Where it cannot be
// known what X counts, it is the greater length.
package tweettext

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// What X counts: https://docs.x.com/fundamentals/counting-characters, and the configuration that the page names as the exact
// definition, config/v3.json of github.com/twitter/twitter-text.
const (
	MaxWeight  = 280 // of a post
	linkWeight = 23  // any link, however long: X replaces it by one to t.co
	heavy      = 2   // emoji, and all characters that are not light
)

// light reports whether a character counts as one. The ranges are those of config/v3.json: most alphabets, and most punctuation.
func light(r rune) bool {
	return r <= 0x10FF || r >= 0x2000 && r <= 0x200D || r >= 0x2010 && r <= 0x201F || r >= 0x2032 && r <= 0x2037
}

// unit is a part of a text that X counts as a whole and that must not be cut.
type unit struct {
	text   string
	weight int
	space  bool
}

// units splits a text into links, emoji sequences, and single characters. The text must be in NFC.
func units(text string) []unit {
	var all []unit
	for _, part := range splitLinks(text) {
		if part.link {
			all = append(all, unit{text: part.text, weight: part.weight()})
			continue
		}
		all = append(all, characters(part.text)...)
	}
	return all
}

func characters(text string) []unit {
	var all []unit
	for text != "" {
		if size := emoji(text); size > 0 {
			all = append(all, unit{text: text[:size], weight: heavy})
			text = text[size:]
			continue
		}
		r, size := utf8.DecodeRuneInString(text)
		all = append(all, unit{text: text[:size], weight: characterWeight(r), space: unicode.IsSpace(r)})
		text = text[size:]
	}
	return all
}

func characterWeight(r rune) int {
	if light(r) {
		return 1
	}
	return heavy
}

// lengthOfCharacters returns the length of a text without links and emoji.
func lengthOfCharacters(text string) int {
	total := 0
	for _, r := range text {
		total += characterWeight(r)
	}
	return total
}

func sum(all []unit) int {
	total := 0
	for _, one := range all {
		total += one.weight
	}
	return total
}

// Weight returns the length that X counts for a text.
func Weight(text string) int { return sum(units(norm.NFC.String(text))) }

// ellipsis marks a cut.
const ellipsis = "…"

// Truncate shortens a text to a weight, at the end of a word if there is one in the second half, and returns it in NFC.
func Truncate(text string, limit int) string {
	text = norm.NFC.String(text)
	all := units(text)
	if sum(all) <= limit {
		return text
	}
	end := 0
	for left := limit - Weight(ellipsis); end < len(all) && all[end].weight <= left; end++ {
		left -= all[end].weight
	}
	for i := end; i > end/2; i-- {
		if all[i].space {
			end = i
			break
		}
	}
	for ; end > 0; end-- {
		// A link without its end may count differently.
		if cut := join(all[:end]) + ellipsis; Weight(cut) <= limit {
			return cut
		}
	}
	return ""
}

func join(all []unit) string {
	var out strings.Builder
	for _, one := range all {
		out.WriteString(one.text)
	}
	return strings.TrimRightFunc(out.String(), unicode.IsSpace)
}
