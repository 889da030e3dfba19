package kit

import (
	"strings"
	"testing"

	"linienfunk/internal/testkit/table"
)

func TestARemovedNameLeavesNoGap(t *testing.T) {
	t.Parallel()
	remove := func(text string) string { return CloseGaps(strings.ReplaceAll(text, "@city", string(RemovedName))) }
	table.Check(t, remove, map[string]string{
		"u8 @city late":            "u8 late",
		"u8  @city  late":          "u8 late",
		"u8 @city @city late":      "u8 late",
		"@city u8":                 "u8",
		"@city: u8":                "u8",
		"@city! u8":                "u8",
		"@city - u8":               "u8",
		"@city – u8":               "u8",
		"@city -> u8":              "-> u8",
		"@city ... u8":             "... u8",
		"@city\n- u8\n- u9":        "\n- u8\n- u9",
		"- @city: u8\n2. @city u9": "- u8\n2. u9",
		"u8\n@city: zoo":           "u8\nzoo",
		"u8 @city\nzoo":            "u8\nzoo",
		"u8, @city":                "u8",
		"u8, @city!":               "u8!",
		"u8 @city...":              "u8...",
		"u8 @city, zoo":            "u8, zoo",
		"hi, @city, u8":            "hi, u8",
		"right. @city: u8":         "right. u8",
		"look! @city, u8":          "look! u8",
		"(@city) u8":               "u8",
		"u8 (@city) zoo":           "u8 zoo",
		"u8 (thanks @city)":        "u8 (thanks)",
		"u8 (@city late)":          "u8 (late)",
		"🚨@city🚨":                  "🚨🚨",
		"@city":                    "", "@city!": "", " @city ": " ", "(@city)": "",
	})
}
