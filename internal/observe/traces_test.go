package observe_test

import (
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"linienfunk/internal/observe"
	"linienfunk/internal/testkit"
)

// tracing returns an Observer that sends to a collector, and a function that sends what is left.
func tracing(t *testing.T, url string, percent int, log *slog.Logger) (o *observe.Observer, flush func()) {
	t.Helper()
	o = observe.New("v1")
	if err := o.SendTraces(t.Context(), observe.Traces{URL: url, Percent: percent, Log: log}); err != nil {
		t.Fatal(err)
	}
	return o, func() {
		if err := o.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestATraceGoesOnInAnotherProcessFromWhatWasWrittenDown(t *testing.T) {
	t.Parallel()
	collector := testkit.NewCollector(t)
	one, flushOne := tracing(t, collector.URL+"/", 100, testkit.Log(t))
	other, flushOther := tracing(t, collector.URL+"/v1/traces", 100, testkit.Log(t))
	ctx, receipt := one.Start(t.Context(), "receive", observe.ReportKey.String("zuerich:pigeon:1"))
	carried := one.Carry(ctx)
	if len(carried) != 55 {
		t.Errorf("%q has %d bytes", carried, len(carried))
	}
	receipt.End(nil)
	_, send := other.Follow(t.Context(), carried, "send", observe.Network.String("crow"))
	send.End(errors.New("marta@example.net is unknown"))
	flushOne()
	flushOther()
	spans := collector.Spans(nil)
	if len(spans) != 2 || spans[0].Name != "receive" || spans[1].Name != "send" {
		t.Fatalf("%v", spans)
	}
	if spans[1].Trace != spans[0].Trace || spans[1].Parent != spans[0].ID || spans[0].Attributes["linienfunk.report"] != "zuerich:pigeon:1" {
		t.Errorf("the second step does not follow the first: %v", spans)
	}
	if !spans[1].Failed || strings.Contains(spans[1].Text, "marta") {
		t.Errorf("of an error only that there was one is sent: %s", spans[1].Text)
	}
}

func TestAReportThatIsNotTracedIsNotTracedLaterEither(t *testing.T) {
	t.Parallel()
	collector := testkit.NewCollector(t)
	some, flushSome := tracing(t, collector.URL, 1, testkit.Log(t))
	all, flushAll := tracing(t, collector.URL, 100, testkit.Log(t))
	for {
		ctx, receipt := some.Start(t.Context(), "receive")
		receipt.End(nil)
		carried := some.Carry(ctx)
		if !strings.HasSuffix(carried, "-00") {
			continue // one in a hundred
		}
		_, send := all.Follow(t.Context(), carried, "send")
		send.End(nil)
		break
	}
	flushSome()
	flushAll()
	if spans := collector.Spans(func(s testkit.Span) bool { return s.Name == "send" }); len(spans) != 0 {
		t.Errorf("%v", spans)
	}
}

func TestWithoutATraceNothingIsFollowed(t *testing.T) {
	t.Parallel()
	collector := testkit.NewCollector(t)
	o, flush := tracing(t, collector.URL, 100, testkit.Log(t))
	for _, carried := range []string{"", "00-", "00-00000000000000000000000000000000-0000000000000000-01", "'; DROP TABLE"} {
		ctx, step := o.Follow(t.Context(), carried, "send")
		step.Set(observe.Verdict, "passed")
		step.End(nil)
		if ctx != t.Context() {
			t.Errorf("%q begins something", carried)
		}
	}
	flush()
	var off *observe.Observer
	ctx, step := off.Start(t.Context(), "receive")
	step.End(nil)
	if ctx != t.Context() || off.Carry(ctx) != "" || off.Tracing() || off.Close() != nil {
		t.Error("without an Observer something is traced")
	}
	if n := collector.Requests(); n != 0 {
		t.Errorf("the collector was asked %d times", n)
	}
}

func TestACollectorThatIsAwayIsLoggedNowAndThenAndDelaysNothing(t *testing.T) {
	t.Parallel()
	log, full := &testkit.LogBuffer{}, make(chan struct{})
	collector := testkit.NewCollector(t)
	collector.Answer(func(w http.ResponseWriter) { http.Error(w, "marta is not allowed", http.StatusForbidden) })
	o, flush := tracing(t, collector.URL, 100, slog.New(slog.NewTextHandler(log, nil)))
	go func() { // more than the queue holds
		defer close(full)
		for range 10_000 {
			_, step := o.Start(t.Context(), "receive")
			step.End(nil)
		}
	}()
	<-full
	testkit.Eventually(t, "it is logged", func() bool { return strings.Contains(log.String(), "takes no traces") })
	began := time.Now()
	flush()
	if took := time.Since(began); took > time.Minute { // Close waits for two seconds
		t.Errorf("Close took %v", took)
	}
	if n := strings.Count(log.String(), "takes no traces"); n != 1 {
		t.Errorf("it is logged %d times:\n%s", n, log)
	}
}
