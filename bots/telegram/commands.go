package telegram

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// command is a message that begins with a bot command, such as "/stop@CityBot please"
// (https://core.telegram.org/bots/features#commands).
type command struct {
	name      string // in lower case, without the slash
	args      string
	addressed bool // names our bot: commands in groups may be for any bot there
}

// parseCommand returns false for texts that are no command, or one for another bot. Mentions of our bot do not count: one may stand before
// the command as well as behind it. Telegram ends a command at the first character that is not part of a name, such as a colon.
func parseCommand(text, username string) (command, bool) {
	addressed := false
	if !strings.HasPrefix(text, "/") {
		text, addressed = cutMentions(text, username)
	}
	text, isCommand := strings.CutPrefix(text, "/")
	name, rest := cutName(text)
	if !isCommand || name == "" {
		return command{}, false
	}
	if bot, isBot := strings.CutPrefix(rest, "@"); isBot {
		bot, rest = cutName(bot)
		if addressed = strings.EqualFold(bot, username); !addressed {
			return command{}, false
		}
	}
	if next, _ := utf8.DecodeRuneInString(rest); rest != "" && !unicode.IsSpace(next) && !strings.ContainsRune(afterName, next) {
		return command{}, false
	}
	args, _ := cutMentions(strings.TrimLeft(rest, afterName+" \t\n"), username)
	return command{name: strings.ToLower(name), args: args, addressed: addressed}, true
}

// afterName is the punctuation that people write behind a command or a name that they address.
const afterName = ":,;.!"

// cutName splits a text behind the name at its beginning.
func cutName(text string) (name, rest string) {
	end := strings.IndexFunc(text, func(r rune) bool { return !isNameRune(r) })
	if end < 0 {
		return text, ""
	}
	return text[:end], text[end:]
}

// isReport reports whether the command's arguments are a report.
func (c command) isReport() bool { return c.name == "report" || c.name == "melden" }

// isNameRune reports whether r may be part of a command or a user name.
func isNameRune(r rune) bool {
	return r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
}

// cutMentions returns the text without its mentions of the bot, and whether there was one.
func cutMentions(text, username string) (string, bool) {
	out, found := "", false
	for from, i := 0, 0; ; {
		length := 0
		if i < len(text) {
			length = mentionAt(text, i, username)
		}
		switch {
		case i >= len(text):
			return strings.TrimSpace(joinAround(out, text[from:], found)), found
		case length > 0:
			out = joinAround(out, text[from:i], found)
			found = true
			i += length
			from = i
		default:
			i++
		}
	}
}

// joinAround joins what stands before and behind a mention that was cut. The blanks around it become one, and punctuation that set
// it off goes with it: "u8, @city_bot!" becomes "u8!", and "@city_bot: u8" becomes "u8".
func joinAround(before, after string, cut bool) string {
	if !cut {
		return before + after
	}
	const blanks = " \t"
	if strings.TrimSpace(before) == "" {
		return strings.TrimLeft(after, blanks+afterName)
	}
	head, tail := strings.TrimRight(before, blanks), strings.TrimLeft(after, blanks)
	if tail == "" || strings.ContainsAny(tail[:1], "\n.,;:!?") {
		return strings.TrimRight(head, blanks+",") + tail
	}
	if head == before && tail == after || strings.HasSuffix(head, "\n") {
		return head + tail
	}
	return head + " " + tail
}

// mentionAt returns the length in bytes of a mention that begins at i, or 0. A mention ends where the user name ends:
// @city_bot_2 does not mention @city_bot, and x@city_bot is an e-mail address.
func mentionAt(text string, i int, username string) int {
	end := i + 1 + len(username)
	if text[i] != '@' || end > len(text) || !strings.EqualFold(text[i+1:end], username) {
		return 0
	}
	before, _ := utf8.DecodeLastRuneInString(text[:i])
	after, _ := utf8.DecodeRuneInString(text[end:])
	if isNameRune(before) || isNameRune(after) {
		return 0
	}
	return end - i
}
