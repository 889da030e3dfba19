package mastodon

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	masto "github.com/mattn/go-mastodon"

	"linienfunk/bots"
	"linienfunk/bots/bottest"
	"linienfunk/bots/mastodon/mastodontest"
	"linienfunk/internal/testkit"
	"linienfunk/report"
)

// inbox is a running Recv.
type inbox struct {
	got   chan report.Report
	ended chan error
	stop  context.CancelFunc
}

func receive(t testing.TB, w *bottest.World, a bots.Account, refuse func(report.Report) error) *inbox {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	in := &inbox{got: make(chan report.Report, 1000), ended: make(chan error, 1), stop: cancel}
	go func() {
		in.ended <- w.Bot.(bots.Receiver).Recv(ctx, a, func(_ context.Context, r report.Report) error {
			if refuse != nil {
				if err := refuse(r); err != nil {
					return err
				}
			}
			in.got <- r
			return nil
		})
	}()
	t.Cleanup(func() { in.end(t) })
	return in
}

// end stops Recv and waits for it.
func (in *inbox) end(t testing.TB) error {
	t.Helper()
	in.stop()
	return testkit.Peek(t, in.ended)
}

func (in *inbox) next(t testing.TB) report.Report {
	t.Helper()
	select {
	case r := <-in.got:
		return r
	case err := <-in.ended:
		in.ended <- err
		t.Fatalf("Recv ended: %v", err)
	case <-testkit.Timeout(t):
		t.Fatal("no report arrived")
	}
	panic("unreachable")
}

// wantText checks the text of the next report.
func (in *inbox) wantText(t testing.TB, want string) {
	t.Helper()
	if r := in.next(t); r.Text != want {
		t.Errorf("got %q, want %q", r.Text, want)
	}
}

func accept(context.Context, report.Report) error { return nil }

// unexpected returns an Out that fails the test.
func unexpected(t testing.TB) bots.Out {
	return func(_ context.Context, r report.Report) error {
		t.Errorf("handed in %+v", r)
		return nil
	}
}

func recvOnce(t testing.TB, w *bottest.World, a bots.Account) error {
	t.Helper()
	return w.Bot.(bots.Receiver).Recv(t.Context(), a, accept)
}

func position(t testing.TB, w *bottest.World) string {
	t.Helper()
	row, _, err := w.Bot.(*bot).Rows.Load(t.Context(), "zuerich")
	if err != nil {
		t.Fatal(err)
	}
	return row.Position
}

func slowPoll(w *bottest.World) {
	w.Bot.(*bot).timing.poll, w.Bot.(*bot).timing.quietPoll = time.Hour, time.Hour
}

// receiveByStream is receive without polling, and waits until the stream is open.
func receiveByStream(t testing.TB, w *bottest.World, fake *mastodontest.Server, a bots.Account) *inbox {
	t.Helper()
	slowPoll(w)
	in := receive(t, w, a, nil)
	testkit.Eventually(t, "stream", func() bool { return fake.Streams() == 1 })
	return in
}

func TestAStreamBringsMentionsAtOnce(t *testing.T) {
	t.Parallel()
	w, fake, a := newConnected(t)
	in := receiveByStream(t, w, fake, a)
	before := time.Now()
	mention(fake)
	r := in.next(t)
	if r.Text != "kontrolle u8" || r.Private || r.URL != "" || r.Ref != remoteID(fake.URL, masto.ID(r.ID)) {
		t.Errorf("got %+v", r)
	}
	if r.At.Before(before.Add(-time.Second)) || r.Author != w.Core.Author("zuerich", "rider@elsewhere.example", r.At) {
		t.Errorf("got %+v", r)
	}
}

func TestMissedMentionsArriveInOrderWhenTheStreamIsBack(t *testing.T) {
	t.Parallel()
	w, fake := newWorld(t)
	fake.PageSize = 3
	a := connect(t, w, fake, "zuerich", "zuerich")
	in := receiveByStream(t, w, fake, a)
	fake.FailPath(bottest.Internal, "/api/v1/streaming")
	fake.DropStreams()
	for i := range 10 {
		fake.Mention("rider@elsewhere.example", fmt.Sprintf("@zuerich linie %d", i), "public")
	}
	fake.Heal()
	for i := range 10 {
		if r := in.next(t); r.Text != fmt.Sprintf("linie %d", i) {
			t.Fatalf("report %d is %q", i, r.Text)
		}
	}
	testkit.Eventually(t, "stream", func() bool { return fake.Streams() == 1 })
}

func TestAMentionThatAppearsLateIsNotSkipped(t *testing.T) {
	t.Parallel()
	w, fake, a := newConnected(t)
	var got []string
	r := newReaderFor(t, w, a, func(_ context.Context, r report.Report) error {
		got = append(got, r.Text)
		return nil
	})
	appear := fake.MentionLate("rider@elsewhere.example", "@zuerich eins", "public")
	fake.Mention("rider@elsewhere.example", "@zuerich zwei", "public")
	for i, look := range []func(context.Context) error{r.catchUp, r.rereadRecent, r.rereadRecent, r.rereadRecent, r.rereadRecent} {
		if i == 2 {
			appear()
		}
		if err := look(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(got, []string{"zwei", "eins"}) {
		t.Errorf("got %q", got)
	}
	if len(r.seen) != 0 {
		t.Errorf("%d old mentions are remembered", len(r.seen))
	}
}

func TestMentionsWhoseNotificationsAreInAnotherOrderAreReportedAsWritten(t *testing.T) {
	t.Parallel()
	w, fake, a := newConnectedTo(t, mastodontest.GoToSocial)
	start := position(t, w)
	for i := range 5 {
		fake.Mention("rider@elsewhere.example", fmt.Sprintf("@zuerich linie %d", i), "public")
		w.Advance(8 * time.Millisecond)
	}
	fake.ReverseNotifications()
	full, refuse := errors.New("disk is full"), "linie 3"
	var got []string
	out := func(_ context.Context, r report.Report) error {
		if r.Text == refuse {
			return full
		}
		got = append(got, r.Text)
		return nil
	}
	if err := newReaderFor(t, w, a, out).catchUp(t.Context()); !errors.Is(err, full) {
		t.Fatalf("reading ended with %v", err)
	}
	if position(t, w) != start {
		t.Error("the position has passed a mention that was not handed in")
	}
	refuse, got = "", nil
	if err := newReaderFor(t, w, a, out).catchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	if want := []string{"linie 0", "linie 1", "linie 2", "linie 3", "linie 4"}; !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	if position(t, w) == start {
		t.Error("the position did not move")
	}
}

func newReaderFor(t testing.TB, w *bottest.World, a bots.Account, out bots.Out) *reader {
	t.Helper()
	b := w.Bot.(*bot)
	row, c, err := b.account(t.Context(), a.City)
	if err != nil {
		t.Fatal(err)
	}
	d, err := b.profileOf(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return newReader(b, c, row, d, out)
}

func TestAServerWithoutStreamingIsPolled(t *testing.T) {
	t.Parallel()
	w, fake := newWorld(t)
	fake.Streaming, fake.Version = false, 3
	a := connect(t, w, fake, "zuerich", "zuerich")
	in := receive(t, w, a, nil)
	for i := range 3 {
		fake.Mention("rider@elsewhere.example", fmt.Sprintf("@zuerich linie %d", i), "unlisted")
		if r := in.next(t); r.Text != fmt.Sprintf("linie %d", i) || r.Private {
			t.Fatalf("report %d is %+v", i, r)
		}
	}
}

func TestThePositionMovesOnlyWhenTheReportIsStored(t *testing.T) {
	t.Parallel()
	w, fake, a := newConnected(t)
	full := errors.New("disk is full")
	before := position(t, w)
	in := receive(t, w, a, func(r report.Report) error {
		if r.Text == "zwei" {
			return full
		}
		return nil
	})
	for _, text := range []string{"@zuerich eins", "@zuerich zwei", "@zuerich drei"} {
		fake.Mention("rider@elsewhere.example", text, "public")
	}
	if err := <-in.ended; !errors.Is(err, full) {
		t.Errorf("Recv ended with %v", err)
	}
	in.ended <- full
	if at := position(t, w); at == before {
		t.Error("the position is still before the first report, which was stored")
	}
	w.Restart(t)
	again := receive(t, w, a, nil)
	for _, want := range []string{"zwei", "drei"} {
		if r := again.next(t); r.Text != want {
			t.Errorf("got %q, want %q", r.Text, want)
		}
	}
}

func TestHistoryFromBeforeTheLoginIsNotReplayed(t *testing.T) {
	t.Parallel()
	w, fake := newWorld(t)
	fake.AddAccount("zuerich")
	fake.Mention("rider@elsewhere.example", "@zuerich alt", "public")
	a := connect(t, w, fake, "zuerich", "zuerich")
	fake.Mention("rider@elsewhere.example", "@zuerich neu", "public")
	receive(t, w, a, nil).wantText(t, "neu")
}

// mute lets the city's account mute another one.
func mute(fake *mastodontest.Server, acct string, muted bool) {
	fake.Change(acct, func(a *mastodontest.Account) { a.Muted = muted })
}

func TestAPageOfAMutedAccountIsNotTheEnd(t *testing.T) {
	t.Parallel()
	for _, d := range []mastodontest.Dialect{mastodontest.Mastodon, mastodontest.GoToSocial} {
		w, fake, a := newConnectedTo(t, d)
		fake.PageSize = 3
		mute(fake, "spam@elsewhere.example", true)
		for range 10 {
			fake.Mention("spam@elsewhere.example", "@zuerich kontrolle u1", "public")
		}
		last := mention(fake)
		in := receive(t, w, a, nil)
		in.wantText(t, "kontrolle u8")
		before := position(t, w)
		fake.Mention("spam@elsewhere.example", "@zuerich kontrolle u1", "public")
		if d == mastodontest.GoToSocial {
			testkit.Eventually(t, "the position is behind what was muted", func() bool { return position(t, w) > before })
		}
		in.end(t)
		fake.Delete(last)
		mention(fake)
		receive(t, w, a, nil).wantText(t, "kontrolle u8")
	}
}

func TestAMutedAccountAmongOthersHidesNoneOfThem(t *testing.T) {
	t.Parallel()
	w, fake, a := newConnectedTo(t, mastodontest.GoToSocial)
	fake.PageSize = 3
	mute(fake, "spam@elsewhere.example", true)
	in := receive(t, w, a, nil)
	for i := range 6 {
		for range i {
			fake.Mention("spam@elsewhere.example", "@zuerich kontrolle u1", "public")
		}
		fake.Mention("rider@elsewhere.example", fmt.Sprintf("@zuerich linie %d", i), "public")
		in.wantText(t, fmt.Sprintf("linie %d", i))
	}
}

func TestTheFirstLoginStartsAfterTheNewestMentionEvenIfItIsMuted(t *testing.T) {
	t.Parallel()
	for _, d := range []mastodontest.Dialect{mastodontest.Mastodon, mastodontest.GoToSocial} {
		w, fake := newDialect(t, d)
		fake.AddAccount("zuerich")
		fake.Mention("rider@elsewhere.example", "@zuerich alt", "public")
		for range 100 {
			fake.Mention("spam@elsewhere.example", "@zuerich kontrolle u1", "public")
		}
		mute(fake, "spam@elsewhere.example", true)
		a := connect(t, w, fake, "zuerich", "zuerich")
		fake.Mention("rider@elsewhere.example", "@zuerich neu", "public")
		receive(t, w, a, nil).wantText(t, "neu")
	}
}

func TestANewLoginOfTheSameAccountKeepsThePosition(t *testing.T) {
	t.Parallel()
	w, fake, _ := newConnected(t)
	fake.Mention("rider@elsewhere.example", "@zuerich dazwischen", "public")
	a := connect(t, w, fake, "zuerich", "zuerich")
	receive(t, w, a, nil).wantText(t, "dazwischen")
}

func TestBotsAndTheAccountItselfAndEmptyMentionsAreIgnored(t *testing.T) {
	t.Parallel()
	w, fake, a := newConnected(t)
	fake.Mention("relay@elsewhere.example", "@zuerich kontrolle", "public")
	fake.SetBot("relay@elsewhere.example", true)
	fake.Mention("zuerich", "@zuerich kontrolle", "public")
	fake.Mention("rider@elsewhere.example", "@zuerich", "public")
	mention(fake)
	in := receive(t, w, a, nil)
	in.wantText(t, "kontrolle u8")
}

func TestTheAccountsOfOtherCitiesAreNoRiders(t *testing.T) {
	t.Parallel()
	w, fake, a := newConnected(t)
	connect(t, w, fake, "ghent", "Ghent")
	fake.Mention("ghent", "@zuerich kontrolle auf dieser instanz", "public")
	in := receive(t, w, a, nil)
	mention(fake)
	in.wantText(t, "kontrolle u8")
	in.end(t)

	elsewhere := mastodontest.New(t)
	connect(t, w, elsewhere, "ghent", "gent")
	for acct, ours := range map[string]bool{
		"gent@" + mastodontest.Domain: true, "Gent@" + mastodontest.Domain: true, "gent@other.example": false, "gent2@" + mastodontest.Domain: false,
		"gent": false, "zuerich": true,
	} {
		row, _, err := w.Bot.(*bot).account(t.Context(), "zuerich")
		if err != nil {
			t.Fatal(err)
		}
		if got, err := w.Bot.(*bot).isOurs(t.Context(), row, masto.Account{ID: "x", Acct: acct}); err != nil || got != ours {
			t.Errorf("%s: %v, %v", acct, got, err)
		}
	}
}

func TestAMentionThatIsNotPublicIsPrivate(t *testing.T) {
	t.Parallel()
	w, fake, a := newConnected(t)
	in := receive(t, w, a, nil)
	for visibility, private := range map[string]bool{"public": false, "unlisted": false, "private": true, "direct": true, "local": true} {
		fake.Mention("rider@elsewhere.example", "@zuerich kontrolle", visibility)
		if r := in.next(t); r.Private != private || r.URL != "" {
			t.Errorf("%s: private %v, address %q", visibility, r.Private, r.URL)
		}
	}
}

func TestAReplyDoesNotRevealWhomItAnswers(t *testing.T) {
	t.Parallel()
	w, fake, a := newConnected(t)
	in := receive(t, w, a, nil)
	first := fake.Mention("marta@elsewhere.example", "@zuerich kontrolle u8", "direct")
	in.next(t)
	for text, want := range map[string]string{
		"@marta@elsewhere.example @zuerich stimmt, mit @marta@elsewhere.example": "stimmt, mit",
		"@zuerich @marta@elsewhere.example @unbekannt@x.example\nstimmt":         "stimmt",
		"@zuerich @niemand.": "@niemand.",
	} {
		fake.Write(mastodontest.Status{Acct: "leo@elsewhere.example", Text: text, Visibility: "direct", InReplyTo: first})
		if r := in.next(t); r.Text != want {
			t.Errorf("%q became %q, want %q", text, r.Text, want)
		}
	}
	fake.Mention("leo@elsewhere.example", "@marta@elsewhere.example @zuerich kontrolle", "public")
	if r := in.next(t); r.Text != "@marta kontrolle" {
		t.Errorf("a mention that is not a reply became %q", r.Text)
	}
}

func TestAContentWarningPrecedesTheText(t *testing.T) {
	t.Parallel()
	w, fake, a := newConnected(t)
	in := receive(t, w, a, nil)
	fake.Write(mastodontest.Status{Acct: "rider@elsewhere.example", Text: "@zuerich drei männer\nin grau", Spoiler: "kontrolle u8", Visibility: "public"})
	in.wantText(t, "kontrolle u8\n\ndrei männer\nin grau")
}

func TestReadingPausesAsLongAsTheInstanceAsks(t *testing.T) {
	t.Parallel()
	w, fake, a := newConnected(t)
	fake.Fail(bottest.TooMany)
	err := w.Bot.(bots.Receiver).Recv(t.Context(), a, func(context.Context, report.Report) error { return nil })
	bottest.WantError(t, err, bots.KindRetryAfter, "error-too-many")
	if after := bots.AsError(err).After; after != 7*time.Second {
		t.Errorf("waits %v", after)
	}
}

func TestARevokedTokenEndsReading(t *testing.T) {
	t.Parallel()
	w, fake, a := newConnected(t)
	in := receiveByStream(t, w, fake, a)
	fake.RevokeTokens("zuerich")
	err := <-in.ended
	in.ended <- err
	bottest.WantError(t, err, bots.KindRevoked, "error-revoked")
}

func TestASilentStreamIsClosed(t *testing.T) {
	t.Parallel()
	w, fake, a := newConnected(t)
	slowPoll(w)
	w.Bot.(*bot).timing.idle = 50 * time.Millisecond
	receive(t, w, a, nil)
	testkit.Eventually(t, "a third stream", func() bool { return fake.Requests("GET /api/v1/streaming/user") >= 3 })
}

func TestAMentionByANewAccountIsDoubtfulIfTheCityWantsThat(t *testing.T) {
	t.Parallel()
	w, fake, a := newConnected(t)
	now := w.Core.Now()
	fake.Mention("new@elsewhere.example", "@zuerich kontrolle vorher", "public")
	fake.Change("new@elsewhere.example", func(a *mastodontest.Account) { a.Made = now.Add(-6 * 24 * time.Hour) })
	fake.Change("old@elsewhere.example", func(a *mastodontest.Account) { a.Made = now.Add(-8 * 24 * time.Hour) })
	in := receive(t, w, a, nil)
	for _, c := range []struct {
		on   bool
		from string
		want string
	}{{false, "new@elsewhere.example", ""}, {true, "new@elsewhere.example", newAccount}, {true, "old@elsewhere.example", ""}, {true, "long@elsewhere.example", ""}} {
		w.SetOption(t, "zuerich", "hold_new", c.on)
		text := fmt.Sprintf("kontrolle %v %s", c.on, c.want)
		fake.Mention(c.from, "@zuerich "+text, "public")
		for r := in.next(t); ; r = in.next(t) {
			if r.Text == report.Clean(text) {
				if r.Spam != c.want {
					t.Errorf("%+v: %q", c, r.Spam)
				}
				break
			}
		}
	}
}
