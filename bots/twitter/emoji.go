package twitter

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Characters that make one emoji of several (Unicode Technical Standard 51, https://www.unicode.org/reports/tr51/).
const (
	joiner    = '\u200D'     // ZERO WIDTH JOINER
	asEmoji   = '\uFE0F'     // VARIATION SELECTOR-16
	keycap    = '\u20E3'     // COMBINING ENCLOSING KEYCAP
	blackFlag = '\U0001F3F4' // begins the flags of England, Scotland and Wales
	tagEnd    = '\U000E007F'
)

// pictures are characters that are emoji, or may be shown as such.
var pictures = &unicode.RangeTable{
	R16: []unicode.Range16{
		{0x00A9, 0x00AE, 5}, {0x203C, 0x203C, 1}, {0x2049, 0x2049, 1}, {0x2122, 0x2122, 1}, {0x2139, 0x2139, 1},
		{0x2194, 0x2199, 1}, {0x21A9, 0x21AA, 1}, {0x231A, 0x231B, 1}, {0x2328, 0x2328, 1}, {0x23CF, 0x23CF, 1},
		{0x23E9, 0x23F3, 1}, {0x23F8, 0x23FA, 1}, {0x24C2, 0x24C2, 1}, {0x25AA, 0x25AB, 1}, {0x25B6, 0x25B6, 1},
		{0x25C0, 0x25C0, 1}, {0x25FB, 0x25FE, 1}, {0x2600, 0x2604, 1}, {0x260E, 0x260E, 1}, {0x2611, 0x2611, 1},
		{0x2614, 0x2615, 1}, {0x2618, 0x2618, 1}, {0x261D, 0x261D, 1}, {0x2620, 0x2620, 1}, {0x2622, 0x2623, 1},
		{0x2626, 0x2626, 1}, {0x262A, 0x262A, 1}, {0x262E, 0x262F, 1}, {0x2638, 0x263A, 1}, {0x2640, 0x2640, 1},
		{0x2642, 0x2642, 1}, {0x2648, 0x2653, 1}, {0x265F, 0x2660, 1}, {0x2663, 0x2663, 1}, {0x2665, 0x2666, 1},
		{0x2668, 0x2668, 1}, {0x267B, 0x267B, 1}, {0x267E, 0x267F, 1}, {0x2692, 0x2697, 1}, {0x2699, 0x2699, 1},
		{0x269B, 0x269C, 1}, {0x26A0, 0x26A1, 1}, {0x26A7, 0x26A7, 1}, {0x26AA, 0x26AB, 1}, {0x26B0, 0x26B1, 1},
		{0x26BD, 0x26BE, 1}, {0x26C4, 0x26C5, 1}, {0x26C8, 0x26C8, 1}, {0x26CE, 0x26CF, 1}, {0x26D1, 0x26D1, 1},
		{0x26D3, 0x26D4, 1}, {0x26E9, 0x26EA, 1}, {0x26F0, 0x26F5, 1}, {0x26F7, 0x26FA, 1}, {0x26FD, 0x26FD, 1},
		{0x2702, 0x2702, 1}, {0x2705, 0x2705, 1}, {0x2708, 0x270D, 1}, {0x270F, 0x270F, 1}, {0x2712, 0x2712, 1},
		{0x2714, 0x2714, 1}, {0x2716, 0x2716, 1}, {0x271D, 0x271D, 1}, {0x2721, 0x2721, 1}, {0x2728, 0x2728, 1},
		{0x2733, 0x2734, 1}, {0x2744, 0x2744, 1}, {0x2747, 0x2747, 1}, {0x274C, 0x274C, 1}, {0x274E, 0x274E, 1},
		{0x2753, 0x2755, 1}, {0x2757, 0x2757, 1}, {0x2763, 0x2764, 1}, {0x2795, 0x2797, 1}, {0x27A1, 0x27A1, 1},
		{0x27B0, 0x27B0, 1}, {0x27BF, 0x27BF, 1}, {0x2934, 0x2935, 1}, {0x2B05, 0x2B07, 1}, {0x2B1B, 0x2B1C, 1},
		{0x2B50, 0x2B50, 1}, {0x2B55, 0x2B55, 1}, {0x3030, 0x3030, 1}, {0x303D, 0x303D, 1}, {0x3297, 0x3299, 2},
	},
	R32:         []unicode.Range32{{0x1F000, 0x1F1E5, 1}, {0x1F200, 0x1F3FA, 1}, {0x1F400, 0x1FAFF, 1}},
	LatinOffset: 1,
}

// toned are the emoji of people and hands, which can have a skin tone (Emoji_Modifier_Base).
var toned = &unicode.RangeTable{
	R16: []unicode.Range16{{0x261D, 0x261D, 1}, {0x26F9, 0x26F9, 1}, {0x270A, 0x270D, 1}},
	R32: []unicode.Range32{
		{0x1F385, 0x1F385, 1}, {0x1F3C2, 0x1F3C4, 1}, {0x1F3C7, 0x1F3C7, 1}, {0x1F3CA, 0x1F3CC, 1}, {0x1F442, 0x1F443, 1},
		{0x1F446, 0x1F450, 1}, {0x1F466, 0x1F478, 1}, {0x1F47C, 0x1F47C, 1}, {0x1F481, 0x1F483, 1}, {0x1F485, 0x1F487, 1},
		{0x1F48F, 0x1F48F, 1}, {0x1F491, 0x1F491, 1}, {0x1F4AA, 0x1F4AA, 1}, {0x1F574, 0x1F575, 1}, {0x1F57A, 0x1F57A, 1},
		{0x1F590, 0x1F590, 1}, {0x1F595, 0x1F596, 1}, {0x1F645, 0x1F647, 1}, {0x1F64B, 0x1F64F, 1}, {0x1F6A3, 0x1F6A3, 1},
		{0x1F6B4, 0x1F6B6, 1}, {0x1F6C0, 0x1F6C0, 1}, {0x1F6CC, 0x1F6CC, 1}, {0x1F90C, 0x1F90C, 1}, {0x1F90F, 0x1F90F, 1},
		{0x1F918, 0x1F91F, 1}, {0x1F926, 0x1F926, 1}, {0x1F930, 0x1F939, 1}, {0x1F93C, 0x1F93E, 1}, {0x1F977, 0x1F977, 1},
		{0x1F9B5, 0x1F9B6, 1}, {0x1F9B8, 0x1F9B9, 1}, {0x1F9BB, 0x1F9BB, 1}, {0x1F9CD, 0x1F9CF, 1}, {0x1F9D1, 0x1F9DD, 1},
	},
}

// joins are the characters that a joiner joins to others, as far as Unicode recommends it (emoji-zwj-sequences.txt, up to 13.1). Other
// combinations are shown, and counted, one by one.
var joins = []struct{ first, next string }{
	{"👨👩🧑", "👦👧👨👩🧑🤝❤💋" + things}, // families, couples, occupations
	{"❤", "💋👨👩🧑🔥🩹"}, {"💋🤝", "👨👩🧑"}, {"👦👧", "👦👧"},
	{"🏳", "🌈⚧"}, {"🏴", "☠"}, {"🐕", "🦺"}, {"🐈", "⬛"}, {"🐻", "❄"}, {"👁", "🗨"}, {"😮", "💨"}, {"😵", "💫"}, {"😶", "🌫"},
	{"👯🤼🧞🧟", sexes},
}

// things are joined to a person for an occupation or the hair, and end the emoji. So do the signs for sexes.
const (
	things = "⚕⚖✈🌾🍳🍼🎄🎓🎤🎨🏫🏭💻💼🔧🔬🚀🚒🦯🦼🦽🦰🦱🦲🦳"
	sexes  = "♀♂"
)

// joined reports whether a joiner makes one emoji of two characters.
func joined(first, next rune) bool {
	if unicode.Is(toned, first) && strings.ContainsRune(sexes, next) {
		return true
	}
	for _, pair := range joins {
		if strings.ContainsRune(pair.first, first) && strings.ContainsRune(pair.next, next) {
			return true
		}
	}
	return false
}

// emoji is how many bytes of text are one emoji at its beginning; 0 if there is none.
func emoji(text string) int {
	first, size := utf8.DecodeRuneInString(text)
	second, more := utf8.DecodeRuneInString(text[size:])
	switch {
	case first >= '0' && first <= '9' || first == '#' || first == '*':
		return keycapSize(text)
	case regional(first) && regional(second):
		return size + more // a flag is a country's two letters
	case regional(first):
		return size
	case first == blackFlag && second >= '\U000E0020' && second <= '\U000E007E':
		return flagSize(text)
	}
	end := element(text)
	for parts := 1; end > 0 && parts < 4; parts++ {
		r, size := utf8.DecodeRuneInString(text[end:])
		next, _ := utf8.DecodeRuneInString(text[end+size:])
		if r != joiner || !joined(first, next) {
			break
		}
		first, end = next, end+size+element(text[end+size:])
	}
	return end
}

func regional(r rune) bool { return r >= '\U0001F1E6' && r <= '\U0001F1FF' }

// element is the size of one picture with what belongs to it: a skin tone, or the request to be shown as an emoji.
func element(text string) int {
	r, size := utf8.DecodeRuneInString(text)
	if !unicode.Is(pictures, r) {
		return 0
	}
	next, more := utf8.DecodeRuneInString(text[size:])
	switch {
	case next >= '\U0001F3FB' && next <= '\U0001F3FF' && unicode.Is(toned, r), next == asEmoji:
		return size + more
	case light(r):
		return 0 // © and ® are emoji only when they ask for it
	}
	return size
}

func keycapSize(text string) int {
	rest := text[1:]
	if r, size := utf8.DecodeRuneInString(rest); r == asEmoji {
		rest = rest[size:]
	}
	if r, size := utf8.DecodeRuneInString(rest); r == keycap {
		return len(text) - len(rest) + size
	}
	return 0
}

// flagSize is the size of a black flag with tags: invisible letters, up to an end mark.
func flagSize(text string) int {
	for i, r := range text {
		if r == tagEnd {
			return i + utf8.RuneLen(r)
		}
		if i > 0 && (r < '\U000E0020' || r > '\U000E007E') {
			break
		}
	}
	return utf8.RuneLen(blackFlag)
}
