package telegram

import (
	"strings"
	"testing"
	"unicode/utf8"

	"linienfunk/internal/testkit/table"
)

func TestCommandsAreParsedAsTelegramWritesThem(t *testing.T) {
	t.Parallel()
	parse := func(text string) command {
		got, ok := parseCommand(text, "city_bot")
		if !ok {
			t.Errorf("%q is not read as a command", text)
		}
		return got
	}
	table.Check(t, parse, map[string]command{
		"/start": {name: "start"}, "/Stop@City_Bot": {name: "stop", addressed: true},
		"/report  u8\nhier ": {name: "report", args: "u8\nhier"},
	})
	for _, text := range []string{"/stop@other", "/", "/ x", "start", "/ü", "/a-b", ""} {
		if got, ok := parseCommand(text, "city_bot"); ok {
			t.Errorf("%q is read as %+v", text, got)
		}
	}
}

func FuzzCommands(f *testing.F) {
	for _, text := range []string{"/report@city_bot u8", "@city_bot u8 @x", "x@city_bot", "@@city_bot", "🚨@city_bot", "/", "\xff@city_bot\xff"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		parseCommand(text, "city_bot")
		rest, found := cutMentions(text, "city_bot")
		if !found && rest != strings.TrimSpace(text) {
			t.Errorf("%q without a mention became %q", text, rest)
		}
		if utf8.ValidString(text) && !utf8.ValidString(rest) {
			t.Errorf("%q became %q", text, rest)
		}
	})
}
