package telegram

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestACommandIsReadAsTelegramWritesIt(t *testing.T) {
	for text, want := range map[string]string{
		"/start": "start||false|true", "/Stop@City_Bot": "stop||true|true", "/report  u8\nhier ": "report|u8\nhier|false|true",
		"/stop@other": "|||", "/": "|||", "/ x": "|||", "start": "|||", "/ü": "|||", "/a-b": "|||", "": "|||",
	} {
		word, rest, named, ok := command(text, "city_bot")
		got := "|||"
		if ok {
			got = word + "|" + rest + "|" + map[bool]string{true: "true", false: "false"}[named] + "|true"
		}
		if got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

func TestATextIsCutToWhatTelegramCounts(t *testing.T) {
	for _, text := range []string{"kurz", strings.Repeat("x", 4096), strings.Repeat("x", 4097), strings.Repeat("🚨", 2049), strings.Repeat("🚨 ü", 3000)} {
		got := fit(text)
		if units(got) > maxText || units(text) <= maxText && got != text {
			t.Errorf("%d units became %d", units(text), units(got))
		}
		if units(text) > maxText && units(got) < maxText-3 {
			t.Errorf("%.10s: %d units are fewer than need be", text, units(got))
		}
	}
}

func FuzzWords(f *testing.F) {
	for _, text := range []string{"/report@city_bot u8", "@city_bot u8 @x", "x@city_bot", "@@city_bot", "🚨@city_bot", "/", "\xff@city_bot\xff"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		command(text, "city_bot")
		rest, found := mention(text, "city_bot")
		if !found && rest != strings.TrimSpace(text) {
			t.Errorf("%q without a mention became %q", text, rest)
		}
		if utf8.ValidString(text) && !utf8.ValidString(rest) {
			t.Errorf("%q became %q", text, rest)
		}
		if quiet := silence(text); utf8.ValidString(text) && strings.ReplaceAll(quiet, joiner, "") != strings.ReplaceAll(text, joiner, "") {
			t.Errorf("%q became %q", text, quiet)
		}
		if cut := fit(text); units(cut) > maxText {
			t.Errorf("%d units", units(cut))
		}
	})
}

func FuzzUpdate(f *testing.F) {
	f.Add(`{"update_id":1,"message":{"message_id":1,"date":1,"text":"x","chat":{"id":5,"type":"private"},"from":{"id":5}}}`)
	f.Add(`{"update_id":1,"message":{"photo":[{}],"caption":"x","chat":{"id":-5,"type":"group"}}}`)
	f.Add(`{"update_id":1,"my_chat_member":{"chat":{"id":-5,"type":"channel"},"new_chat_member":{"status":"administrator"}}}`)
	f.Add(`{"update_id":1,"message":{"chat":{"id":1},"forward_origin":{"type":"user"}}}`)
	f.Add(`{"update_id":1,"message":"x"}`)
	f.Fuzz(func(t *testing.T, text string) {
		u, err := parse(json.RawMessage(text))
		if err != nil {
			return
		}
		if u.ID == 0 {
			t.Error("an update without an id")
		}
		if m := u.Message; m != nil {
			in := inbox{row: Account{BotID: 1}}
			in.ignored(m)
			hasFile(m)
		}
	})
}

func FuzzCursor(f *testing.F) {
	f.Add("")
	f.Add("p12")
	f.Add("g0")
	f.Fuzz(func(t *testing.T, text string) {
		at, err := parseCursor(text)
		if err != nil {
			return
		}
		if again, err := parseCursor(at.String()); err != nil || again != at {
			t.Errorf("%q is %v, then %v", text, at, again)
		}
	})
}

func TestThePaceIsEvenAndMakesUpForHalfAGapAtMost(t *testing.T) {
	now := time.Unix(1000, 0)
	l := limits{gap: 100 * time.Millisecond, chat: time.Second, group: 2, window: time.Minute}
	p := newPace(func() time.Time { return now }, l)
	take := func(chat string, group bool, want time.Duration) {
		t.Helper()
		if got := p.take(chat, group); got != want {
			t.Errorf("%s at %v: wait %v, want %v", chat, now.Sub(time.Unix(1000, 0)), got, want)
		}
	}
	take("a", false, 0)
	take("b", false, 50*time.Millisecond) // the first was as late as could be
	now = now.Add(50 * time.Millisecond)
	take("b", false, 0)
	take("c", false, 100*time.Millisecond)
	now = now.Add(10 * time.Second)
	take("c", false, 0)
	take("c", false, time.Second)
	take("d", false, 50*time.Millisecond)
	now = now.Add(time.Second)
	take("group", true, 0)
	now = now.Add(2 * time.Second)
	take("group", true, 0)
	now = now.Add(2 * time.Second)
	take("group", true, 56*time.Second)
	take("e", false, 0)

	again := newPace(func() time.Time { return now }, l)
	again.recall("group", p.history("group"))
	if got := again.take("group", true); got != 56*time.Second {
		t.Errorf("after a restart: wait %v", got)
	}
	again.pause(time.Hour)
	if got := again.take("f", false); got != time.Hour {
		t.Errorf("in a pause: wait %v", got)
	}
}
