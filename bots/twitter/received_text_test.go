package twitter

import (
	"strings"
	"testing"
	"unicode/utf8"

	"linienfunk/internal/testkit/table"
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
		"siehe https://t.co/5":                       "siehe https://x.com/i/status/1",
		"@zuerich":                                   "",
		"＠zuerich kontrolle":                         "kontrolle",
		"zwei  leerzeichen bleiben ohne @jemand":     "zwei  leerzeichen bleiben ohne @jemand",
		"@zuerich zwei  leerzeichen neben erwähnung": "zwei leerzeichen neben erwähnung",
	} {
		if got := typedText(text, "zuerich", "", links); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}

func TestNoAddressNamesTheAuthorOfAPost(t *testing.T) {
	t.Parallel()
	table.Check(t, func(long string) string {
		return typedText("u8 https://t.co/1 jetzt", "zuerich", "9", []shortLink{{short: "https://t.co/1", long: long}})
	}, map[string]string{
		"https://twitter.com/marta_muster/status/1234567890123456789":         "u8 https://x.com/i/status/1234567890123456789 jetzt",
		"https://x.com/marta_muster/status/1234567890123456789?s=20&t=a-b":    "u8 https://x.com/i/status/1234567890123456789 jetzt",
		"http://mobile.twitter.com/marta/statuses/12":                         "u8 https://x.com/i/status/12 jetzt",
		"https://www.x.com/Marta/status/12/photo/1":                           "u8 jetzt",
		"https://x.com/marta/status/12/analytics":                             "u8 https://x.com/i/status/12 jetzt",
		"https://x.com/marta/article/12":                                      "u8 https://x.com/i/article/12 jetzt",
		"https://x.com/marta/articles/12":                                     "u8 https://x.com/i/article/12 jetzt",
		"https://twitter.com/#!/marta/status/12":                              "u8 https://x.com/i/status/12 jetzt",
		"https://x.com/i/article/12":                                          "u8 https://x.com/i/article/12 jetzt",
		"https://x.com/i/web/status/12":                                       "u8 https://x.com/i/web/status/12 jetzt",
		"https://twitter.com/marta/status/9":                                  "u8 jetzt", // the quoted one
		"https://mobile.x.com/marta/status/9?s=20":                            "u8 jetzt",
		"https://video.example.com/marta/status/1234567890123456789/en":       "u8 https://x.com/i/status/1234567890123456789 jetzt",
		"https://bahn.example.com/zug/status/12":                              "u8 https://bahn.example.com/zug/status/12 jetzt",
		"https://example.com/?to=https://x.com/marta/status/1234567890123456": "u8 https://example.com/?to=https://x.com/i/status/1234567890123456 jetzt",
	})
	typed := map[string]string{
		"@zuerich x.com/marta/status/12":           "https://x.com/i/status/12",
		"(twitter.com/marta/status/12), u8":        "(https://x.com/i/status/12), u8",
		"https://x.com/marta/status/12. Und u8":    "https://x.com/i/status/12. Und u8",
		"https://x.com/marta ist ein Profil":       "https://x.com/marta ist ein Profil",
		"@zuerich https://x.com/marta/status/9":    "https://x.com/i/status/9", // nothing else is left
		"@zuerich u8 https://example.com/u/status": "u8 https://example.com/u/status",
	}
	table.Check(t, func(text string) string { return typedText(text, "zuerich", "9", nil) }, typed)
}

func FuzzPlain(f *testing.F) {
	f.Add("@zuerich kontrolle &amp; https://t.co/1", "zuerich", "https://t.co/1", "https://example.com")
	f.Add("@a.b @a.b", "a.b", "", "")
	f.Fuzz(func(t *testing.T, text, handle, short, long string) {
		got := typedText(text, handle, "1", []shortLink{{short: short, long: long}})
		if found := someonesPost.FindStringSubmatch(got); found != nil && !strings.Contains(found[0], "x.com/i/") {
			t.Errorf("%q became %q, which names an author", text, got)
		}
		if !utf8.ValidString(got) || len(got) > report.MaxText || strings.TrimSpace(got) != got {
			t.Errorf("%q became %q", text, got)
		}
	})
}
