package mastodon

import (
	"context"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	masto "github.com/mattn/go-mastodon"
)

func TestPollsAreRareOnlyWhileTheStreamIsOpenAndNobodyWrites(t *testing.T) {
	t.Parallel()
	w, fake, a := newConnected(t)
	r := newReaderFor(t, w, a, accept)
	if !r.pollsQuickly(false) {
		t.Error("polls are rare without a stream")
	}
	if r.pollsQuickly(true) {
		t.Error("polls are frequent although the stream announces mentions")
	}
	fake.Mention("rider@elsewhere.example", "@zuerich kontrolle u8", "direct")
	if err := r.poll(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !r.pollsQuickly(true) {
		t.Error("the next private mention waits for a rare poll")
	}
	w.Advance(lively + time.Second)
	if r.pollsQuickly(true) {
		t.Error("polls stay frequent after an hour without a mention")
	}
}

func TestRarePollsAreThreeMinutesApartAtMostAndNotAtOnce(t *testing.T) {
	t.Parallel()
	w, _, a := newConnected(t)
	r := newReaderFor(t, w, a, accept)
	r.bot.timing = defaultTiming()
	soonest := time.Hour
	for range 1000 {
		if got := r.pollInterval(false); got < 150*time.Second || got > 3*time.Minute {
			t.Fatalf("the next poll is after %v", got)
		}
		first := r.firstPoll(false)
		if soonest = min(soonest, first); first > 3*time.Minute {
			t.Fatalf("the first poll is after %v", first)
		}
	}
	if soonest > time.Minute {
		t.Errorf("the first poll of a thousand accounts is after %v", soonest)
	}
	if r.pollInterval(true) != 15*time.Second || r.firstPoll(true) != 15*time.Second {
		t.Error("frequent polls are not 15 seconds apart")
	}
}

func TestPollsAreFrequentWhileMentionsAreChecked(t *testing.T) {
	t.Parallel()
	w, fake, a := newConnected(t)
	id := mention(fake)
	send(t, w, a, own(fake, id))
	r := newReaderFor(t, w, a, accept)
	if err := r.checkMentions(t.Context()); err != nil || !r.pollsQuickly(true) {
		t.Errorf("polls are rare although a mention may be deleted or edited (%v)", err)
	}
}

func TestPostsAreLookedUpOnlyWhereThereMayBeAny(t *testing.T) {
	t.Parallel()
	w, fake, a := newConnected(t)
	r := newReaderFor(t, w, a, accept)
	lookups := func() error {
		ctx, cancel := context.WithCancel(t.Context())
		cancel() // a query fails
		return r.checkMentions(ctx)
	}
	if lookups() == nil {
		t.Error("posts from before the start are not looked up")
	}
	w.Advance(48 * time.Hour)
	if err := lookups(); err != nil {
		t.Errorf("there can be no posts: %v", err)
	}
	mention(fake)
	if err := r.catchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	if lookups() == nil {
		t.Error("posts of a mention that has just come are not looked up")
	}
}

func TestOneListOfCitiesWithPostsServesAllAccounts(t *testing.T) {
	t.Parallel()
	w, fake, a := newConnected(t)
	other := connect(t, w, fake, "ghent", "ghent")
	send(t, w, a, own(fake, mention(fake)))
	ended, cancel := context.WithCancel(t.Context())
	cancel() // a query fails
	if err := newReaderFor(t, w, other, accept).checkMentions(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := newReaderFor(t, w, other, accept).checkMentions(ended); err != nil {
		t.Errorf("the list is not used again: %v", err)
	}
	r := newReaderFor(t, w, a, accept)
	if err := r.checkMentions(ended); err == nil {
		t.Error("the posts of a city that has some are not looked up")
	}
	if err := r.checkMentions(t.Context()); err != nil || !r.checking {
		t.Errorf("the city's post is not checked (%v)", err)
	}
	w.Advance(recentTime)
	if err := newReaderFor(t, w, other, accept).checkMentions(ended); err == nil {
		t.Error("the list is used for too long")
	}
}

func TestAStreamIsOpenedWhereTheInstanceSays(t *testing.T) {
	t.Parallel()
	for _, version := range []int{3, 4} {
		w, fake := newWorld(t)
		target, err := url.Parse(fake.URL)
		if err != nil {
			t.Fatal(err)
		}
		var asked atomic.Int32
		elsewhere := httptest.NewServer(&httputil.ReverseProxy{FlushInterval: -1, Rewrite: func(r *httputil.ProxyRequest) {
			asked.Add(1)
			r.SetURL(target)
		}})
		t.Cleanup(elsewhere.Close)
		fake.Version, fake.StreamingURL = version, elsewhere.URL
		a := connect(t, w, fake, "zuerich", "zuerich")
		in := receiveByStream(t, w, fake, a)
		if asked.Load() != 1 {
			t.Errorf("version %d: the other host was called %d times", version, asked.Load())
		}
		mention(fake)
		in.wantText(t, "kontrolle u8")
		in.end(t)
	}
}

func TestAnInstanceThatDoesNotAnswerDelaysNoAccountsElsewhere(t *testing.T) {
	t.Parallel()
	var g gates
	for range gateSize {
		if _, err := g.enter(t.Context(), "https://hangs.example"); err != nil {
			t.Fatal(err)
		}
	}
	leave, err := g.enter(t.Context(), "https://works.example")
	if err != nil {
		t.Fatal(err)
	}
	leave()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := g.enter(ctx, "https://hangs.example"); err == nil {
		t.Error("more accounts start at a time than the gate admits")
	}
}

func TestOnlyMentionsEditsAndDeletionsWakeAReader(t *testing.T) {
	t.Parallel()
	var got []string
	handler := eventHandler{
		mention: func() { got = append(got, "mention") },
		deleted: func(id masto.ID) { got = append(got, "deleted "+string(id)) },
	}
	long := strings.Repeat("x", 3*keptLine)
	readEvents(strings.NewReader(":)\n:thump\n"+
		"event: update\ndata: {\"content\":\""+long+"\"}\n\n"+
		"event: notification\ndata: {\"type\":\"favourite\"}\n\n"+
		"event: notification\ndata: {\"content\":\""+long+"\",\"type\":\"mention\"}\n\n"+
		"event:delete\r\ndata:42\r\n\r\n"+
		"event: notification\ndata: {\"type\":\"update\"}\n\n"+
		"event: notification\ndata: {\"type\":\n\n"+ // what cannot be read may be a mention
		"event: filters_changed\ndata: undefined\n\n"+
		"event: notification\ndata: {\"type\":\"mention\"}\n"), handler)
	if want := []string{"mention", "deleted 42", "mention", "mention", "mention"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
