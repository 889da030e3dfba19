package twitter

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"linienfunk/bots"
	"linienfunk/bots/bottest"
	"linienfunk/bots/twitter/twittertest"
	"linienfunk/report"
)

// testReader is a reader that polls when the test calls poll.
type testReader struct {
	*reader
	got []report.Report
	err error // returned by out
}

func newTestReader(t testing.TB, w *bottest.World) *testReader {
	t.Helper()
	k := &testReader{}
	var err error
	k.reader, err = w.Bot.(*bot).newReader(t.Context(), "zuerich", func(_ context.Context, r report.Report) error {
		if k.err == nil {
			k.got = append(k.got, r)
		}
		return k.err
	})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// bothReading runs a test with both versions of the API, a connected account and its reader.
func bothReading(t *testing.T, test func(t *testing.T, w *bottest.World, fake *twittertest.Server, k *testReader)) {
	t.Helper()
	bothConnected(t, func(t *testing.T, w *bottest.World, fake *twittertest.Server) {
		test(t, w, fake, newTestReader(t, w))
	})
}

// newReading is newConnected with a reader.
func newReading(t testing.TB) (*bottest.World, *twittertest.Server, *testReader) {
	t.Helper()
	w, fake := newConnected(t)
	return w, fake, newTestReader(t, w)
}

// poll reads mentions and messages, and returns the texts of new ones.
func (k *testReader) poll(t testing.TB) []string {
	t.Helper()
	k.got = nil
	if err := errors.Join(k.mentions(t.Context()), k.messages(t.Context())); err != nil {
		t.Fatal(err)
	}
	return k.texts()
}

func (k *testReader) texts() []string {
	texts := []string{}
	for _, r := range k.got {
		texts = append(texts, r.Text)
	}
	return texts
}

func want(t testing.TB, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestOnlyNewPostsOfOthersAreReports(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, w *bottest.World, fake *twittertest.Server) {
		fake.WriteAt("marta", "@zuerich vor dem anschluss", w.Core.Now().Add(-time.Minute))
		fake.TellAt("marta", "zuerich", "auch davor", w.Core.Now().Add(-time.Minute))
		connect(t, w, fake, "zuerich", "zuerich")
		connect(t, w, fake, "ghent", "ghent")
		k := newTestReader(t, w)
		fake.Write("zuerich", "@zuerich eigenes")
		fake.Write("ghent", "@zuerich von einem anderen bot von uns")
		id := fake.Write("marta", "@zuerich kontrolle u8")
		fake.Retweet("leo", id)
		fake.Write("marta", "@zuerich")
		fake.Write("marta", "niemand wird erwähnt")
		fake.Tell("zuerich", "marta", "eigene nachricht")
		fake.Tell("marta", "zuerich", "nachricht")
		want(t, k.poll(t), "kontrolle u8", "nachricht")
		want(t, k.poll(t))
		if k := newTestReader(t, w); len(k.poll(t)) != 0 {
			t.Errorf("after a restart: %q", k.texts())
		}
	})
}

func TestAMessageAndAProtectedPostArePrivateReports(t *testing.T) {
	t.Parallel()
	bothReading(t, func(t *testing.T, w *bottest.World, fake *twittertest.Server, k *testReader) {
		fake.Protect("leise")
		public := fake.Write("marta", "@zuerich offen")
		ids := []string{public, fake.Write("leise", "@zuerich geschützt"), fake.Tell("marta", "zuerich", "nachricht")}
		want(t, k.poll(t), "offen", "geschützt", "nachricht")
		for i, r := range k.got {
			if private := i > 0; r.Private != private || (r.Ref == "") != private || r.URL != "" || private && strings.Contains(r.ID, ids[i]) {
				t.Errorf("%+v", r)
			}
		}
		if k.got[0].Ref != public || k.got[0].Author != k.got[2].Author || k.got[0].Author == k.got[1].Author {
			t.Errorf("%+v", k.got)
		}
	})
}

func TestManyMentionsArriveInOrderPageByPage(t *testing.T) {
	t.Parallel()
	bothReading(t, func(t *testing.T, w *bottest.World, fake *twittertest.Server, k *testReader) {
		fake.PageSize = 7
		var texts []string
		for i := range 30 {
			texts = append(texts, fmt.Sprintf("kontrolle linie %d", i))
			fake.Write("marta", "@zuerich "+texts[i])
		}
		want(t, k.poll(t), texts...)
		for i := range 30 {
			fake.Tell("marta", "zuerich", texts[i])
		}
		want(t, k.poll(t), texts...)
	})
}

func TestAMentionThatXShowsLateIsRead(t *testing.T) {
	t.Parallel()
	bothReading(t, func(t *testing.T, w *bottest.World, fake *twittertest.Server, k *testReader) {
		w.Advance(time.Minute)
		early := w.Core.Now()
		w.Advance(time.Second)
		fake.Write("marta", "@zuerich zwei")
		want(t, k.poll(t), "zwei")
		fake.WriteAt("leo", "@zuerich eins", early)
		want(t, k.poll(t), "eins")
		want(t, k.poll(t))
	})
}

func TestThePositionMovesOnAfterReadingStoppedEarly(t *testing.T) {
	t.Parallel()
	bothReading(t, func(t *testing.T, w *bottest.World, fake *twittertest.Server, k *testReader) {
		fake.PageSize = 1
		fake.Write("marta", "@zuerich eins")
		last := fake.Write("marta", "@zuerich zwei")
		fake.Rates = map[string]int{"GET /2/users/{id}/mentions": 1, "GET /1.1/statuses/mentions_timeline.json": 1}
		bottest.WantError(t, k.mentions(t.Context()), bots.KindRetryAfter, "error-too-many")
		fake.Rates = nil
		want(t, k.poll(t), "eins") // the other mention was handed in before
		if k.account.Position != last {
			t.Errorf("the position is %s, not %s", k.account.Position, last)
		}
	})
}

func TestInAFloodTheNewestMentionsAreReadAndTheRestAreSkipped(t *testing.T) {
	t.Parallel()
	bothReading(t, func(t *testing.T, w *bottest.World, fake *twittertest.Server, k *testReader) {
		fake.PageSize = 1
		for i := range maxPages + 3 {
			fake.Write("marta", fmt.Sprintf("@zuerich linie %d", i))
		}
		if got := k.poll(t); len(got) != maxPages || got[0] != "linie 3" {
			t.Errorf("got %q", got)
		}
		fake.Write("marta", "@zuerich danach")
		want(t, k.poll(t), "danach")
	})
}

func TestMessagesThatCannotBeReadDoNotDelayMentions(t *testing.T) {
	t.Parallel()
	bothReading(t, func(t *testing.T, w *bottest.World, fake *twittertest.Server, k *testReader) {
		for _, path := range []string{"/2/dm_events", "/1.1/direct_messages"} {
			fake.FailPath(bottest.Internal, path)
			fake.Write("marta", "@zuerich kontrolle "+path)
			want(t, k.poll(t), "kontrolle "+path)
		}
		fake.Heal()
		fake.Tell("marta", "zuerich", "nachricht")
		w.Advance(16 * time.Minute)
		want(t, k.poll(t), "nachricht")
	})
}

func TestThePositionMovesOnlyOverStoredReports(t *testing.T) {
	t.Parallel()
	bothReading(t, func(t *testing.T, w *bottest.World, fake *twittertest.Server, k *testReader) {
		fake.Write("marta", "@zuerich kontrolle u8")
		fake.Tell("marta", "zuerich", "nachricht")
		k.err = errors.New("the disk is full")
		if err := k.mentions(t.Context()); !errors.Is(err, k.err) {
			t.Errorf("got %v", err)
		}
		if err := k.messages(t.Context()); !errors.Is(err, k.err) {
			t.Errorf("got %v", err)
		}
		want(t, newTestReader(t, w).poll(t), "kontrolle u8", "nachricht")
	})
}

func TestAnEditedPostIsTheSameReport(t *testing.T) {
	t.Parallel()
	_, fake, k := newReading(t)
	id := fake.Write("marta", "@zuerich kontrole u8")
	k.poll(t)
	first := k.got[0]
	edited := fake.Edit(id, "@zuerich kontrolle u8")
	want(t, k.poll(t), "kontrolle u8")
	if k.got[0].ID != first.ID || first.ID != id || k.got[0].Ref != edited {
		t.Errorf("%+v, then %+v", first, k.got[0])
	}
}

func TestLinksAreShownAsTheyWereTypedAndPicturesAreNot(t *testing.T) {
	t.Parallel()
	bothReading(t, func(t *testing.T, w *bottest.World, fake *twittertest.Server, k *testReader) {
		fake.Write("marta", "@zuerich a & b <c> https://example.com/x https://x.com/m/status/1/photo/1")
		want(t, k.poll(t), "a & b <c> https://example.com/x")
	})
}

func TestAReplyDoesNotRevealWhomItAnswers(t *testing.T) {
	t.Parallel()
	bothReading(t, func(t *testing.T, w *bottest.World, fake *twittertest.Server, k *testReader) {
		first := fake.Write("marta", "@zuerich kontrolle u8 sagt @leo")
		fake.Answer("paul", first, "stimmt, mit @anna")
		want(t, k.poll(t), "kontrolle u8 sagt @leo", "stimmt, mit @anna")
	})
}

func TestAQuotedPostIsNotNamed(t *testing.T) {
	t.Parallel()
	bothReading(t, func(t *testing.T, w *bottest.World, fake *twittertest.Server, k *testReader) {
		quoted := fake.Write("anna", "nur für freunde")
		fake.Quote("marta", quoted, "@zuerich kontrolle u8")
		fake.Quote("marta", quoted, "@zuerich")
		fake.Tell("marta", "zuerich", "siehe https://x.com/anna/status/"+quoted)
		want(t, k.poll(t), "kontrolle u8", "https://x.com/i/status/"+quoted, "siehe https://x.com/i/status/"+quoted)
	})
}

func TestALongPostIsReadInFull(t *testing.T) {
	t.Parallel()
	_, fake, k := newReading(t)
	long := strings.TrimSpace(strings.Repeat("kontrolle u8 ", 60))
	fake.Write("marta", "@zuerich "+long)
	want(t, k.poll(t), long)
}

func TestPostsThatAreNoLongerFreshAreNotPaidFor(t *testing.T) {
	t.Parallel()
	w, fake, k := newReading(t)
	for i := range 50 {
		fake.Write("marta", fmt.Sprintf("@zuerich alt %d", i))
	}
	before := fake.Charged("zuerich")
	w.Advance(31 * time.Minute)
	fake.Write("marta", "@zuerich neu")
	want(t, k.poll(t), "neu")
	if cost := fake.Charged("zuerich") - before; cost > 20_000 {
		t.Errorf("X charged %v", amount(cost))
	}
}

func TestWithoutAccessToMessagesMentionsAreReadAndThePageSaysSo(t *testing.T) {
	t.Parallel()
	bothConnected(t, func(t *testing.T, w *bottest.World, fake *twittertest.Server) {
		fake.Deny("messages", true)
		k := newTestReader(t, w)
		fake.Write("marta", "@zuerich kontrolle u8")
		fake.Tell("marta", "zuerich", "nachricht")
		want(t, k.poll(t), "kontrolle u8")
		if page := w.Settings(t, "zuerich", "en"); !strings.Contains(page, "does not let us read this account") {
			t.Errorf("page: %s", page)
		}
		fake.Deny("messages", false)
		want(t, k.poll(t)) // not before an hour
		w.SetOption(t, "zuerich", "messages", false)
		if page := w.Settings(t, "zuerich", "en"); strings.Contains(page, "does not let us read this account") {
			t.Error("the page warns although messages are switched off")
		}
		w.Advance(20 * time.Minute)
		want(t, newTestReader(t, w).poll(t))
		w.SetOption(t, "zuerich", "messages", true)
		want(t, newTestReader(t, w).poll(t), "nachricht")
		if page := w.Settings(t, "zuerich", "en"); strings.Contains(page, "does not let us read this account") {
			t.Error("the page still warns")
		}
	})
}

func TestWithoutAccessToMentionsTheStatusSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, w *bottest.World, fake *twittertest.Server) {
		a := connect(t, w, fake, "zuerich", "zuerich")
		fake.Deny("read", true)
		e := bots.AsError(w.Bot.(bots.Receiver).Recv(t.Context(), a, nil))
		if e.Kind != bots.KindRetryAfter || e.Say != "error-access-read" || e.After != time.Hour {
			t.Errorf("%+v", e)
		}
		r := report.Report{City: "zuerich", Bot: "elsewhere", ID: "1", Text: "kontrolle", At: w.Core.Now()}
		if _, err := w.Bot.(bots.Sender).Send(t.Context(), a, r); err != nil {
			t.Errorf("posting fails: %v", err)
		}
	})
}

func TestTheRateLimitOfMessagesDoesNotDelayMentions(t *testing.T) {
	t.Parallel()
	bothReading(t, func(t *testing.T, w *bottest.World, fake *twittertest.Server, k *testReader) {
		fake.Rates = map[string]int{"GET /2/dm_events": 2, "GET /1.1/direct_messages/events/list.json": 2}
		for i := range 5 {
			text := fmt.Sprintf("kontrolle linie %d", i)
			fake.Write("marta", "@zuerich "+text)
			want(t, k.poll(t), text)
		}
		fake.Tell("marta", "zuerich", "nachricht")
		want(t, k.poll(t))
		w.Advance(16 * time.Minute)
		want(t, k.poll(t), "nachricht")
	})
}

func TestMessagesThatWereReadBeforeTheRateLimitAreHandedIn(t *testing.T) {
	t.Parallel()
	bothReading(t, func(t *testing.T, w *bottest.World, fake *twittertest.Server, k *testReader) {
		fake.Rates = map[string]int{"GET /2/dm_events": 2, "GET /1.1/direct_messages/events/list.json": 2}
		for i := range 5 {
			fake.Tell("marta", "zuerich", fmt.Sprintf("nachricht %d", i))
		}
		want(t, k.poll(t), "nachricht 2", "nachricht 3", "nachricht 4")
		fake.Rates = nil
		w.Advance(16 * time.Minute)
		if got := k.poll(t); len(got) != 5 { // the core knows three of them
			t.Errorf("then %q", got)
		}
	})
}

func TestXSaysHowLongToWait(t *testing.T) {
	t.Parallel()
	bothReading(t, func(t *testing.T, w *bottest.World, fake *twittertest.Server, k *testReader) {
		for _, test := range []struct {
			fault       bottest.Fault
			hints       bool
			least, most time.Duration
			say         string
		}{
			{bottest.TooMany, true, time.Second, 8 * time.Second, "error-too-many"},
			{bottest.TooMany, false, 15 * time.Minute, 15 * time.Minute, "error-too-many"},
			{twittertest.Daily, true, 30 * time.Minute, 40 * time.Minute, "error-too-many"},
			{twittertest.Credits, true, time.Hour, time.Hour, "error-credits"},
		} {
			fake.NoHints = !test.hints
			fake.Fail(test.fault)
			e := bots.AsError(k.mentions(t.Context()))
			if e.Kind != bots.KindRetryAfter || e.Say != test.say || e.After < test.least || e.After > test.most {
				t.Errorf("%s, hints %v: %+v", test.fault, test.hints, e)
			}
			fake.Heal()
		}
	})
}
