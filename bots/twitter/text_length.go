package twitter

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// What X counts: https://docs.x.com/fundamentals/counting-characters, and the configuration that the page names as the exact
// definition, config/v3.json of github.com/twitter/twitter-text.
const (
	maxWeight  = 280
	linkWeight = 23 // any link, however long: X replaces it by one to t.co
	heavy      = 2  // emoji, and all characters that are not light
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
		one := unit{text: text[:size], weight: heavy, space: unicode.IsSpace(r)}
		if light(r) {
			one.weight = 1
		}
		all = append(all, one)
		text = text[size:]
	}
	return all
}

func sum(all []unit) int {
	total := 0
	for _, one := range all {
		total += one.weight
	}
	return total
}

// weight returns the length that X counts for a text. Where X may or may not treat something as a link or as one emoji, it is
// the greater one.
func weight(text string) int { return sum(units(norm.NFC.String(text))) }

// ellipsis marks a cut.
const ellipsis = "…"

// truncate shortens a text to a weight, at the end of a word if there is one in the second half, and returns it in NFC.
func truncate(text string, limit int) string {
	text = norm.NFC.String(text)
	all := units(text)
	if sum(all) <= limit {
		return text
	}
	end := 0
	for left := limit - weight(ellipsis); end < len(all) && all[end].weight <= left; end++ {
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
		if cut := join(all[:end]) + ellipsis; weight(cut) <= limit {
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
