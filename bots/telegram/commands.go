package telegram

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"linienfunk/bots/kit"
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
	c := command{name: strings.ToLower(name), addressed: addressed}
	if next, _ := utf8.DecodeRuneInString(rest); rest != "" && !c.endsBefore(next) {
		return command{}, false
	}
	c.args, _ = cutMentions(strings.TrimSpace(afterName.ReplaceAllString(rest, "")), username)
	return c, true
}

// endsBefore reports whether a command may end before a character. Telegram lets it end before whatever is no letter, digit or slash. Unless we know
// the command, only a blank or punctuation ends it: "/u-bahn late" is a report.
func (c command) endsBefore(next rune) bool {
	if c.isReport() || c.isChoice() || c.name == "start" || c.name == "stop" || c.name == "help" {
		return !unicode.IsLetter(next) && !unicode.IsDigit(next) && !strings.ContainsRune("_/<>@", next)
	}
	return unicode.IsSpace(next) || strings.ContainsRune(":,;.!", next)
}

// afterName is what people write between a command and its arguments.
var afterName = regexp.MustCompile(`^(?:[:,;.!?…]+|[ \t]*[–—-]+[ \t]+)`)

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

// isHelp reports whether somebody asks what can be written.
func (c command) isHelp() bool { return c.name == "help" || c.name == "hilfe" }

// isNameRune reports whether r may be part of a command or a user name.
func isNameRune(r rune) bool {
	return r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
}

// cutMentions returns the text without its mentions of the bot, and whether there was one.
func cutMentions(text, username string) (string, bool) {
	var out strings.Builder
	from := 0
	for i := 0; i < len(text); {
		length := mentionAt(text, i, username)
		if length == 0 {
			i++
			continue
		}
		out.WriteString(strings.ReplaceAll(text[from:i], string(kit.RemovedName), ""))
		out.WriteRune(kit.RemovedName)
		i += length
		from = i
	}
	if from == 0 {
		return strings.TrimSpace(text), false
	}
	out.WriteString(strings.ReplaceAll(text[from:], string(kit.RemovedName), ""))
	return strings.TrimSpace(kit.CloseGaps(out.String())), true
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
