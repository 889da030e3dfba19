package mastodon

import (
	"strings"
	"testing"
	"unicode/utf8"

	"linienfunk/bots/mastodon/mastodontest"
	"linienfunk/internal/testkit/table"
)

func TestHashtagsAreRecognisedAsServersDo(t *testing.T) {
	t.Parallel()
	table.Check(t, hashtags, map[string][]string{
		"":                       nil,
		"ZürichKontrolle":        {"ZürichKontrolle"},
		"#ZuerichKontrolle":      {"ZuerichKontrolle"},
		" #u8  #kontrolle_u8, x": {"u8", "kontrolle_u8", "x"},
		"#eins#zwei":             {"eins", "zwei"},
		"2026":                   nil,
		"kontrolle-u8":           {"kontrolleu8"},
		"@bob":                   {"bob"},
		"###":                    nil,
	})
}

func TestAPostHasTheHashtagsThatTheReportLacks(t *testing.T) {
	t.Parallel()
	s := style{tags: []string{"Linie", "Kontrolle"}}
	compose := func(text string) string { return s.compose(text, "", limits{Characters: 100}) }
	table.Check(t, compose, map[string]string{
		"u8":                     "u8\n\n#Linie #Kontrolle",
		"#KONTROLLE u8":          "#KONTROLLE u8\n\n#Linie",
		"u8 #linie, #kontrolle.": "u8 #linie, #kontrolle.",
		"#Kontrolleurin u8":      "#Kontrolleurin u8\n\n#Linie #Kontrolle",
	})
}

func FuzzCompose(f *testing.F) {
	f.Add("kontrolle u8 https://example.org/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "#u8 linie", "Kontrolle", 60)
	f.Fuzz(func(t *testing.T, text, tags, warning string, limit int) {
		if !utf8.ValidString(text+tags+warning) || len(text)+len(tags) > 2000 || limit < 50 {
			t.Skip()
		}
		s := style{tags: hashtags(tags), warning: warning}
		got := s.compose(text, "", limits{Characters: limit, PerURL: 23})
		if room := limit - utf8.RuneCountInString(warning); room > 0 && length(got, 23) > room {
			t.Errorf("%q counts %d of %d", got, length(got, 23), room)
		}
	})
}

func TestACopyFollowsTheCitysOptions(t *testing.T) {
	t.Parallel()
	for _, d := range []mastodontest.Dialect{mastodontest.Mastodon, mastodontest.GoToSocial, mastodontest.Akkoma} {
		w, fake, a := newConnectedTo(t, d)
		send(t, w, a, other("1", "kontrolle u8"))
		for option, value := range map[string]any{"visibility": "unlisted", "hashtag": "#ZüriFunk", "warning": "Kontrolle", "language": "GSW"} {
			w.SetOption(t, "zuerich", option, value)
		}
		send(t, w, a, other("2", "kontrolle u9"))
		w.SetOption(t, "zuerich", "language", "??")
		send(t, w, a, other("3", strings.Repeat("sehr lang ", 200)))
		got := fake.Timeline("zuerich")
		if len(got) != 3 {
			t.Fatalf("%q: timeline %+v", d, got)
		}
		if p := got[0]; p.Visibility != "public" || p.Text != "kontrolle u8" || p.Spoiler != "" || p.Language != "de" {
			t.Errorf("%q: without any choice: %+v", d, p)
		}
		if p := got[1]; p.Visibility != "unlisted" || p.Text != "kontrolle u9\n\n#ZüriFunk" || p.Spoiler != "Kontrolle" || p.Language != "gsw" {
			t.Errorf("%q: with choices: %+v", d, p)
		}
		if p := got[2]; !strings.HasSuffix(p.Text, "…\n\n#ZüriFunk") || p.Language != "de" || utf8.RuneCountInString(p.Text) < 400 {
			t.Errorf("%q: a long one: %+v", d, p)
		}
	}
}

func TestABoostIsUnlistedIfTheCityChoseThat(t *testing.T) {
	t.Parallel()
	w, fake, a := newConnected(t)
	w.SetOption(t, "zuerich", "visibility", "unlisted")
	send(t, w, a, own(fake, mention(fake)))
	if got := fake.Timeline("zuerich"); len(got) != 1 || got[0].Boosts == "" || got[0].Visibility != "unlisted" {
		t.Errorf("timeline %+v", got)
	}
}

func TestARiderGetsAReplyAboutTheRelayedReportOnlyIfTheCityChoseThat(t *testing.T) {
	t.Parallel()
	w, fake, a := newConnected(t)
	mention := func() string { return mention(fake) }
	send(t, w, a, own(fake, mention()))
	if n := fake.Mentioned("rider@elsewhere.example"); n != 0 || len(fake.Timeline("zuerich")) != 1 {
		t.Fatal("the rider got a reply, but the option is off")
	}
	w.SetOption(t, "zuerich", "reply", true)
	w.SetOption(t, "zuerich", "warning", "Kontrolle")
	id := mention()
	for range 2 {
		send(t, w, a, own(fake, id))
	}
	send(t, w, a, other("1", "von anderswo"))
	var told []mastodontest.Status
	for _, p := range fake.Timeline("zuerich") {
		if p.InReplyTo != "" {
			told = append(told, p)
		}
	}
	if len(told) != 1 || told[0].InReplyTo != id || told[0].Visibility != "direct" || told[0].Spoiler != "" || told[0].Language != "de" ||
		told[0].Text != "@rider@elsewhere.example Danke! Deine Meldung wurde weitergegeben." {
		t.Errorf("reply: %+v", told)
	}
}

func TestAPrivateMentionIsAnsweredPrivatelyAndAReplyToUsIsNotAnswered(t *testing.T) {
	t.Parallel()
	w, fake, a := newConnected(t)
	w.SetOption(t, "zuerich", "reply", true)
	id := fake.Mention("rider@elsewhere.example", "@zuerich kontrolle u8", "direct")
	r := own(fake, id)
	r.Private = true
	send(t, w, a, r)
	got := fake.Timeline("zuerich")
	if len(got) != 2 || got[0].Visibility != "public" || strings.Contains(got[0].Text, "rider") || got[1].Visibility != "direct" {
		t.Fatalf("timeline %+v", got)
	}
	answer := fake.Write(mastodontest.Status{Acct: "rider@elsewhere.example", Text: "@zuerich kontrolle u8", Visibility: "direct", InReplyTo: got[1].ID})
	r = own(fake, answer)
	r.Private = true
	send(t, w, a, r)
	if got := fake.Timeline("zuerich"); len(got) != 3 || got[2].Visibility != "public" {
		t.Errorf("timeline %+v", got)
	}
}

func TestAReportIsSentEvenIfItsAuthorCannotBeAnswered(t *testing.T) {
	t.Parallel()
	w, fake := newWorld(t)
	fake.MaxCharacters = 30 // the boost needs none of them
	a := connect(t, w, fake, "zuerich", "zuerich")
	w.SetOption(t, "zuerich", "reply", true)
	send(t, w, a, own(fake, mention(fake)))
	wantPosts(t, fake, 1)
	if log := w.Log.String(); !strings.Contains(log, "reply to a rider failed") || strings.Contains(log, "rider@") {
		t.Errorf("log: %s", log)
	}
}

func TestACityThatHasChosenNothingShowsNoAuthor(t *testing.T) {
	t.Parallel()
	w, fake := newWorld(t)
	a := connect(t, w, fake, "ghent", "ghent")
	id := fake.Mention("rider@elsewhere.example", "@ghent kontrolle u8", "public")
	r := own(fake, id)
	r.City = "ghent"
	send(t, w, a, r)
	if got := fake.Timeline("ghent"); len(got) != 1 || got[0].Boosts != "" || got[0].Text != "kontrolle u8" {
		t.Errorf("timeline %+v", got)
	}
}
