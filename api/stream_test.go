package api_test

import (
	"bufio"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"linienfunk/api"
	"linienfunk/internal/testkit"
)

// streamed is an event that a stream has sent.
type streamed struct {
	id, name string
	api.Event
}

// follow opens a stream and passes its events on, until the test ends. The channel is closed when the stream ends.
func (w *world) follow(key string, headers ...string) <-chan streamed {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), "GET", w.program.URL()+"/api/v1/cities/bern/events", nil)
	w.check(err)
	r.Header.Set("x-api-key", key)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(r)
	w.check(err)
	w.t.Cleanup(func() { res.Body.Close() })
	if res.StatusCode != 200 || res.Header.Get("Content-Type") != "text/event-stream" {
		w.t.Fatalf("%d %v", res.StatusCode, res.Header)
	}
	lines := bufio.NewScanner(res.Body)
	lines.Buffer(nil, 1<<20)
	lines.Scan() // retry: the stream has begun
	events := make(chan streamed, 1000)
	go func() {
		defer close(events)
		var one streamed
		for lines.Scan() {
			name, value, _ := strings.Cut(lines.Text(), ": ")
			switch name {
			case "id":
				one.id = value
			case "event":
				one.name = value
			case "data":
				if json.Unmarshal([]byte(value), &one.Event) == nil {
					events <- one
				}
				one = streamed{}
			}
		}
	}()
	return events
}

// next returns the next event of a stream, as its type and the report's text.
func next(t *testing.T, events <-chan streamed) (streamed, string) {
	t.Helper()
	e, ok := <-events
	if !ok {
		t.Fatal("the stream has ended")
	}
	if e.name != e.Type || e.City != "bern" {
		t.Errorf("%+v", e)
	}
	return e, e.Type + " " + e.Report.Text
}

func (w *world) report(key, text string) string {
	w.t.Helper()
	return w.call("POST", "/api/v1/report", key, `{"city":"bern","text":"`+text+`"}`).wants(w.t, text, 200).text("id")
}

func TestAStreamTellsWhatHappensToReports(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key("bern")
	before := w.report(key, "kontrolle vorher")
	testkit.Eventually(t, "it is judged", func() bool {
		return strings.Contains(string(w.call("GET", "/api/v1/cities/bern/reports", key, "").body), "vorher")
	})
	events := w.follow(key)
	out := w.report(key, "kontrolle am bahnhof")
	first, said := next(t, events)
	if said != "report.relayed kontrolle am bahnhof" || !first.Report.Passed {
		t.Fatalf("%s, %+v", said, first)
	}
	w.report(key, "schönes wetter")
	held, said := next(t, events)
	if said != "report.held schönes wetter" {
		t.Fatal(said)
	}
	w.call("POST", "/api/v1/refuse", key, `{"city":"bern","report":"`+number(held)+`"}`).wants(t, "refuse", 200)
	if _, said := next(t, events); said != "report.refused schönes wetter" {
		t.Fatal(said)
	}
	w.call("POST", "/api/v1/withdraw", key, `{"city":"bern","report":"`+out+`"}`).wants(t, "withdraw", 200)
	if _, said := next(t, events); said != "report.withdrawn kontrolle am bahnhof" {
		t.Fatal(said)
	}
	w.call("POST", "/api/v1/withdraw", key, `{"city":"bern","report":"`+before+`"}`).wants(t, "withdraw", 200)
	if _, said := next(t, events); said != "report.withdrawn kontrolle vorher" {
		t.Fatal(said)
	}
	again := w.follow(key, "Last-Event-ID", first.id)
	for _, want := range []string{"report.held schönes wetter", "report.refused schönes wetter", "report.withdrawn kontrolle am bahnhof", "report.withdrawn kontrolle vorher"} {
		if _, said := next(t, again); said != want {
			t.Errorf("resumed with %s, not %s", said, want)
		}
	}
}

func number(e streamed) string { text, _ := json.Marshal(e.Report.Report); return string(text) }

func TestAStreamThatWasCutOffMissesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key("bern")
	events := w.follow(key)
	w.report(key, "kontrolle eins")
	first, _ := next(t, events)
	for _, text := range []string{"kontrolle zwei", "kontrolle drei", "kontrolle vier"} { // as while it is away
		w.report(key, text)
	}
	for range 2 { // twice the same
		again := w.follow(key, "Last-Event-ID", first.id)
		for _, want := range []string{"zwei", "drei", "vier"} {
			if _, said := next(t, again); said != "report.relayed kontrolle "+want {
				t.Errorf("%s, not %s", said, want)
			}
		}
	}
}

func TestTheStreamsOfAKeyEndWhenItIsRevokedAndHaveALimit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key("bern")
	var all []<-chan streamed
	for range 20 {
		all = append(all, w.follow(key))
	}
	w.call("GET", "/api/v1/cities/bern/events", key, "").wants(t, "one more", 429)
	page := w.admin.Get("/city/bern/api")
	id := page[strings.Index(page, `id="key-`)+len(`id="key-`):]
	w.admin.Post("/city/bern/api/keys/" + id[:strings.Index(id, `"`)] + "/revoke")
	for _, events := range all {
		for range events { // until it is closed
		}
	}
	w.call("GET", "/api/v1/cities/bern/events", key, "").wants(t, "the key", 401)
}

func TestAWrongEventIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key("bern")
	if got := w.call("GET", "/api/v1/cities/bern/events?after=x", key, "").wants(t, "no number", 422).mistakes(); got != "query.after event" {
		t.Error(got)
	}
	if got := w.call("GET", "/api/v1/cities/bern/events?since=1", key, "").wants(t, "another name", 422).mistakes(); got != "query.since unknown" {
		t.Error(got)
	}
	w.call("GET", "/api/v1/cities/bern/events", key, "", "Last-Event-ID", "-1").wants(t, "a negative one", 422)
}
