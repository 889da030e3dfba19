package telegram

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestATextIsCutToTheLimitOfTelegram(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"kurz", strings.Repeat("x", 4096), strings.Repeat("x", 4097), strings.Repeat("🚨", 2049), strings.Repeat("🚨 ü", 3000)} {
		got := truncate(text)
		if utf16Length(got) > maxText || utf16Length(text) <= maxText && got != text {
			t.Errorf("%d units became %d", utf16Length(text), utf16Length(got))
		}
		if utf16Length(text) > maxText && utf16Length(got) < maxText-3 {
			t.Errorf("%.10s: cut to %d units, which is too few", text, utf16Length(got))
		}
	}
}

func FuzzOutgoingText(f *testing.F) {
	for _, text := range []string{"@city_bot u8 @x", "x@city_bot", "@@city_bot", "🚨@city_bot", "\xff@city_bot\xff"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if quiet := suppressMentions(text); utf8.ValidString(text) && strings.ReplaceAll(quiet, wordJoiner, "") != strings.ReplaceAll(text, wordJoiner, "") {
			t.Errorf("%q became %q", text, quiet)
		}
		if cut := truncate(text); utf16Length(cut) > maxText {
			t.Errorf("%d code units", utf16Length(cut))
		}
	})
}
