package censor

import "unicode/utf8"

// look is the case in which letters are compared by their looks.
type look int

const (
	small look = iota
	capital
)

// lookalikes are letters that readers take for Latin ones, in folded form, each before its Latin letter; written
// from general knowledge of the confusables of UTS #39 (Unicode security mechanisms). Within one alphabet no two
// letters of a city's usual language share a Latin one, so that different Cyrillic words stay different.
//
// Entries and reports go through this alike. So a blocked Cyrillic word finds itself; and it finds a Latin word that
// looks the same (СОР, COP), which is the price of finding the disguise.
const lookalikes = "" +
	// Cyrillic; в, г, к, м, н, т by their capitals or their small-capital looks.
	"аaвbгrеeѕsіiјjкkмmнhоoпnрpсcтtуyхxһhԁdԛqԝwӏlѵvԍgүyғf" +
	// Greek, but for those that have two looks.
	"αaβbεeζzιiκkμmοoρpτtχxωwϳj" +
	// Armenian
	"օoսuոnհhզq" +
	// Latin small capitals and letters of phonetic script
	"ᴀaʙbᴄcᴅdᴇeꜰfɢgʜhɪiᴊjᴋkʟlᴍmɴnᴏoᴘpꞯqʀrꜱsᴛtᴜuᴠvᴡwʏyᴢz" +
	"ɑaɓbƈcɖdɗdəeɛeƒfɠgɡgɦhɨiɩiʝjƙkɫlɱmɲnŋnɔoɵoƥpʠqɾrʂsʈtʉuʊuʋvʍwʎyƴyʐzƶz"

// The Greek letters whose small form looks like another Latin letter than their capital: γ η ν υ.
const (
	lookalikesSmall   = lookalikes + "γyηnνvυu"
	lookalikesCapital = lookalikes + "ηhνnυy"
)

// lookalike holds those of the alphabets of Europe by number, and the others, in phonetic script, by key.
var lookalike = [...]latins{small: newLatins(lookalikesSmall), capital: newLatins(lookalikesCapital)}

type latins struct {
	known [lastKnown]byte // 0 is none
	other map[rune]byte
}

func newLatins(text string) latins {
	l := latins{other: map[rune]byte{}}
	for r, latin := range pairs(text) {
		if r < lastKnown {
			l.known[r] = latin
		} else {
			l.other[r] = latin
		}
	}
	return l
}

func pairs(text string) map[rune]byte {
	latin := map[rune]byte{}
	for runes := []rune(text); len(runes) > 1; runes = runes[2:] {
		latin[runes[0]] = byte(runes[1])
	}
	return latin
}

// skeleton appends folded text with look-alike letters made Latin, and reports whether there were any.
func skeleton(dst, folded []byte, as look) ([]byte, bool) {
	found := false
	for i := 0; i < len(folded); {
		if folded[i] < utf8.RuneSelf {
			dst = append(dst, folded[i])
			i++
			continue
		}
		r, size := utf8.DecodeRune(folded[i:])
		if latin, ok := latinOf(r, as); ok {
			dst, found = append(dst, latin), true
		} else {
			dst = append(dst, folded[i:i+size]...)
		}
		i += size
	}
	return dst, found
}

// latinOf returns the Latin letter that r looks like.
func latinOf(r rune, as look) (byte, bool) {
	switch {
	case 0 <= r && r < lastKnown:
		latin := lookalike[as].known[r]
		return latin, latin != 0
	case 0x1F150 <= r && r <= 0x1F169: // white on a black circle
		return byte(r-0x1F150) + 'a', true
	case 0x1F170 <= r && r <= 0x1F189: // white on a black square
		return byte(r-0x1F170) + 'a', true
	}
	latin, ok := lookalike[as].other[r]
	return latin, ok
}
