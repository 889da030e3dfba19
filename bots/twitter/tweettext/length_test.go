package tweettext

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"linienfunk/internal/testkit/table"
)

// The cases follow the rules that X publishes: https://docs.x.com/fundamentals/counting-characters, and the ranges and cases of
// github.com/twitter/twitter-text (config/v3.json, conformance/validate.yml), with texts of our own.
func TestLengthIsCountedAsXCounts(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		text string
		want int
	}{
		"nothing":                                         {"", 0},
		"latin letters count one":                         {"kontrolle u8", 12},
		"umlauts count one":                               {"Gleisdreieck, Tür zwölf", 23},
		"cyrillic letters count one":                      {"контроль", 8},
		"georgian letters are the last that do":           {"\u10FF", 1},
		"hangul letters are the first that do not":        {"\u1100", 2},
		"chinese characters count two":                    {"查票员", 6},
		"typographic quotes and dashes count one":         {"„ja“ – ‚nein‘", 13},
		"the ellipsis counts two":                         {"…", 2},
		"the euro counts two":                             {"60 €", 5},
		"a zero width space counts one":                   {"\u200B", 1},
		"decomposed letters count as composed ones":       {"A\u0308rger", 5},
		"characters without a composed form stay apart":   {"\uFB2C", 3}, // a Hebrew letter that NFC decomposes
		"an emoji counts two":                             {"👾", 2},
		"an emoji with a skin tone counts two":            {"🙋🏽", 2},
		"a joined emoji counts two":                       {"👨\u200D🎤", 2},
		"a family counts two":                             {"👨\u200D👩\u200D👧\u200D👦", 2},
		"a family that was never joined counts each part": {"👨👩👧👦", 8},
		"a joiner between others counts":                  {"🚇\u200D🚇", 5},
		"a couple with a heart counts two":                {"👩\u200D❤\uFE0F\u200D💋\u200D👨", 2},
		"a running woman counts two":                      {"🏃🏽\u200D♀\uFE0F", 2},
		"a heart on fire, newer than the library, counts": {"❤\uFE0F\u200D🔥", 5},
		"a black cat, newer than the library, counts":     {"🐈\u200D⬛", 5},
		"a train with a microphone counts each part":      {"🚇\u200D🎤", 5},
		"a boy with an occupation counts each part":       {"👦\u200D🎤", 5},
		"a person with two occupations counts each part":  {"👨\u200D🎤\u200D🎤", 5},
		"a cat in the colours of a bear counts each part": {"🐈\u200D❄\uFE0F", 5},
		"a flag counts two":                               {"🇩🇪🇨🇭", 4},
		"half a flag counts two":                          {"🇩", 2},
		"the flag of England counts two":                  {"🏴\U000E0067\U000E0062\U000E0065\U000E006E\U000E0067\U000E007F", 2},
		"a keycap counts two":                             {"1\uFE0F\u20E3 8\u20E3", 5},
		"a digit counts one":                              {"1#*", 3},
		"a heart as an emoji counts two":                  {"❤\uFE0F", 2},
		"a copyright sign counts one":                     {"©", 1},
		"a copyright sign as an emoji counts two":         {"©\uFE0F", 2},
		"the rainbow flag counts two":                     {"🏳\uFE0F\u200D🌈", 2},
		"a couple with skin tones counts its parts":       {"👩🏽\u200D🤝\u200D👨🏿", 8},
		"a skin tone after a train counts":                {"🚇🏽", 4},
		"a short link counts 23":                          {"http://t.co", 23},
		"a long link counts 23":                           {"https://example.com/very/long/path?with=parameters&and=more", 23},
		"a link in a sentence":                            {"Hi http://test.co", 26},
		"a link at the end of a sentence":                 {"Hi https://example.com/a.", 27},
		"a host without http counts 23 as well":           {"mehr: example.com", 29},
		"a host without a known domain is not a link":     {"Hbf.Zug", 7},
		"a link to no domain counts in full":              {"https://example.nosuchdomain/" + strings.Repeat("x", 30), 59},
		"a label of 64 characters makes no link":          {"https://" + strings.Repeat("x", 64) + ".com", 76},
		"ten links":                                       {strings.Repeat("https://www.example.com/aloha ", 10), 240},
		"a link to a snowman is a link":                   {"http://☃.net/", 23},
		"a snowman without http is none":                  {"☃.net", 6},
		"a running woman without selectors counts":        {"🏃🏽\u200D♀", 5},
		"a selector behind an emoji that needs none":      {"🚨\uFE0F", 4},
		"a pointing hand that newer emoji do not know":    {"☝\uFE0F", 4},
		"a flag that is newer than the library":           {"🇨🇶", 4},
		"an eye in a speech bubble":                       {"👁\uFE0F\u200D🗨\uFE0F", 5},
		"a link in parentheses":                           {"(https://example.com/x)", 25},
		"a link before a full stop and a parenthesis":     {"https://example.com/x.)", 25},
		"parentheses in a link":                           {"https://example.com/x_(y)", 23},
		"two links with a comma between":                  {"https://example.com,https://example.org", 47},
		"a fragment without a path is no part of a link":  {"https://example.com#x", 25},
		"a link in front of Chinese":                      {"beispiel.com中文", 27},
		"an underscore in a host name":                    {"a_b.example.com", 25},
		"a country whose domains are all below another":   {"test.ck", 23},
		"a retired domain":                                {"weiter.an", 23},
		"an Indian domain":                                {"https://example.भारत", 23},
		"a domain that is newer than the library":         {"example.music", 36},
		"a link of 4,096 characters is none":              {"https://example.com/" + strings.Repeat("x", 4080), 4100},
		"a short link ends with its name":                 {"https://t.co/aB3/xyz", 27},
		"a mail address has no link":                      {"hallo@example.com", 17},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Weight(test.text); got != test.want {
				t.Errorf("%q counts %d, want %d", test.text, got, test.want)
			}
		})
	}
}

func TestATextIsCutToTheLimitOfX(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ text, want string }{
		"a text that fits stays": {strings.Repeat("x", 280), strings.Repeat("x", 280)},
		"one too many":           {strings.Repeat("x", 281), strings.Repeat("x", 278) + "…"},
		"at a word":              {strings.Repeat("x", 270) + " " + strings.Repeat("y", 20), strings.Repeat("x", 270) + "…"},
		"140 emoji fit":          {strings.Repeat("🚨", 140), strings.Repeat("🚨", 140)},
		"141 do not":             {strings.Repeat("🚨", 141), strings.Repeat("🚨", 139) + "…"},
		"no emoji is split":      {strings.Repeat("x", 277) + "👨\u200D👩\u200D👧" + "yyy", strings.Repeat("x", 277) + "…"},
		"a text that fits after normalization is not cut": {strings.Repeat("a\u0308", 280), strings.Repeat("ä", 280)},
		"a link is left out rather than cut":              {strings.Repeat("x", 270) + "-https://example.com/" + strings.Repeat("y", 50), strings.Repeat("x", 270) + "-…"},
		"a very long text":                                {strings.Repeat("查", 500), strings.Repeat("查", 139) + "…"},
		"a link that is longer than it counts":            {"https://example.com/" + strings.Repeat("y", 400), "https://example.com/" + strings.Repeat("y", 400)},
		"the end of a sentence before a long end":         {strings.Repeat("wort ", 80), strings.TrimSpace(strings.Repeat("wort ", 55)) + "…"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Truncate(test.text, MaxWeight); got != test.want {
				t.Errorf("got %q (%d), want %q", got, Weight(got), test.want)
			}
		})
	}
}

func TestLinksAreLeftOutAndNobodyIsMentioned(t *testing.T) {
	t.Parallel()
	quiet := func(text string) string {
		got := Silence(text, false)
		if HasLink(got) {
			t.Errorf("%q still has a link", got)
		}
		return got
	}
	table.Check(t, quiet, map[string]string{
		"u8 https://example.com/x jetzt":         "u8 jetzt",
		"u8 (https://example.com/x).":            "u8 .",
		"u8 https://example.com/x_(y)!":          "u8 !",
		"@bvg.in der U8":                         "@" + zeroWidthSpace + "bvg." + zeroWidthSpace + "in der U8",
		"Info bei @beispiel.de":                  "Info bei @" + zeroWidthSpace + "beispiel." + zeroWidthSpace + "de",
		"@name.bsky.social":                      "@" + zeroWidthSpace + "name." + zeroWidthSpace + "bsky." + zeroWidthSpace + "social",
		"example.com/@name":                      "example." + zeroWidthSpace + "com/@" + zeroWidthSpace + "name",
		"HTTP://EXAMPLE.COM":                     "",
		"mehr auf example.com/x":                 "mehr auf example." + zeroWidthSpace + "com/x",
		"S1.in Richtung Erkner":                  "S1." + zeroWidthSpace + "in Richtung Erkner",
		"um 14.30 Hbf.Zug z.B. heute":            "um 14.30 Hbf.Zug z.B. heute",
		"@alle in der u8, hallo@example.com":     "@" + zeroWidthSpace + "alle in der u8, hallo@" + zeroWidthSpace + "example." + zeroWidthSpace + "com",
		"＠alle @ niemand @ü":                     "＠" + zeroWidthSpace + "alle @ niemand @ü",
		"zeile eins\nhttps://a.de\n\nzeile zwei": "zeile eins\n\nzeile zwei",
	})
	table.Check(t, HasLink, map[string]bool{
		"kontrolle u8": false, "siehe https://example.com": true, "siehe example.de": true, "um 14.30": false, "hbf.zug": false,
	})
}

func TestKeptLinksStayWhole(t *testing.T) {
	t.Parallel()
	table.Check(t, func(text string) string { return Silence(text, true) }, map[string]string{
		"https://social.example.com/@user und @user": "https://social.example.com/@user und @" + zeroWidthSpace + "user",
		"siehe example.com/x":                        "siehe example.com/x",
		"hallo@example.com":                          "hallo@" + zeroWidthSpace + "example." + zeroWidthSpace + "com",
		"#bücher.de/@user":                           "#bücher.de/@" + zeroWidthSpace + "user",
	})
}

func FuzzFit(f *testing.F) {
	for _, seed := range []string{"kontrolle u8 🚨", "https://example.com/x example.de", "👨\u200D👩\u200D👧 1\uFE0F\u20E3 🇩🇪", "a\u0308\xff", strings.Repeat("查 ", 200), "🏴\U000E0067"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		text = strings.ToValidUTF8(text, "")
		if len(text) > 4_000 {
			return
		}
		if oneUnit := join(units(norm.NFC.String(text))); oneUnit != strings.TrimRightFunc(norm.NFC.String(text), unicode.IsSpace) {
			t.Fatalf("%q decomposed is %q", text, oneUnit)
		}
		cut := Truncate(text, MaxWeight)
		if !utf8.ValidString(cut) || Weight(cut) > MaxWeight {
			t.Fatalf("%q was cut to %q of %d", text, cut, Weight(cut))
		}
		if quiet := Silence(text, false); HasLink(quiet) {
			t.Fatalf("%q became %q, which has a link", text, quiet)
		}
	})
}
