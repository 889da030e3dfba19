package mastodon

import (
	"strings"
	"testing"
	"unicode/utf8"

	"linienfunk/internal/testkit/table"
)

func TestACopyNotifiesNobody(t *testing.T) {
	t.Parallel()
	table.Check(t, defuseMentions, map[string]string{
		"@bob sagt kontrolle":       "@\u2060bob sagt kontrolle",
		"frag (@bob@example.org)":   "frag (@\u2060bob@\u2060example.org)",
		"@bob@carl":                 "@\u2060bob@\u2060carl",
		"um 9 @ u8":                 "um 9 @ u8",
		"ende @":                    "ende @",
		"@über":                     "@\u2060über",
		"https://example.org/@bob":  "https://example.org/@bob",
		"https://example.org/a=@b":  "https://example.org/a=%40b",
		"https://example.org/?,@b":  "https://example.org/?,@\u2060b",
		"kontrolle ohne alles":      "kontrolle ohne alles",
		"https://medium.com/@a/b-c": "https://medium.com/@a/b-c",
	})
}

func TestLengthIsCountedAsTheInstanceCounts(t *testing.T) {
	t.Parallel()
	long := "https://example.org/" + strings.Repeat("a", 200)
	for _, c := range []struct {
		text         string
		perURL, want int
	}{
		{"kontrolle", 23, 9},
		{"Ü8 🚨", 23, 4},
		{long, 23, 23},
		{long, 0, 220},
		{"https://a.de", 23, 23},
		{"siehe " + long + " und https://a.de", 23, 6 + 23 + 5 + 23},
		{"https://localhost/" + strings.Repeat("a", 50), 23, 68}, // not a URL to Mastodon
		{"https://example.org.", 23, 24},
	} {
		if got := length(c.text, c.perURL); got != c.want {
			t.Errorf("%q counts %d, want %d", c.text, got, c.want)
		}
	}
}

func TestATextIsCutAtAWordToTheLimitOfTheInstance(t *testing.T) {
	t.Parallel()
	long := "https://example.org/" + strings.Repeat("a", 600)
	for name, c := range map[string]struct{ text, want string }{
		"a short text stays":             {"kontrolle u8", "kontrolle u8"},
		"a long text ends with a word":   {"kontrolle an der haltestelle hermannplatz", "kontrolle an der haltestelle…"},
		"an address counts what it does": {"u8 " + long, "u8 " + long},
		"a word without end":             {strings.Repeat("x", 40), strings.Repeat("x", 29) + "…"},
		"an address that does not fit":   {"kontrolle an der " + long, "kontrolle an der…"},
	} {
		t.Run(name, func(t *testing.T) {
			got := truncate(c.text, limits{Characters: 30, PerURL: 23})
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
			if length(got, 23) > 30 || !utf8.ValidString(got) {
				t.Errorf("%q counts %d", got, length(got, 23))
			}
		})
	}
}

func TestALongTextOfURLsIsNotCutToNothing(t *testing.T) {
	t.Parallel()
	for _, word := range []string{"http://a.de ", "https://example.org/" + strings.Repeat("a", 300) + " ", "kontrolle ", "x"} {
		text := strings.Repeat(word, 8000/len(word))
		if got := length(truncate(text, limits{Characters: 500, PerURL: 23}), 23); got > 500 || got < 470 {
			t.Errorf("%.30q... is cut to %d of 500", word, got)
		}
	}
}

func FuzzFit(f *testing.F) {
	f.Add("u8 https://example.org/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa und mehr @bob", 30)
	f.Fuzz(func(t *testing.T, text string, limit int) {
		if !utf8.ValidString(text) || limit < 1 || len(text) > 2000 {
			t.Skip()
		}
		if got := truncate(defuseMentions(text), limits{Characters: limit, PerURL: 23}); length(got, 23) > limit {
			t.Errorf("%q counts %d of %d", got, length(got, 23), limit)
		}
	})
}
