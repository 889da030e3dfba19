package mastodon

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"linienfunk/bots"
	"linienfunk/bots/bottest"
	"linienfunk/bots/chat"
	"linienfunk/bots/mastodon/mastodontest"
	"linienfunk/internal/testkit"
	"linienfunk/report"
)

const ada = "ada@elsewhere.example"

// newRun is newConnected with ada, who runs zuerich; its account is read. reports gets what is handed in.
func newRun(t testing.TB) (w *bottest.World, fake *mastodontest.Server, reports <-chan report.Report) {
	t.Helper()
	w, fake, a := newConnected(t)
	w.Commands.Link("zuerich", ada)
	got := make(chan report.Report, 10)
	testkit.Background(t, func(ctx context.Context) {
		for ctx.Err() == nil {
			w.Bot.(*bot).Recv(ctx, a, func(_ context.Context, r report.Report) error {
				got <- r
				return nil
			})
		}
	})
	return w, fake, got
}

// directs waits for a number of direct messages of zuerich, and returns them.
func directs(t testing.TB, fake *mastodontest.Server, count int) (all []mastodontest.Status) {
	t.Helper()
	testkit.Eventually(t, "the messages are sent", func() bool {
		all = nil
		for _, s := range fake.Timeline("zuerich") {
			if s.Visibility == "direct" {
				all = append(all, s)
			}
		}
		return len(all) >= count
	})
	return all
}

func TestAnAnswerIsADirectReplyThatMentionsItsReaderAlone(t *testing.T) {
	t.Parallel()
	w, fake, _ := newRun(t)
	w.Commands.Answer(chat.Answer{Text: "No, ask @jan@elsewhere.example", Refused: true, Linked: true})
	id := fake.Mention(ada, "@zuerich /status", "direct")
	got := directs(t, fake, 1)
	if len(got) != 1 || got[0].InReplyTo != id || got[0].Text != "@"+ada+" ⚠️ No, ask @\u2060jan@\u2060elsewhere.example" || got[0].Language != "de" {
		t.Errorf("%+v", got)
	}
}

func TestALongAnswerIsSeveralPosts(t *testing.T) {
	t.Parallel()
	w, fake, _ := newRun(t)
	lines := strings.Repeat("/lists add <list> <rule> – Add a word to a list\n", 30)
	w.Commands.Answer(chat.Answer{Text: lines, Linked: true})
	fake.Mention(ada, "@zuerich /status", "direct")
	var whole []string
	for _, s := range directs(t, fake, 4) {
		if utf8.RuneCountInString(s.Text) > 500 {
			t.Errorf("%d characters", utf8.RuneCountInString(s.Text))
		}
		whole = append(whole, strings.TrimPrefix(s.Text, "@"+ada+" "))
	}
	if got := strings.Join(whole, "\n"); got != strings.TrimSpace(lines) {
		t.Errorf("%d posts:\n%s", len(whole), got)
	}
}

func TestAnAnswerToANoticeNeedNotNameItsReport(t *testing.T) {
	t.Parallel()
	w, fake, _ := newRun(t)
	notice := chat.Answer{Text: "held", Linked: true, Buttons: []chat.Button{{Label: "Release #17", Report: "17", Command: "/release 17"}, {Label: "Refuse #17", Report: "17", Command: "/refuse 17"}}}
	if err := w.Bot.(*bot).Tell(t.Context(), "zuerich", ada, "held", notice); err != nil {
		t.Fatal(err)
	}
	sent := directs(t, fake, 1)[0]
	if sent.Text != "@"+ada+" held\n/release 17\n/refuse 17" || sent.InReplyTo != "" {
		t.Errorf("%+v", sent)
	}
	fake.Write(mastodontest.Status{Acct: ada, Text: "@zuerich status", Visibility: "direct", InReplyTo: sent.ID})
	directs(t, fake, 2)
	if ran := w.Commands.Ran(); len(ran) != 1 || len(ran[0].Reports) != 1 || ran[0].Reports[0] != "17" || ran[0].Forged {
		t.Errorf("%+v", ran)
	}
}

func TestAMessageToSeveralPeopleAndOneWithoutACommandAreReports(t *testing.T) {
	t.Parallel()
	w, fake, reports := newRun(t)
	fake.Mention("jan@elsewhere.example", "@zuerich kontrolle u6", "direct")
	fake.Mention(ada, "@zuerich @jan@elsewhere.example /pause", "direct")
	fake.Mention(ada, "@zuerich kontrolle u8", "direct")
	for _, want := range []string{"kontrolle u6", "/pause", "kontrolle u8"} {
		if r := testkit.Next(t, reports); !strings.Contains(r.Text, want) || !r.Private {
			t.Errorf("%+v, want %s", r, want)
		}
	}
	if ran := w.Commands.Ran(); len(ran) != 0 {
		t.Errorf("%+v", ran)
	}
}

func TestAMessageWaitsWhileTheInstanceIsAwayAndIsForgottenAfterDays(t *testing.T) {
	t.Parallel()
	w, fake, a := newConnected(t)
	b := w.Bot.(*bot)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	tell := func() { must(b.Tell(t.Context(), "zuerich", ada, "k", chat.Answer{Text: "notice", Linked: true})) }
	tell()
	row, c, err := b.account(t.Context(), "zuerich")
	must(err)
	profile, err := b.profileOf(t.Context(), c)
	must(err)
	r := newReader(b, c, row, profile, nil)
	fake.Fail(bottest.Internal)
	must(r.sendDirects(t.Context()))
	fake.Heal()
	must(r.sendDirects(t.Context())) // too early
	if got := fake.Timeline("zuerich"); len(got) != 0 {
		t.Errorf("%+v", got)
	}
	w.Advance(time.Minute)
	must(r.sendDirects(t.Context()))
	tell()
	must(r.sendDirects(t.Context()))
	if got := fake.Timeline("zuerich"); len(got) != 1 {
		t.Errorf("%+v", got)
	}
	var left []Direct
	must(b.store.db.Find(&left).Error)
	if len(left) != 1 || left[0].Content != nil || left[0].RemoteID == "" {
		t.Errorf("%+v", left)
	}
	w.Advance(keptDirects + time.Hour)
	must(b.Prune(t.Context(), a.City, w.Core.Now()))
	must(b.store.db.Find(&left).Error)
	if len(left) != 0 {
		t.Errorf("%+v", left)
	}
}

func TestNobodySubscribesOnMastodon(t *testing.T) {
	t.Parallel()
	w, _, _ := newConnected(t)
	n := w.Bot.(chat.Network)
	_, _, err := n.Interest(t.Context(), "zuerich", ada)
	_, err2 := n.SetInterest(t.Context(), "zuerich", ada, chat.Interest{})
	for _, err := range []error{err, err2, n.Unsubscribe(t.Context(), "zuerich", ada)} {
		if !errors.Is(err, errors.ErrUnsupported) {
			t.Error(err)
		}
	}
	for _, wrong := range []string{"", "ada", "@ada@x.example", "a b@x.example", "ada@x.example @jan"} {
		if err := n.Tell(t.Context(), "zuerich", wrong, "k", chat.Answer{Text: "x"}); bots.AsError(err).Kind != bots.KindPermanent {
			t.Errorf("%q: %v", wrong, err)
		}
	}
	if err := n.Tell(t.Context(), "ghent", ada, "k", chat.Answer{Text: "x"}); bots.AsError(err).Kind != bots.KindPermanent {
		t.Errorf("a city without an account: %v", err)
	}
}

func FuzzParts(f *testing.F) {
	f.Add("one\ntwo", 10)
	f.Add(strings.Repeat("ü🚨\n", 300), 20)
	f.Fuzz(func(t *testing.T, text string, limit int) {
		if limit < 10 || limit > 500 || !utf8.ValidString(text) {
			return
		}
		all := parts(text, limit)
		for i, one := range all {
			if utf8.RuneCountInString(one) > limit && i < maxParts-1 || len(all) > maxParts {
				t.Errorf("part %d of %d has %d characters", i, len(all), utf8.RuneCountInString(one))
			}
		}
	})
}
