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
		"/report  u8\nhier ": {name: "report", args: "u8\nhier"}, "/report\tu8": {name: "report", args: "u8"}, "/report\u00a0u8": {name: "report", args: "u8"},
		"/report: u8": {name: "report", args: "u8"}, "/melden, u8": {name: "melden", args: "u8"}, "/melden:u8": {name: "melden", args: "u8"},
		"/report@city_bot: u8": {name: "report", args: "u8", addressed: true}, "/stop.": {name: "stop"}, "/STOP!": {name: "stop"},
		"@city_bot /report u8": {name: "report", args: "u8", addressed: true}, "@city_bot, /stop": {name: "stop", addressed: true},
		"/stop?": {name: "stop"}, "/stop…": {name: "stop"}, "/report😡 u8": {name: "report", args: "😡 u8"}, "/melden(u8)": {name: "melden", args: "(u8)"},
		"/report - u8": {name: "report", args: "u8"}, "/report – u8": {name: "report", args: "u8"}, "/report-u8": {name: "report", args: "-u8"},
		"/report: - u8\n- u9": {name: "report", args: "- u8\n- u9"}, "/report\n- u8": {name: "report", args: "- u8"},
		"/report @city_bot u8": {name: "report", args: "u8"}, "/report u8 @City_Bot hier": {name: "report", args: "u8 hier"},
	})
	for _, text := range []string{"/stop@other", "/", "/ x", "start", "/ü", "/a-b", "/u-bahn zu", "/s😡", "", "/report/u8", "/reportü", "/report@", "/report@city_bot2 u8", "u8 /report", "u8 @city_bot /stop", "@other /stop"} {
		if got, ok := parseCommand(text, "city_bot"); ok {
			t.Errorf("%q is read as %+v", text, got)
		}
	}
}

func TestACutMentionLeavesNoGap(t *testing.T) {
	t.Parallel()
	cut := func(text string) string {
		rest, found := cutMentions(text, "city_bot")
		if !found {
			t.Errorf("%q: no mention found", text)
		}
		return rest
	}
	table.Check(t, cut, map[string]string{
		"kontrolle @city_bot u4":          "kontrolle u4",
		"kontrolle  @CITY_bot  u4":        "kontrolle u4",
		"@city_bot kontrolle u4":          "kontrolle u4",
		"@city_bot: kontrolle u4":         "kontrolle u4",
		"@city_bot, kontrolle u4":         "kontrolle u4",
		"kontrolle u4 @city_bot":          "kontrolle u4",
		"kontrolle u4, @city_bot!":        "kontrolle u4!",
		"kontrolle @city_bot, zoo":        "kontrolle, zoo",
		"kontrolle @city_bot\nzoo":        "kontrolle\nzoo",
		"kontrolle\n@city_bot zoo":        "kontrolle\nzoo",
		"kontrolle\n\n@city_bot":          "kontrolle",
		"@city_bot @city_bot u4":          "u4",
		"u4 @city_bot @city_bot zoo":      "u4 zoo",
		"u4 @city_bot zoo  und @city_bot": "u4 zoo  und",
		"danke. @city_bot: kontrolle":     "danke. kontrolle",
		"kontrolle (@city_bot) u4":        "kontrolle u4",
		"@city_bot - kontrolle":           "kontrolle",
		"контроль @city_bot метро":        "контроль метро",
		"kontrolle🚨@city_bot🚨u4":          "kontrolle🚨🚨u4",
		"@city_bot":                       "", "@city_bot!": "", " @city_bot ": "",
	})
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
