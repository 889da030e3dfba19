package report

import (
	"strings"
	"testing"
	"unicode/utf8"

	"linienfunk/internal/testkit/table"
)

func TestAKeyFitsIntoAHeaderWhateverIDsTheNetworkUses(t *testing.T) {
	for _, id := range []string{"", "42", "<x@y>", "a b", "ü", "line\nbreak", strings.Repeat("x", 1000)} {
		key := Report{City: "zuerich", Bot: "net", ID: id}.Key()
		if !strings.HasPrefix(key, "zuerich:net:") || len(key) > 200 || strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }) {
			t.Errorf("%q has the key %q", id, key)
		}
	}
	if a, b := (Report{ID: "a b"}).Key(), (Report{ID: "a c"}).Key(); a == b {
		t.Error("two ids have one key")
	}
}

func TestATextIsCutAtAWordAndMarked(t *testing.T) {
	for _, test := range []struct {
		text  string
		limit int
		want  string
	}{
		{"kontrolle u8", 12, "kontrolle u8"},
		{"kontrolle u8 hermannplatz", 20, "kontrolle u8…"},
		{"kontrolle u8 hermannplatz", 13, "kontrolle u8…"},
		{"kontrollehermannplatz", 10, "kontrolle…"},
		{"üüüüü", 3, "üü…"},
		{"x", 0, ""}, {"xy", 1, "…"},
	} {
		if got := Cut(test.text, test.limit); got != test.want {
			t.Errorf("Cut(%q, %d) = %q, want %q", test.text, test.limit, got, test.want)
		}
	}
}

func TestACleanTextHasOnlyVisibleCharacters(t *testing.T) {
	table.Check(t, Clean, map[string]string{
		"  kontrolle u8\r\nhermannplatz \n": "kontrolle u8\nhermannplatz",
		"a\x00b\x1b[31mc":                   "ab[31mc",
		"bad \xff byte":                     "bad \uFFFD byte",
		"old\rmac":                          "old\nmac",
	})
}

func FuzzText(f *testing.F) {
	f.Add("kontrolle u8 hermannplatz", 10)
	f.Add(strings.Repeat("ü", MaxText), 100)
	f.Add("https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fx.example%2F%3Fa%3Db@c.de&data=a%40b.cd", 10)
	f.Add("https://urldefense.com/v3/__https://x.example/*a**Cb__;Jm9ydA!!x$ http://a@b.cd/c@d.ef?g=http://h", 10)
	f.Fuzz(func(t *testing.T, text string, limit int) {
		clean := Clean(text)
		if len(clean) > MaxText || !utf8.ValidString(clean) || Clean(clean) != clean {
			t.Errorf("Clean(%q) = %q", text, clean)
		}
		if cut := Cut(clean, limit%500); utf8.RuneCountInString(cut) > max(limit%500, 0) || !utf8.ValidString(cut) {
			t.Errorf("Cut(%q, %d) = %q", clean, limit%500, cut)
		}
	})
}
