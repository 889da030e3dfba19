package web

import (
	"bufio"
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"linienfunk/bots/bottest"
	"linienfunk/internal/testkit"
)

// event is one server-sent event.
type event struct{ name, id, data string }

// reader reads a live stream.
type reader struct {
	t        testing.TB
	response *http.Response
	lines    *bufio.Scanner
	cancel   context.CancelFunc
}

func (f *fixture) openStream(t testing.TB, client *http.Client, path string, header ...string) *reader {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, f.server.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { response.Body.Close() })
	return &reader{t, response, bufio.NewScanner(response.Body), cancel}
}

// next returns the next event; ok is false when the stream has ended.
func (r *reader) next() (e event, ok bool) {
	r.t.Helper()
	for r.lines.Scan() {
		line := r.lines.Text()
		switch name, value, _ := strings.Cut(line, ": "); name {
		case "event":
			e.name = value
		case "id":
			e.id = value
		case "data":
			e.data += value
		case "":
			if e.name != "" && e.name != "ping" {
				return e, true
			}
			e = event{}
		}
	}
	return event{}, false
}

// wantPosts reads posts with these texts, in order.
func (r *reader) wantPosts(texts ...string) (last event) {
	r.t.Helper()
	for _, text := range texts {
		e, ok := r.next()
		if !ok || e.name != "post" || !strings.Contains(e.data, ">"+text+"</p>") || !strings.Contains(e.data, `id="post-`+e.id+`"`) {
			r.t.Fatalf("got %+v, want a post %q", e, text)
		}
		last = e
	}
	return last
}

func (r *reader) wantShown(ids ...string) {
	r.t.Helper()
	if e, ok := r.next(); !ok || e.name != "shown" || strings.TrimSpace(e.data) != strings.Join(ids, " ") {
		r.t.Fatalf("got %+v, want the ids %v", e, ids)
	}
}

func (r *reader) wantEnd() {
	r.t.Helper()
	if e, ok := r.next(); ok {
		r.t.Fatalf("got %+v, want the end of the stream", e)
	}
	if err := r.lines.Err(); err != nil {
		r.t.Fatalf("the stream broke: %v", err)
	}
}

func (f *fixture) wantNoStreams(t *testing.T) {
	t.Helper()
	f.bot().streams.mu.Lock()
	defer f.bot().streams.mu.Unlock()
	if h := f.bot().streams; h.count != 0 || len(h.topics) != 0 {
		t.Errorf("%d streams of %d cities are left", h.count, len(h.topics))
	}
}

const ghentEvents = "/c/ghent/web/events"

// newStream is a fixture with an open stream of an empty list.
func newStream(t *testing.T) (*fixture, *reader) {
	t.Helper()
	f := newFixture(t)
	f.listen(t, (&bottest.Outbox{}).Out)
	r := f.openStream(t, http.DefaultClient, ghentEvents)
	r.wantShown()
	return f, r
}

func TestNewPostsReachOpenPagesInOrder(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	stop := f.listen(t, (&bottest.Outbox{}).Out)
	f.send(t, "ghent", "0", "before")
	one := f.openStream(t, http.DefaultClient, ghentEvents)
	other := f.openStream(t, http.DefaultClient, "/c/zuerich/web/events")
	if got := one.response.Header.Get("Content-Type"); got != "text/event-stream" {
		t.Errorf("content type %q", got)
	}
	one.wantShown("1")
	other.wantShown()
	for i := range 20 {
		f.send(t, "ghent", "a"+strconv.Itoa(i), "tram "+strconv.Itoa(i))
	}
	f.send(t, "zuerich", "z", "elsewhere")
	for i := range 20 {
		one.wantPosts("tram " + strconv.Itoa(i))
	}
	other.wantPosts("elsewhere")
	stop()
	one.wantEnd()
	other.wantEnd()
	f.wantNoStreams(t)
}

func TestAStreamContinuesAfterTheLastEventSeen(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.listen(t, (&bottest.Outbox{}).Out)
	first := f.openStream(t, http.DefaultClient, ghentEvents+"?after=0")
	first.wantShown()
	f.send(t, "ghent", "1", "one")
	seen := first.wantPosts("one")
	first.cancel()
	f.send(t, "ghent", "2", "two")
	gone := f.send(t, "ghent", "3", "three")
	f.send(t, "ghent", "4", "four")
	if err := f.bot().Retract(t.Context(), accountOf("ghent"), "", gone); err != nil {
		t.Fatal(err)
	}
	// A browser repeats the address of its first request.
	second := f.openStream(t, http.DefaultClient, ghentEvents+"?after=0", "Last-Event-ID", seen.id)
	second.wantShown("4", "2", "1")
	second.wantPosts("two", "four")
	page := f.openStream(t, http.DefaultClient, ghentEvents+"?after=2")
	page.wantShown("4", "2", "1")
	page.wantPosts("four")
}

func TestAStreamThatContinuesHasWhatIsNoLongerSaidOfAPost(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.listen(t, (&bottest.Outbox{}).Out)
	r := f.incoming("ghent", "1", "one")
	sent, err := f.bot().Send(t.Context(), accountOf("ghent"), r)
	if err != nil {
		t.Fatal(err)
	}
	for _, people := range []int{2, 0} { // the second one has withdrawn it
		r.People = people
		if err := f.bot().Edit(t.Context(), accountOf("ghent"), r, sent); err != nil {
			t.Fatal(err)
		}
	}
	page := f.openStream(t, http.DefaultClient, ghentEvents+"?after=1")
	page.wantShown("1")
	f.send(t, "ghent", "2", "two")
	if e, ok := page.next(); !ok || e.name != "edit" || strings.Contains(e.data, "2 people") {
		t.Errorf("got %+v, want the post as it is", e)
	}
	page.wantPosts("two")
}

func TestRetractedAndPrunedPostsLeaveOpenPages(t *testing.T) {
	t.Parallel()
	f, r := newStream(t)
	f.send(t, "ghent", "1", "one")
	r.wantPosts("one")
	sent := f.send(t, "ghent", "2", "two")
	r.wantPosts("two")
	if err := f.bot().Retract(t.Context(), accountOf("ghent"), "", sent); err != nil {
		t.Fatal(err)
	}
	r.wantShown("1")
	if err := f.bot().Prune(t.Context(), "ghent", f.Core.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	r.wantShown()
}

func TestAPostThatFallsOffTheEndDoesNotCountAsRemoved(t *testing.T) {
	t.Parallel()
	now := make([]post, maxListed)
	for i := range now {
		now[i].ID = uint(100 - i)
	}
	if wasRemoved([]post{{ID: 60}, {ID: 50}, {ID: 40}}, now) {
		t.Error("posts 50 and 40 are older than all of a full list")
	}
	if !wasRemoved([]post{{ID: 101}}, now) || !wasRemoved([]post{{ID: 7}}, now[:10]) {
		t.Error("a post that was taken off the list was not missed")
	}
}

func TestAStreamEndsWithTheListAndTheCity(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.bot().streams.pingInterval = time.Millisecond
	stop := f.listen(t, (&bottest.Outbox{}).Out)
	r := f.openStream(t, http.DefaultClient, ghentEvents)
	r.wantShown()
	f.SetOption(t, "ghent", "list", false)
	r.wantEnd()
	if got := f.get(t, ghentEvents); got.status != http.StatusNotFound {
		t.Errorf("no list, and the stream answers %d", got.status)
	}
	r = f.openStream(t, http.DefaultClient, "/c/zuerich/web/events")
	r.wantShown()
	f.SetActive("zuerich", false)
	r.wantEnd()
	stop()
	f.wantNoStreams(t)
}

func TestTooManyStreamsGet503(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.bot().streams.maxCity, f.bot().streams.maxTotal = 2, 3
	stop := f.listen(t, (&bottest.Outbox{}).Out)
	f.openStream(t, http.DefaultClient, ghentEvents).wantShown()
	last := f.openStream(t, http.DefaultClient, ghentEvents)
	last.wantShown()
	if got := f.get(t, ghentEvents); got.status != http.StatusServiceUnavailable || got.header.Get("Retry-After") == "" {
		t.Errorf("the third of a city: %d", got.status)
	}
	f.openStream(t, http.DefaultClient, "/c/zuerich/web/events").wantShown()
	if got := f.get(t, "/c/zuerich/web/events"); got.status != http.StatusServiceUnavailable {
		t.Errorf("the fourth of all: %d", got.status)
	}
	stop()
	f.wantNoStreams(t)
	if got := f.get(t, ghentEvents); got.status != http.StatusServiceUnavailable {
		t.Errorf("without Listen: %d", got.status)
	}
}

func TestAReaderThatDoesNotReadDelaysNobodyAndIsDisconnected(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.listen(t, (&bottest.Outbox{}).Out)
	listener := testkit.NewPipes()
	server := &http.Server{Handler: mounted(f.World)}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	transport := &http.Transport{DialContext: listener.DialContext, ReadBufferSize: 16}
	slow := f.openStream(t, &http.Client{Transport: transport}, ghentEvents)
	quick := f.openStream(t, http.DefaultClient, ghentEvents)
	quick.wantShown()
	long := strings.Repeat("long ", 500)
	for i := range 5 {
		f.send(t, "ghent", strconv.Itoa(i), long+strconv.Itoa(i))
		_, collapsed := collapse(long + strconv.Itoa(i))
		quick.wantPosts(collapsed)
	}
	// Shutdown returns when no connection is active: the server has closed the slow one after writeTimeout.
	if err := server.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	<-served
	slow.cancel()
	f.bot().streams.mu.Lock()
	defer f.bot().streams.mu.Unlock()
	if n := f.bot().streams.count; n != 1 {
		t.Errorf("%d streams are open, want the quick one", n)
	}
}

func TestEventsSurviveAnyLineEnding(t *testing.T) {
	t.Parallel()
	f, r := newStream(t)
	f.send(t, "ghent", "1", "a\r\nid: 99\rb\nevent: evil\n\ndata: c")
	e, _ := r.next()
	if e.name != "post" || e.id != "1" || !strings.Contains(e.data, "aid: 99bevent: evildata: c") {
		t.Errorf("got %+v", e)
	}
	if !slices.Equal(f.texts(t, "ghent"), []string{"a\r\nid: 99\rb\nevent: evil\n\ndata: c"}) {
		t.Error("the text was changed in the table")
	}
}
