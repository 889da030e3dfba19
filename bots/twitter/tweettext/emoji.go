package tweettext

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
)

// Which emoji X counts as one depends on the version of Twemoji that it runs, which it does not say. These are the emoji of several characters
// that both Twemoji 11, with which X has published its library, and Twemoji 17 know: mostly those of Emoji 11. The others are counted
// character by character, as one of the two does.

// selectable are the characters that make one emoji with the selector asEmoji. With others the selector counts by itself.
var selectable = &unicode.RangeTable{
	R16: []unicode.Range16{
		{0x00A9, 0x00A9, 1}, {0x00AE, 0x00AE, 1}, {0x203C, 0x203C, 1}, {0x2049, 0x2049, 1}, {0x2122, 0x2122, 1}, {0x2139, 0x2139, 1},
		{0x2194, 0x2199, 1}, {0x21A9, 0x21AA, 1}, {0x231A, 0x231B, 1}, {0x2328, 0x2328, 1}, {0x23CF, 0x23CF, 1}, {0x23ED, 0x23EF, 1},
		{0x23F1, 0x23F2, 1}, {0x23F8, 0x23FA, 1}, {0x24C2, 0x24C2, 1}, {0x25AA, 0x25AB, 1}, {0x25B6, 0x25B6, 1}, {0x25C0, 0x25C0, 1},
		{0x25FB, 0x25FE, 1}, {0x2600, 0x2604, 1}, {0x260E, 0x260E, 1}, {0x2611, 0x2611, 1}, {0x2614, 0x2615, 1}, {0x2618, 0x2618, 1},
		{0x2620, 0x2620, 1}, {0x2622, 0x2623, 1}, {0x2626, 0x2626, 1}, {0x262A, 0x262A, 1}, {0x262E, 0x262F, 1}, {0x2638, 0x263A, 1},
		{0x2640, 0x2640, 1}, {0x2642, 0x2642, 1}, {0x2648, 0x2653, 1}, {0x265F, 0x2660, 1}, {0x2663, 0x2663, 1}, {0x2665, 0x2666, 1},
		{0x2668, 0x2668, 1}, {0x267B, 0x267B, 1}, {0x267F, 0x267F, 1}, {0x2692, 0x2697, 1}, {0x2699, 0x2699, 1}, {0x269B, 0x269C, 1},
		{0x26A0, 0x26A1, 1}, {0x26AA, 0x26AB, 1}, {0x26B0, 0x26B1, 1}, {0x26BD, 0x26BE, 1}, {0x26C4, 0x26C5, 1}, {0x26C8, 0x26C8, 1},
		{0x26CF, 0x26CF, 1}, {0x26D1, 0x26D1, 1}, {0x26D3, 0x26D4, 1}, {0x26E9, 0x26EA, 1}, {0x26F0, 0x26F5, 1}, {0x26F8, 0x26F8, 1},
		{0x26FA, 0x26FA, 1}, {0x26FD, 0x26FD, 1}, {0x2702, 0x2702, 1}, {0x2708, 0x2709, 1}, {0x270F, 0x270F, 1}, {0x2712, 0x2712, 1},
		{0x2714, 0x2714, 1}, {0x2716, 0x2716, 1}, {0x271D, 0x271D, 1}, {0x2721, 0x2721, 1}, {0x2733, 0x2734, 1}, {0x2744, 0x2744, 1},
		{0x2747, 0x2747, 1}, {0x2757, 0x2757, 1}, {0x2763, 0x2764, 1}, {0x27A1, 0x27A1, 1}, {0x2934, 0x2935, 1}, {0x2B05, 0x2B07, 1},
		{0x2B1B, 0x2B1C, 1}, {0x2B50, 0x2B50, 1}, {0x2B55, 0x2B55, 1}, {0x3030, 0x3030, 1}, {0x303D, 0x303D, 1}, {0x3297, 0x3297, 1},
		{0x3299, 0x3299, 1},
	},
	R32: []unicode.Range32{
		{0x1F004, 0x1F004, 1}, {0x1F170, 0x1F171, 1}, {0x1F17E, 0x1F17F, 1}, {0x1F202, 0x1F202, 1}, {0x1F21A, 0x1F21A, 1},
		{0x1F22F, 0x1F22F, 1}, {0x1F237, 0x1F237, 1}, {0x1F321, 0x1F321, 1}, {0x1F324, 0x1F32C, 1}, {0x1F336, 0x1F336, 1},
		{0x1F37D, 0x1F37D, 1}, {0x1F396, 0x1F397, 1}, {0x1F399, 0x1F39B, 1}, {0x1F39E, 0x1F39F, 1}, {0x1F3CD, 0x1F3CE, 1},
		{0x1F3D4, 0x1F3DF, 1}, {0x1F3F3, 0x1F3F3, 1}, {0x1F3F5, 0x1F3F5, 1}, {0x1F3F7, 0x1F3F7, 1}, {0x1F43F, 0x1F43F, 1},
		{0x1F441, 0x1F441, 1}, {0x1F4FD, 0x1F4FD, 1}, {0x1F549, 0x1F54A, 1}, {0x1F56F, 0x1F570, 1}, {0x1F573, 0x1F573, 1},
		{0x1F576, 0x1F579, 1}, {0x1F587, 0x1F587, 1}, {0x1F58A, 0x1F58D, 1}, {0x1F5A5, 0x1F5A5, 1}, {0x1F5A8, 0x1F5A8, 1},
		{0x1F5B1, 0x1F5B2, 1}, {0x1F5BC, 0x1F5BC, 1}, {0x1F5C2, 0x1F5C4, 1}, {0x1F5D1, 0x1F5D3, 1}, {0x1F5DC, 0x1F5DE, 1},
		{0x1F5E1, 0x1F5E1, 1}, {0x1F5E3, 0x1F5E3, 1}, {0x1F5E8, 0x1F5E8, 1}, {0x1F5EF, 0x1F5EF, 1}, {0x1F5F3, 0x1F5F3, 1},
		{0x1F5FA, 0x1F5FA, 1}, {0x1F6CB, 0x1F6CB, 1}, {0x1F6CD, 0x1F6CF, 1}, {0x1F6E0, 0x1F6E5, 1}, {0x1F6E9, 0x1F6E9, 1},
		{0x1F6F0, 0x1F6F0, 1}, {0x1F6F3, 0x1F6F3, 1},
	},
	LatinOffset: 1,
}

// toned are the emoji of people and hands that can have a skin tone.
var toned = &unicode.RangeTable{
	R16: []unicode.Range16{{0x270A, 0x270B, 1}},
	R32: []unicode.Range32{
		{0x1F385, 0x1F385, 1}, {0x1F3C2, 0x1F3C4, 1}, {0x1F3C7, 0x1F3C7, 1}, {0x1F3CA, 0x1F3CA, 1}, {0x1F442, 0x1F443, 1},
		{0x1F446, 0x1F450, 1}, {0x1F466, 0x1F469, 1}, {0x1F46E, 0x1F46E, 1}, {0x1F470, 0x1F478, 1}, {0x1F47C, 0x1F47C, 1},
		{0x1F481, 0x1F483, 1}, {0x1F485, 0x1F487, 1}, {0x1F4AA, 0x1F4AA, 1}, {0x1F57A, 0x1F57A, 1}, {0x1F595, 0x1F596, 1},
		{0x1F645, 0x1F647, 1}, {0x1F64B, 0x1F64F, 1}, {0x1F6A3, 0x1F6A3, 1}, {0x1F6B4, 0x1F6B6, 1}, {0x1F6C0, 0x1F6C0, 1},
		{0x1F6CC, 0x1F6CC, 1}, {0x1F918, 0x1F91C, 1}, {0x1F91E, 0x1F91F, 1}, {0x1F926, 0x1F926, 1}, {0x1F930, 0x1F939, 1},
		{0x1F93D, 0x1F93E, 1}, {0x1F9B5, 0x1F9B6, 1}, {0x1F9B8, 0x1F9B9, 1}, {0x1F9D1, 0x1F9DD, 1},
	},
}

// sexed are the emoji of people to which a sign for a sex can be joined. Those of sexedAsked need a skin tone or asEmoji before it; those of
// sexedBare cannot have a skin tone.
const (
	sexed      = "🏃🏄🏊👮👱👳👷💁💂💆💇🙅🙆🙇🙋🙍🙎🚣🚴🚵🚶🤦🤵🤷🤸🤹🤽🤾🦸🦹🧖🧗🧘🧙🧚🧛🧜🧝"
	sexedAsked = "🏋🏌🕴🕵⛹"
	sexedBare  = "👯🤼🧞🧟"
	sexes      = "♀♂"
)

// things are joined to a man or a woman for an occupation, or the hair. The signs are those that ask to be shown as emoji.
const (
	things = "🌾🍳🎓🎤🎨🏫🏭💻💼🔧🔬🚀🚒🦰🦱🦲🦳"
	signs  = "⚕⚖✈"
)

// groups are the other joined emoji, the longest first.
var groups = func() []string {
	all := []string{"🏳\uFE0F\u200D🌈", "🏴\u200D☠\uFE0F"}
	for _, heart := range []string{"\u200D❤\uFE0F\u200D💋\u200D", "\u200D❤\uFE0F\u200D"} {
		all = append(all, "👨"+heart+"👨", "👩"+heart+"👨", "👩"+heart+"👩")
	}
	for _, children := range []string{"\u200D👦\u200D👦", "\u200D👧\u200D👦", "\u200D👧\u200D👧", "\u200D👦", "\u200D👧"} {
		for _, parents := range []string{"👨\u200D👨", "👨\u200D👩", "👩\u200D👩", "👨", "👩"} {
			all = append(all, parents+children)
		}
	}
	return all
}()

// flags are the two letters of each flag, in the order of the first one.
var flags = []string{
	"CDEFGILMOQRSTUWXZ",       // A
	"ABDEFGHIJLMNOQRSTVWYZ",   // B
	"ACDFGHIKLMNOPRUVWXYZ",    // C
	"EGJKMOZ",                 // D
	"ACEGHRSTU",               // E
	"IJKMOR",                  // F
	"ABDEFGHILMNPQRSTUWY",     // G
	"KMNRTU",                  // H
	"CDELMNOQRST",             // I
	"EMOP",                    // J
	"EGHIMNPRWYZ",             // K
	"ABCIKRSTUVY",             // L
	"ACDEFGHKLMNOPQRSTUVWXYZ", // M
	"ACEFGILOPRUZ",            // N
	"M",                       // O
	"AEFGHKLMNRSTWY",          // P
	"A",                       // Q
	"EOSUW",                   // R
	"ABCDEGHIJKLMNORSTVXYZ",   // S
	"ACDFGHJKLMNORTVWZ",       // T
	"AGMNSYZ",                 // U
	"ACEGINU",                 // V
	"FS",                      // W
	"K",                       // X
	"ET",                      // Y
	"AMW",                     // Z
}

// regions are the flags that are a black flag with invisible letters: England, Scotland and Wales.
var regions = []string{"gbeng", "gbsct", "gbwls"}

// emoji is how many bytes of text are one emoji of several characters at its beginning; 0 if there is none. An emoji of one character counts
// like any that is not light.
func emoji(text string) int {
	first, size := utf8.DecodeRuneInString(text)
	if first >= '0' && first <= '9' || first == '#' || first == '*' {
		return keycapSize(text)
	}
	if first < '\u00A9' {
		return 0
	}
	if regional(first) {
		return flagSize(text)
	}
	if first >= '⛹' {
		if end := joinedSize(text); end > 0 {
			return end
		}
	}
	second, more := utf8.DecodeRuneInString(text[size:])
	switch {
	case first == blackFlag:
		return regionSize(text)
	case unicode.Is(toned, first) && tone(second), unicode.Is(selectable, first) && second == asEmoji:
		return size + more
	}
	return 0
}

func regional(r rune) bool { return r >= '\U0001F1E6' && r <= '\U0001F1FF' }
func tone(r rune) bool     { return r >= '\U0001F3FB' && r <= '\U0001F3FF' }

// joinedSize is the size of an emoji with joiners.
func joinedSize(text string) int {
	first, size := utf8.DecodeRuneInString(text)
	end, modified := size, false
	if second, more := utf8.DecodeRuneInString(text[size:]); tone(second) || second == asEmoji && strings.ContainsRune(sexedAsked, first) {
		end, modified = size+more, true
	}
	rest, joins := strings.CutPrefix(text[end:], string(joiner))
	if joins {
		next, size := utf8.DecodeRuneInString(rest)
		asked := strings.HasPrefix(rest[size:], string(asEmoji))
		end += utf8.RuneLen(joiner) + size
		person := first == '👨' || first == '👩'
		switch {
		case person && strings.ContainsRune(things, next):
			return end
		case person && strings.ContainsRune(signs, next) && asked,
			strings.ContainsRune(sexes, next) && asked && (strings.ContainsRune(sexed, first) ||
				strings.ContainsRune(sexedAsked, first) && modified || strings.ContainsRune(sexedBare, first) && !modified):
			return end + utf8.RuneLen(asEmoji)
		}
	}
	if !strings.ContainsRune("👨👩🏳🏴", first) {
		return 0
	}
	for _, group := range groups {
		if strings.HasPrefix(text, group) {
			return len(group)
		}
	}
	return 0
}

func keycapSize(text string) int {
	rest := strings.TrimPrefix(text[1:], string(asEmoji))
	if without, ok := strings.CutPrefix(rest, string(keycap)); ok {
		return len(text) - len(without)
	}
	return 0
}

// flagSize is the size of a flag, or of one of its letters.
func flagSize(text string) int {
	first, size := utf8.DecodeRuneInString(text)
	second, more := utf8.DecodeRuneInString(text[size:])
	if regional(second) && strings.ContainsRune(flags[first-'\U0001F1E6'], second-'\U0001F1E6'+'A') {
		return size + more
	}
	return size
}

// regionSize is the size of a black flag with its invisible letters, if it has any.
func regionSize(text string) int {
	for _, name := range regions {
		flag := string(blackFlag)
		for _, letter := range name + "\x7F" {
			flag += string(letter + '\U000E0000')
		}
		if strings.HasPrefix(text, flag) {
			return len(flag)
		}
	}
	return utf8.RuneLen(blackFlag)
}
