package read

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"linienfunk/transit/network"
)

// Shape is a part of a message that looks like the name of a line in any city, as far as one can tell without a network: letters and digits ("U8", "s 41", "N7X"), or a word for a
// kind of line with a number or letter ("Tram 4", "the 7 train", "ligne B").
type Shape struct {
	Start, End int // bytes of the message
	// Name is the same however riders write the line: "U8" for "u 8" and "u8er"; a kind, as network.Kind has it, and the number for "Straßenbahn 4": "TRAM 4"; the number or letter
	// alone behind a word for any line: "7"; "RING" for a ring line without a number.
	Name string
}

// maxLineDigits tells lines from years and postcodes.
const maxLineDigits = 3

// findShapes finds what looks like a line.
func (g *reading) findShapes() (shapes []Shape) {
	for i := 0; i < len(g.tokens); i++ {
		if g.used[i] {
			continue
		}
		from, to, name := g.shapeAt(i)
		if to == 0 {
			continue
		}
		for k := from; k < to; k++ {
			g.used[k] = true
		}
		shapes = append(shapes, Shape{g.tokens[from].start, g.tokens[to-1].end, name})
		i = to - 1
	}
	return shapes
}

// shapeAt reads a line whose first token, but for a word like "s-" in "s-bahn 4", is i; to is 0 if there is none.
func (g *reading) shapeAt(i int) (from, to int, name string) {
	t := g.tokens[i]
	if t.digits {
		return g.numberBeforeWord(i)
	}
	if to, name = g.lettersWithDigits(i, false); to > 0 {
		return i, to, name
	}
	kinds := t.kinds &^ lineArticle
	if kinds == 0 {
		return 0, 0, ""
	}
	if next := i + 1; next < len(g.tokens) && g.tokens[next].gap <= space && !g.used[next] {
		if to, name = g.nameBehindWord(next, kinds); to > 0 {
			for from = i; from > 0 && g.tokens[from].gap <= hyphen && g.tokens[from-1].kinds&kinds != 0 && !g.used[from-1]; from-- {
			}
			return from, to, name
		}
	}
	if kinds&ringLine != 0 && g.standsAlone(i) {
		return i, i + 1, "RING"
	}
	return 0, 0, ""
}

// lettersWithDigits reads "U8", "U-8", "u 8", "u8er", "N7X". A rider who has said that it is a line may call it A1, which else is a motorway or a house.
func (g *reading) lettersWithDigits(i int, said bool) (to int, name string) {
	letters := g.tokens[i]
	if i+1 >= len(g.tokens) || !g.isNumber(i+1) || i > 0 && letters.gap == glued && (g.tokens[i-1].digits || !letters.upper) {
		return 0, ""
	}
	digits := g.tokens[i+1]
	known := slices.Contains(g.reader.words.letters, letters.text)
	raw := g.text[letters.start:letters.end]
	capitals := utf8.RuneCountInString(raw) <= 2 && strings.ToUpper(raw) == raw && raw[0] > '9'
	switch between := g.text[letters.end:digits.start]; {
	case !said && letters.text == "a", !known && !capitals && utf8.RuneCountInString(letters.text) != 1:
		return 0, ""
	case between == "", between == "-":
		if letters.text == "x" && len(digits.text) == 1 || letters.text == "m" && i > 0 && g.tokens[i-1].digits {
			return 0, "" // x2, 60 m2
		}
	case between != " " || !known && !capitals || letters.roles&people != 0 || g.counts(i+1):
		return 0, ""
	}
	to, name = i+2, strings.ToUpper(letters.text)+digits.text
	return g.lineEnding(to, name)
}

// isNumber reports whether a token is a number that a line may have: no year, time, price or share.
func (g *reading) isNumber(i int) bool {
	t := g.tokens[i]
	if !t.digits || len(t.text) > maxLineDigits || t.text[0] == '0' || g.used[i] || g.isTime(i) {
		return false
	}
	after := strings.TrimLeft(g.text[t.end:], " ")
	for _, unit := range []string{"€", "$", "£", "%", "°", "zł"} {
		if strings.HasPrefix(after, unit) || unit != "%" && strings.HasSuffix(strings.TrimRight(g.text[:t.start], " "), unit) {
			return false
		}
	}
	return i+1 >= len(g.tokens) || !strings.HasPrefix(g.tokens[i+1].text, "eur")
}

// lineEnding reads what may be glued to the digits of a line: an ending of the language, as in "u8er", or a capital.
func (g *reading) lineEnding(to int, name string) (int, string) {
	if to >= len(g.tokens) || g.tokens[to].gap > hyphen {
		return to, name
	}
	t := g.tokens[to]
	switch {
	case slices.Contains(g.reader.words.endings, t.text):
		return to + 1, name
	case t.gap != glued || utf8.RuneCountInString(t.text) > 1:
		return to, name
	case t.upper && (to+1 >= len(g.tokens) || g.tokens[to+1].gap != glued):
		return to + 1, name + strings.ToUpper(t.text)
	}
	return 0, "" // "2x", "h5n1"
}

// nameBehindWord reads the number, letter or name behind a word for a line.
func (g *reading) nameBehindWord(i int, kinds kindSet) (to int, name string) {
	t := g.tokens[i]
	if t.digits {
		if !g.isNumber(i) {
			return 0, ""
		}
		to, name = g.lineEnding(i+1, t.text)
		if to == 0 || g.counts(to-1) {
			return 0, ""
		}
		return to, kindName(kinds) + name
	}
	if to, name = g.lettersWithDigits(i, true); to > 0 {
		return to, name
	}
	if first, _ := utf8.DecodeRuneInString(g.text[t.start:t.end]); utf8.RuneCountInString(t.text) != 1 || unicode.ToLower(first) > unicode.MaxLatin1 && !t.upper ||
		!t.upper && (t.roles != 0 || t.kinds != 0) || i+1 < len(g.tokens) && g.tokens[i+1].gap < space {
		return 0, "" // "tram à", "train d'Ivry"
	}
	return i + 1, kindName(kinds) + strings.ToUpper(t.text)
}

// numberBeforeWord reads "the 7 train", "41 bus"; not "2 trains".
func (g *reading) numberBeforeWord(i int) (from, to int, name string) {
	if !g.isNumber(i) || i > 0 && g.tokens[i].gap == glued {
		return 0, 0, ""
	}
	to, name = g.lineEnding(i+1, g.tokens[i].text)
	if to == 0 || to >= len(g.tokens) || g.used[to] || g.tokens[to].gap > space || g.counts(to-1) {
		return 0, 0, ""
	}
	word := g.tokens[to]
	if kinds := word.kinds &^ (lineArticle | ringLine); kinds != 0 && !g.reader.words.isPlural(word.text, kinds) {
		return i, to + 1, kindName(kinds) + name
	}
	return 0, 0, ""
}

// isPlural reports whether a word for lines is another one with an ending: "trains", "buses".
func (v *vocabulary) isPlural(word string, kinds kindSet) bool {
	for cut := 1; cut <= 2 && cut < len(word); cut++ {
		if v.exact[word[:len(word)-cut]].kinds&kinds != 0 {
			return true
		}
	}
	return false
}

// standsAlone reports whether no name stands in front of a word: "Kottbusser Ring" is no ring line.
func (g *reading) standsAlone(i int) bool {
	if i == 0 || g.tokens[i].gap >= pause {
		return true
	}
	before := g.tokens[i-1]
	return g.tokens[i].gap > hyphen && (before.roles != 0 || before.kinds != 0 || !before.upper)
}

// kindName is the kind in a Shape's name, with a space; nothing for a word that may be any line, as "train".
func kindName(kinds kindSet) string {
	for _, kind := range network.Kinds {
		if kinds&kindBit(kind) != 0 && !(kind == network.Rail && kinds&anyLine != 0) {
			return strings.ToUpper(string(kind)) + " "
		}
	}
	return ""
}
