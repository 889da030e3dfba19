package telegram

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"linienfunk/report"
)

// maxText is the maximum length of a message in UTF-16 code units (https://core.telegram.org/bots/api#sendmessage says
// characters; https://core.telegram.org/api/entities#utf-16 says which).
const maxText = 4096

// wordJoiner is U+2060: it has no width, and is not allowed in a user name.
const wordJoiner = "\u2060"

// suppressMentions inserts a wordJoiner after the @ of each mention, so that a report in a group notifies nobody.
func suppressMentions(text string) string {
	var out strings.Builder
	for i := range len(text) {
		out.WriteByte(text[i])
		if text[i] == '@' && i+1 < len(text) && isNameRune(rune(text[i+1])) {
			out.WriteString(wordJoiner)
		}
	}
	return out.String()
}

// truncate cuts a text to maxText.
func truncate(text string) string { return truncateTo(text, maxText) }

// truncateTo cuts a text to a number of UTF-16 code units.
func truncateTo(text string, limit int) string {
	cut, keep := text, utf8.RuneCountInString(text)
	for {
		over := utf16Length(cut) - limit
		if over <= 0 {
			return cut
		}
		keep = min(keep, utf8.RuneCountInString(cut)) - (over+1)/2 // a character has at most two code units
		cut = report.Cut(text, keep)
	}
}

func utf16Length(text string) int {
	count := 0
	for _, r := range text {
		count += max(utf16.RuneLen(r), 1)
	}
	return count
}
