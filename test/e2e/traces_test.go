package e2e

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"linienfunk/bots/bottest"
	"linienfunk/bots/mastodon/mastodontest"
	"linienfunk/db"
	"linienfunk/internal/testkit"
	"linienfunk/test/harness"
)

// secrets are what no span may contain: people, texts, and whatever else an address or a statement holds.
var secrets = []string{"marta", "example.net", "hermannplatz", "kontrolle", "Bearer", "linienfunk.example", "INSERT", "WHERE"}

func checkSecrets(t *testing.T, spans []testkit.Span) {
	t.Helper()
	for _, span := range spans {
		for _, secret := range secrets {
			if strings.Contains(span.Text, secret) {
				t.Errorf("%q is in the span %s:\n%s", secret, span.Name, span.Text)
			}
		}
	}
}

// way waits until a report by mail has been sent to networks and returns the spans of its trace.
func way(t *testing.T, c *testkit.Collector, networks ...string) []testkit.Span {
	t.Helper()
	var way []testkit.Span
	testkit.Eventually(t, "the trace reaches all networks", func() bool {
		received := c.Spans(func(s testkit.Span) bool { return s.Name == "receive" && s.Attributes["linienfunk.network"] == "email" })
		if len(received) != 1 {
			return false
		}
		way = c.Spans(func(s testkit.Span) bool { return s.Trace == received[0].Trace })
		for _, network := range networks {
			if !slices.ContainsFunc(way, func(s testkit.Span) bool {
				return s.Name == "send" && !s.Failed && s.Attributes["linienfunk.network"] == network
			}) {
				return false
			}
		}
		return true
	})
	return way
}

func TestOneTraceFollowsAReportFromItsReceiptByMailToEachNetwork(t *testing.T) {
	t.Parallel()
	mails, collector := harness.NewMailServer(t), testkit.NewCollector(t)
	c := harness.Config(t, mails)
	c.Traces.URL = collector.URL
	s := newFixtureOf(t, mails, c)
	harness.SendMail(t, s.program, "zuerich", "kontrolle u8 hermannplatz")
	s.waitEverywhere("kontrolle u8 hermannplatz")
	spans := way(t, collector, "email", "mastodon", "web")
	byName := map[string][]testkit.Span{}
	for _, span := range spans {
		byName[span.Name] = append(byName[span.Name], span)
	}
	for name, want := range map[string]int{"receive": 1, "judge": 1, "record": 1, "send": 3, "insert ledger_entries": 1, "insert ledger_deliveries": 1} {
		if len(byName[name]) != want {
			t.Errorf("%d spans %q, want %d", len(byName[name]), name, want)
		}
	}
	if t.Failed() {
		return
	}
	received, record := byName["receive"][0], byName["record"][0]
	key := received.Attributes["linienfunk.report"]
	if !strings.HasPrefix(key, "zuerich:email:") || record.Attributes["linienfunk.report"] != key || record.Attributes["linienfunk.verdict"] != "passed" {
		t.Errorf("the report's key is %q at its receipt, and in the ledger %v", key, record.Attributes)
	}
	if n := harness.Count(t, harness.Database(t, c), "ledger_", "entries", "key = ?", key); n != 1 {
		t.Errorf("the ledger has %d reports with the key %s", n, key)
	}
	for _, span := range slices.Concat(byName["judge"], byName["record"], byName["send"]) {
		if span.Parent != received.ID || span.Attributes["linienfunk.city"] != "zuerich" {
			t.Errorf("%s: its parent is %s, not the receipt; %v", span.Name, span.Parent, span.Attributes)
		}
		if span.Begin < received.Begin {
			t.Errorf("%s began before the receipt", span.Name)
		}
	}
	if statement := byName["insert ledger_entries"][0]; statement.Parent != record.ID {
		t.Error("the statement is not a step of the ledger's")
	}
	s.stop() // sends what is left
	checkSecrets(t, collector.Spans(nil))
}

func TestTheTraceGoesOnAfterTheProgramWasKilledBetweenLedgerAndNetwork(t *testing.T) {
	t.Parallel()
	mails, instance, collector := harness.NewMailServer(t), mastodontest.New(t), testkit.NewCollector(t)
	c := harness.Config(t, mails)
	c.Traces.URL = collector.URL
	p := harness.NewProcess(t, c)
	p.Start()
	admin := harness.NewBrowser(t, c.BaseURL)
	admin.Register(mails, "zuerich", "Zürich")
	admin.SetLists("zuerich", "Zürich", "kontrolle", "")
	admin.ConnectMastodon(instance, "zuerich")
	instance.Fail(bottest.Internal)
	if err := harness.TrySendMail(c.SMTP, "zuerich", "kontrolle u8 hermannplatz"); err != nil {
		t.Fatal(err)
	}
	failed := func(s testkit.Span) bool {
		return s.Name == "send" && s.Failed && s.Attributes["linienfunk.network"] == "mastodon"
	}
	testkit.Eventually(t, "an attempt to send fails", func() bool { return len(collector.Spans(failed)) > 0 })
	p.Kill()
	instance.Heal()
	p.Start()
	sent := func(s testkit.Span) bool {
		return s.Name == "send" && !s.Failed && s.Attributes["linienfunk.network"] == "mastodon"
	}
	testkit.Eventually(t, "the next process sends it", func() bool { return len(collector.Spans(sent)) == 1 })
	if before, after := collector.Spans(failed)[0], collector.Spans(sent)[0]; before.Trace != after.Trace || before.Parent != after.Parent {
		t.Errorf("the trace was %s before the kill, and is %s afterwards", before.Trace, after.Trace)
	}
	spans := way(t, collector, "mastodon", "web")
	checkSecrets(t, spans)
}

func TestAStrangersTraceIsLinkedToAndDecidesNothing(t *testing.T) {
	t.Parallel()
	mails, collector := harness.NewMailServer(t), testkit.NewCollector(t)
	c := harness.Config(t, mails)
	c.Traces.URL, c.Traces.Percent = collector.URL, 100
	s := newFixtureOf(t, mails, c)
	const trace = "4bf92f3577b34da6a3ce929d0e0e4736"
	r, err := http.NewRequest(http.MethodGet, s.program.URL()+"/c/zuerich?marta@example.net", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("traceparent", "00-"+trace+"-00f067aa0ba902b7-00") // not sampled
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	for _, name := range []string{"traceparent", "tracestate", "trace-id"} {
		if answer.Header.Get(name) != "" {
			t.Errorf("the answer has the header %s", name)
		}
	}
	linked := func(s testkit.Span) bool { return slices.Contains(s.Links, trace) }
	testkit.Eventually(t, "the request is traced", func() bool { return len(collector.Spans(linked)) == 1 })
	span := collector.Spans(linked)[0]
	if span.Name != "GET /c/{city}" || span.Trace == trace || span.Parent != "" {
		t.Errorf("%s in the trace %s, below %q", span.Name, span.Trace, span.Parent)
	}
	s.stop()
	checkSecrets(t, collector.Spans(nil))
}

func TestWithoutACollectorNothingIsTraced(t *testing.T) {
	t.Parallel()
	mails := harness.NewMailServer(t)
	c := harness.Config(t, mails)
	s := newFixtureOf(t, mails, c)
	harness.SendMail(t, s.program, "zuerich", "kontrolle u8 hermannplatz")
	s.waitEverywhere("kontrolle u8 hermannplatz")
	var entry db.Entry
	if err := harness.Database(t, c).Take(&entry).Error; err != nil || entry.Trace != "" {
		t.Errorf("the ledger has the trace %q (%v)", entry.Trace, err)
	}
	if entry.ReceivedAt == nil {
		t.Error("the ledger does not know when the report was received")
	}
}

// TestTheVariablesOfOpenTelemetryDoNotSwitchTracesOn runs the program where another one's collector is in the environment.
func TestTheVariablesOfOpenTelemetryDoNotSwitchTracesOn(t *testing.T) {
	collector := testkit.NewCollector(t)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.URL)
	t.Setenv("OTEL_TRACES_SAMPLER", "always_on")
	mails := harness.NewMailServer(t)
	s := newFixtureOf(t, mails, harness.Config(t, mails))
	harness.SendMail(t, s.program, "zuerich", "kontrolle u8 hermannplatz")
	s.waitEverywhere("kontrolle u8 hermannplatz")
	s.stop()
	if n := collector.Requests(); n != 0 {
		t.Errorf("the collector was asked %d times", n)
	}
}
