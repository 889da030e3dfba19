package censor

import "unicode/utf8"

//go:generate go run ./generate $CONFUSABLES

// look is the case in which letters are compared by their shapes.
type look int

const (
	small look = iota
	capital
)

// lookalikes are pairs of a letter in folded form and the Latin letter that it resembles, by its small or its capital form. They come before the
// confusables of UTS #39 (see generate), which know of two letters only that they look the same. Within one alphabet no two
// common letters map to the same Latin one, so that different Cyrillic words stay different.
//
// Entries and reports are both mapped. So a blocked Cyrillic word still finds itself; it also finds a Latin word of
// the same shape (СОР, COP), which is the price of finding disguised words.
const lookalikes = "" +
	// Cyrillic; в, г, к, м, н, т by their capitals or their small-capital looks.
	"аaвbгrеeѕsіiјjкkмmнhоoпnрpсcтtуyхxһhԁdԛqԝwӏlѵvԍgүyғf" +
	// Greek, except the letters below
	"αaβbεeζzιiκkμmοoρpτtχxωwϳj" +
	// Latin small capitals and letters of phonetic script
	"ᴀaʙbᴄcᴅdᴇeꜰfɢgʜhɪiᴊjᴋkʟlᴍmɴnᴏoᴘpꞯqʀrꜱsᴛtᴜuᴠvᴡwʏyᴢz" +
	"ɑaɓbƈcɖdɗdəeɛeƒfɠgɡgɦhɨiɩiʝjƙkɫlɱmɲnŋnɔoɵoƥpʠqɾrʂsʈtʉuʊuʋvʍwʎyƴyʐzƶz"

// fonts are letters of Canadian syllabics and of Cherokee, with three of Ethiopic, in the "fonts" of pages that disguise texts.
const fonts = "ᗩaᗫdᙓeᖴfᘜgᑎnᑫqᔕsᘮuᐯvᗯwᘔzᑕcꮧaᏸbꮄdꮛeꭶfꮆgꮒhꭵiꮰjꮶkꮭlꮇmꮑnꭷoꭾpꭴqꮢrꮥsꮦtꮼuꮙvꮗwꭹyፈcጀxፚz"

// newer are digits and letters of Unicode 16 and 17, which the generated table and Go do not know: outlined digits, Tolong Siki, Beria Erfe.
const newer = "\U0001CCF0o\U0001CCF1l\U00011DE0o\U00011DE1l\U00011DDAl\U00016EAAl"

// The Greek letters whose small form resembles a different Latin letter than their capital: γ η ν υ.
const (
	lookalikesSmall   = lookalikes + "γyηnνvυu"
	lookalikesCapital = lookalikes + "ηhνnυy"
)

// lookalike maps the alphabets of Europe by index, and the other letters (phonetic script) by key.
var lookalike = [...]latins{
	small:   newLatins(namedLetters + fonts + confusablesSmall + newer + lookalikesSmall),
	capital: newLatins(namedLetters + fonts + confusablesSmall + confusablesCapital + newer + lookalikesCapital),
}

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

// skeleton appends folded text with look-alike letters replaced by Latin ones, and reports whether there were any.
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

// latinOf returns the Latin letter that r resembles.
func latinOf(r rune, as look) (byte, bool) {
	switch {
	case 0 <= r && r < lastKnown:
		latin := lookalike[as].known[r]
		return latin, latin != 0
	case 0x1F150 <= r && r <= 0x1F169: // white on a black circle
		return byte(r-0x1F150) + 'a', true
	case 0x1CCD6 <= r && r <= 0x1CCEF: // outlined, since Unicode 16
		return byte(r-0x1CCD6) + 'a', true
	case 0x1F170 <= r && r <= 0x1F189: // white on a black square
		return byte(r-0x1F170) + 'a', true
	}
	latin, ok := lookalike[as].other[r]
	return latin, ok
}
