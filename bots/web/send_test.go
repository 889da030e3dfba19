package web

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"linienfunk/bots"
	"linienfunk/report"
)

func (f *fixture) texts(t *testing.T, city string) []string {
	t.Helper()
	posts, err := f.bot().latestPosts(t.Context(), city)
	if err != nil {
		t.Fatal(err)
	}
	texts := []string{}
	for _, p := range posts {
		texts = append(texts, p.Text)
	}
	return texts
}

func (f *fixture) wantTexts(t *testing.T, city string, want ...string) {
	t.Helper()
	if got := f.texts(t, city); !slices.Equal(got, want) {
		t.Errorf("the list of %s shows %q, want %q", city, got, want)
	}
}

func TestSentTwiceIsShownOnce(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	first := f.send(t, "zuerich", "1", "Kontrolle U8")
	f.send(t, "zuerich", "2", "Kontrolle U7")
	f.Restart(t)
	if again := f.send(t, "zuerich", "1", "Kontrolle U8"); again != first {
		t.Errorf("receipts %v and %v", first, again)
	}
	if want := "https://linienfunk.example/c/zuerich#post-" + first.ID; first.URL != want {
		t.Errorf("url %q, want %q", first.URL, want)
	}
	f.wantTexts(t, "zuerich", "Kontrolle U7", "Kontrolle U8")
	f.wantTexts(t, "ghent")
}

func TestRetractedPostStaysDeleted(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.send(t, "ghent", "1", "one")
	sent := f.send(t, "ghent", "2", "two")
	retract := func(city string, r report.Receipt) error {
		return f.bot().Retract(t.Context(), bots.Account{City: city}, "", r)
	}
	if err := retract("zuerich", sent); err != nil {
		t.Error(err)
	}
	f.wantTexts(t, "ghent", "two", "one")
	for range 2 {
		if err := retract("ghent", sent); err != nil {
			t.Error(err)
		}
	}
	f.wantTexts(t, "ghent", "one")
	if next := f.send(t, "ghent", "3", "three"); next.ID == sent.ID {
		t.Error("the id of the retracted post was given again")
	}
	if err := retract("ghent", report.Receipt{ID: "abc"}); bots.AsError(err).Kind != bots.KindPermanent {
		t.Errorf("an id that is none: %v", err)
	}
}

func TestPruneDeletesPostsThatWereWrittenOrStoredBefore(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ahead := f.incoming("ghent", "ahead", "from a clock that is ahead")
	ahead.At = ahead.At.Add(48 * time.Hour)
	if _, err := f.bot().Send(t.Context(), bots.Account{City: "ghent"}, ahead); err != nil {
		t.Fatal(err)
	}
	f.send(t, "ghent", "old", "old")
	f.send(t, "zuerich", "old", "elsewhere")
	f.Advance(time.Hour)
	f.send(t, "ghent", "new", "new")
	if err := f.bot().Prune(t.Context(), "ghent", f.Core.Now().Add(-time.Minute)); err != nil {
		t.Fatal(err)
	}
	f.wantTexts(t, "ghent", "new")
	f.wantTexts(t, "zuerich", "elsewhere")
}

func TestSwitchedOffListStoresNothing(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.SetOption(t, "ghent", "list", false)
	_, err := f.bot().Send(t.Context(), bots.Account{City: "ghent"}, f.incoming("ghent", "1", "one"))
	var e *bots.Error
	if !errors.As(err, &e) || e.Kind != bots.KindPermanent || !strings.Contains(f.Core.Pages.Text("en", e.Say), "switched off") {
		t.Errorf("Send returned %v", err)
	}
	f.wantTexts(t, "ghent")
}

func TestListShowsTheLatestFifty(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for i := range maxListed + 5 {
		f.send(t, "ghent", string(rune('A'+i)), "report")
	}
	if n := len(f.texts(t, "ghent")); n != maxListed {
		t.Errorf("%d posts are shown", n)
	}
}

func TestAPostLinksToAnObjectionOnlyWhileTheCityWantsThem(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.send(t, "zuerich", "1", "kontrolle u8")
	for _, on := range []bool{true, false} {
		f.SetFlags("zuerich", on)
		if page := f.get(t, "/c/zuerich/web/").body; strings.Contains(page, "/flag/") != on || !strings.Contains(page, "kontrolle u8") {
			t.Errorf("%v: %s", on, page)
		}
	}
}
