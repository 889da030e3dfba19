package telegram

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"linienfunk/report"
)

// maxText is the length of a message in UTF-16 units (https://core.telegram.org/bots/api#sendmessage counts characters, and
// https://core.telegram.org/api/entities#utf-16 says which).
const maxText = 4096

// joiner is U+2060 WORD JOINER: without width, and no letter of a user name.
const joiner = "\u2060"

// command splits "/stop@CityBot please" into "stop" and "please". It is none for us if it names another bot; named says
// that it names ours. Commands are Latin letters, digits and underscores (https://core.telegram.org/bots/features#commands).
func command(text, username string) (word, rest string, named, ok bool) {
	text, ok = strings.CutPrefix(text, "/")
	if !ok {
		return "", "", false, false
	}
	word, rest = text, ""
	if i := strings.IndexAny(text, " \n\t"); i >= 0 {
		word, rest = text[:i], strings.TrimSpace(text[i:])
	}
	word, to, named := strings.Cut(word, "@")
	if word == "" || strings.ContainsFunc(word, func(r rune) bool { return !nameRune(r) }) || named && !strings.EqualFold(to, username) {
		return "", "", false, false
	}
	return strings.ToLower(word), rest, named, true
}

func nameRune(r rune) bool {
	return r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
}

// mention returns the text without the mentions of the bot, and whether there was one.
func mention(text, username string) (string, bool) {
	var out strings.Builder
	found := false
	for i := 0; i < len(text); {
		if length := mentionAt(text, i, username); length > 0 {
			found = true
			i += length
			continue
		}
		out.WriteByte(text[i])
		i++
	}
	return strings.TrimSpace(out.String()), found
}

// mentionAt is the length in bytes of a mention that begins at i, 0 if none does. A name goes on as far as it can:
// @city_bot_2 does not mention @city_bot, and x@city_bot is an address.
func mentionAt(text string, i int, username string) int {
	end := i + 1 + len(username)
	if text[i] != '@' || end > len(text) || !strings.EqualFold(text[i+1:end], username) {
		return 0
	}
	before, _ := utf8.DecodeLastRuneInString(text[:i])
	after, _ := utf8.DecodeRuneInString(text[end:])
	if nameRune(before) || nameRune(after) {
		return 0
	}
	return end - i
}

// silence makes sure that a text pings no member of a group: the @ of a mention is followed by a joiner.
func silence(text string) string {
	var out strings.Builder
	for i := range len(text) {
		out.WriteByte(text[i])
		if text[i] == '@' && i+1 < len(text) && nameRune(rune(text[i+1])) {
			out.WriteString(joiner)
		}
	}
	return out.String()
}

// fit cuts a text so that Telegram takes it.
func fit(text string) string {
	cut, keep := text, utf8.RuneCountInString(text)
	for {
		over := units(cut) - maxText
		if over <= 0 {
			return cut
		}
		keep = min(keep, utf8.RuneCountInString(cut)) - (over+1)/2 // a character has two units at most
		cut = report.Cut(text, keep)
	}
}

func units(text string) int {
	count := 0
	for _, r := range text {
		count += max(utf16.RuneLen(r), 1)
	}
	return count
}
