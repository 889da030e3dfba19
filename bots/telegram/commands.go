package telegram

import (
	"strings"
	"unicode/utf8"
)

// command is a message that begins with a bot command, such as "/stop@CityBot please"
// (https://core.telegram.org/bots/features#commands).
type command struct {
	name      string // in lower case, without the slash
	args      string
	addressed bool // names our bot: commands in groups may be for any bot there
}

// parseCommand returns false for texts that are no command, or one for another bot.
func parseCommand(text, username string) (command, bool) {
	text, isCommand := strings.CutPrefix(text, "/")
	if !isCommand {
		return command{}, false
	}
	name, args := text, ""
	if i := strings.IndexAny(text, " \n\t"); i >= 0 {
		name, args = text[:i], strings.TrimSpace(text[i:])
	}
	name, bot, addressed := strings.Cut(name, "@")
	if name == "" || strings.ContainsFunc(name, func(r rune) bool { return !isNameRune(r) }) {
		return command{}, false
	}
	if addressed && !strings.EqualFold(bot, username) {
		return command{}, false
	}
	return command{name: strings.ToLower(name), args: args, addressed: addressed}, true
}

// isReport reports whether the command's arguments are a report.
func (c command) isReport() bool { return c.name == "report" || c.name == "melden" }

// isNameRune reports whether r may be part of a command or a user name.
func isNameRune(r rune) bool {
	return r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
}

// cutMentions returns the text without its mentions of the bot, and whether there was one.
func cutMentions(text, username string) (string, bool) {
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
