package twitter

import (
	"strings"
	"testing"
	"unicode/utf8"

	"linienfunk/report"
)

func TestATextIsWhatItsAuthorTyped(t *testing.T) {
	t.Parallel()
	links := []shortLink{
		{short: "https://t.co/1", long: "https://example.com/x?a=1&copy=2"}, {short: "https://t.co/2", long: "https://x.com/a/status/1/photo/1", media: true},
		{short: "https://t.co/3", long: "https://twitter.com/marta/status/1/video/1"}, {short: "https://t.co/4", long: "https://twitter.com/messages/media/1"},
		{short: "https://t.co/5", long: "https://x.com/marta/status/1"},
	}
	for text, want := range map[string]string{
		"@Zuerich kontrolle u8":                      "kontrolle u8",
		"kontrolle u8 @zuerich":                      "kontrolle u8",
		"@zuerich @zuerich kontrolle":                "kontrolle",
		"@zuerich: kontrolle":                        "kontrolle",
		"kontrolle\n@zuerich\nu8":                    "kontrolle\n\nu8",
		"@zuerich_vbz ist jemand anders":             "@zuerich_vbz ist jemand anders",
		"mail@zuerich ist keine erwähnung":           "mail@zuerich ist keine erwähnung",
		"a &lt;b&gt; &amp; c":                        "a <b> & c",
		"&amp;lt; und &copy;":                        "&lt; und &copy;",
		"siehe https://t.co/1 https://t.co/2":        "siehe https://example.com/x?a=1&copy=2",
		"ein film https://t.co/3 https://t.co/4":     "ein film",
		"siehe https://t.co/5":                       "siehe https://x.com/marta/status/1",
		"@zuerich":                                   "",
		"＠zuerich kontrolle":                         "kontrolle",
		"zwei  leerzeichen bleiben ohne @jemand":     "zwei  leerzeichen bleiben ohne @jemand",
		"@zuerich zwei  leerzeichen neben erwähnung": "zwei leerzeichen neben erwähnung",
	} {
		if got := typedText(text, "zuerich", links); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}

func FuzzPlain(f *testing.F) {
	f.Add("@zuerich kontrolle &amp; https://t.co/1", "zuerich", "https://t.co/1", "https://example.com")
	f.Add("@a.b @a.b", "a.b", "", "")
	f.Fuzz(func(t *testing.T, text, handle, short, long string) {
		got := typedText(text, handle, []shortLink{{short: short, long: long}})
		if !utf8.ValidString(got) || len(got) > report.MaxText || strings.TrimSpace(got) != got {
			t.Errorf("%q became %q", text, got)
		}
	})
}
