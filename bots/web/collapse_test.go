package web

import (
	"html"
	"strings"
	"testing"
	"unicode/utf8"

	"linienfunk/bots/bottest"
)

func TestALongPostIsCollapsedBetweenWords(t *testing.T) {
	t.Parallel()
	words := strings.TrimSpace(strings.Repeat("kontrolle ", 800))
	for name, c := range map[string]struct {
		text      string
		collapsed bool
		shown     int // characters, at most
	}{
		"short":                   {"kontrolle u8", false, 12},
		"as long as the form's":   {strings.Repeat("ü", 500), false, 500},
		"a little longer":         {words[:600], false, 600},
		"long":                    {words, true, 500},
		"long, without a space":   {strings.Repeat("ü", 4000), true, 500},
		"many lines":              {strings.Repeat("u8\n", 40) + "u8", true, 12 * 3},
		"few lines":               {strings.Repeat("u8\n", 12) + "u8", false, 13 * 3},
		"many lines that are end": {strings.Repeat("u8…\n", 40) + "u8", true, 12 * 4},
	} {
		t.Run(name, func(t *testing.T) {
			head, rest := collapse(c.text)
			if (rest != "") != c.collapsed || utf8.RuneCountInString(strings.TrimSuffix(head, "…")) > c.shown {
				t.Errorf("%d characters are shown, %d collapsed", utf8.RuneCountInString(head), utf8.RuneCountInString(rest))
			}
			plain := func(s string) string { return strings.NewReplacer("…", "", " ", "", "\n", "").Replace(s) }
			if plain(head+rest) != plain(c.text) {
				t.Errorf("%q and %q are not the whole text", head, rest)
			}
			if c.collapsed && strings.Contains(c.text, "kontrolle ") && !strings.HasSuffix(head, "kontrolle…") {
				t.Errorf("cut in a word: %q", head)
			}
		})
	}
}

func TestALongPostIsCollapsedInTheListAndTheStreamButNotInTheFeeds(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.listen(t, (&bottest.Outbox{}).Out)
	live := f.openStream(t, f.server.Client(), "/c/ghent/web/events", "X-Lang", "de")
	if e, ok := live.next(); !ok || e.name != "shown" {
		t.Fatalf("%+v", e)
	}
	text := strings.TrimSpace(strings.Repeat("kontrolle ", 800)) + " schluss"
	f.send(t, "ghent", "1", text)
	e, _ := live.next()
	for e.name == "shown" {
		e, _ = live.next()
	}
	const summary = "<summary>Ganze Meldung zeigen</summary>"
	page := f.get(t, "/c/ghent/web/", "X-Lang", "de").body
	for where, got := range map[string]string{"the stream": e.data, "the list": page} {
		head, tail, collapsed := strings.Cut(got, summary)
		if !collapsed || strings.Contains(head, "schluss") || !strings.Contains(head, "kontrolle…") || !strings.Contains(tail, "kontrolle schluss") {
			t.Errorf("%s is not collapsed:\n%s", where, got)
		}
	}
	for _, feed := range []string{"feed.atom", "feed.rss", "feed.json"} {
		if got := html.UnescapeString(f.get(t, "/c/ghent/"+feed).body); !strings.Contains(got, text) {
			t.Errorf("%s is not whole:\n%s", feed, got)
		}
	}
	if before, _, _ := strings.Cut(page, "<ol"); !strings.Contains(before, `href="#report"`) {
		t.Errorf("the form cannot be reached before the list:\n%s", page)
	}
}
