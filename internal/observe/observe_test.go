package observe_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"linienfunk/internal/observe"
	"linienfunk/internal/testkit"
)

func TestWhatHappensToReportsIsCountedByNetwork(t *testing.T) {
	t.Parallel()
	o := observe.New("v1")
	o.Received("pigeon")
	o.Received("pigeon")
	o.Passed("pigeon")
	o.Held("pigeon", "spam")
	o.Retries("crow")
	o.Ended("crow", "sent", 1)
	o.Ended("crow", "expired", 30)
	o.Ended("crow", "failed", 0)
	o.Sent("crow", 70*time.Millisecond)
	o.Sent("crow", -time.Second) // the clock was set back
	found := testkit.Scrape(t, o.MetricsHandler())
	for series, want := range map[string]float64{
		`linienfunk_build_info{version="v1"}`:                                  1,
		`linienfunk_reports_received_total{network="pigeon"}`:                  2,
		`linienfunk_reports_passed_total{network="pigeon"}`:                    1,
		`linienfunk_reports_held_total{list="spam",network="pigeon"}`:          1,
		`linienfunk_delivery_retries_total{network="crow"}`:                    1,
		`linienfunk_deliveries_total{network="crow",status="sent"}`:            1,
		`linienfunk_deliveries_total{network="crow",status="expired"}`:         30,
		`linienfunk_delivery_latency_seconds_count{network="crow"}`:            2,
		`linienfunk_delivery_latency_seconds_sum{network="crow"}`:              0.07,
		`linienfunk_delivery_latency_seconds_bucket{network="crow",le="0.05"}`: 1,
	} {
		if got, ok := found[series]; !ok || got != want {
			t.Errorf("%s is %v, want %v", series, got, want)
		}
	}
	if _, ok := found[`linienfunk_deliveries_total{network="crow",status="failed"}`]; ok {
		t.Error("no delivery made a series")
	}
	if found["process_resident_memory_bytes"] <= 0 || found["go_goroutines"] <= 0 {
		t.Error("the metrics of the process are missing")
	}
}

func TestTheOperatorsManualListsAllMetricsAndNoOthers(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/operators.md")
	if err != nil {
		t.Fatal(err)
	}
	var listed []string
	for _, found := range regexp.MustCompile("(?m)^\\| `(linienfunk_[a-z_]+)`").FindAllSubmatch(text, -1) {
		listed = append(listed, string(found[1]))
	}
	slices.Sort(listed)
	if names := observe.Names(); !slices.Equal(listed, names) {
		t.Errorf("docs/operators.md lists\n%v, the program has\n%v", listed, names)
	}
}

type refusal struct{ error }

func (refusal) Refused() bool { return true }

func TestCommandsAreTimedByTheirOutcome(t *testing.T) {
	t.Parallel()
	o := observe.New("")
	for _, err := range []error{nil, errors.New("broken"), nil, fmt.Errorf("withdraw: %w", refusal{})} {
		_, end := o.Command(t.Context(), "withdraw")
		end(err)
	}
	found := testkit.Scrape(t, o.MetricsHandler())
	for result, want := range map[string]float64{"ok": 2, "error": 1, "refused": 1} {
		if got := found[`linienfunk_command_duration_seconds_count{command="withdraw",result="`+result+`"}`]; got != want {
			t.Errorf("%s: %v, want %v", result, got, want)
		}
	}
}

func TestWithoutAnObserverNothingIsObserved(t *testing.T) {
	t.Parallel()
	var o *observe.Observer
	o.Received("pigeon")
	o.Passed("pigeon")
	o.Held("pigeon", "spam")
	o.Ended("pigeon", "sent", 1)
	o.Sent("pigeon", 1)
	o.Retries("pigeon")
	o.AddSource("ledger", nil)
	if err := o.Queries(nil); err != nil {
		t.Error(err)
	}
	o.Transaction()(nil)
	o.Commit()(nil)
	ctx, end := o.Command(t.Context(), "withdraw")
	if ctx != t.Context() {
		t.Error("a command has another context")
	}
	end(nil)
	if o.Route(nil) != nil || o.Requests(nil) != nil {
		t.Error("handlers are wrapped")
	}
}

func TestAGaugeIsLookedUpForEachScrape(t *testing.T) {
	t.Parallel()
	o := observe.New("")
	var depth float64
	o.AddSource("ledger", func(_ context.Context, set observe.Set) error {
		depth++
		set(observe.QueueDeliveries, depth, "crow")
		return nil
	})
	for want := 1.0; want < 3; want++ {
		if got := testkit.Scrape(t, o.MetricsHandler())[`linienfunk_queue_deliveries{network="crow"}`]; got != want {
			t.Errorf("%v, want %v", got, want)
		}
	}
}

func TestASourceThatFailsOrHangsCostsOnlyItsOwnGauges(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o, back := observe.New(""), make(chan struct{})
		o.AddSource("broker", func(_ context.Context, set observe.Set) error {
			set(observe.IntakeMessages, 7)
			return errors.New("away")
		})
		o.AddSource("ledger", func(_ context.Context, set observe.Set) error {
			<-back // ignores its context
			set(observe.QueueDeliveries, 1, "crow")
			return nil
		})
		o.AddSource("accounts", func(_ context.Context, set observe.Set) error {
			set(observe.Accounts, 3, "crow", "running")
			return nil
		})
		for scrape := 1.0; scrape <= 2; scrape++ {
			began := time.Now()
			found := testkit.Scrape(t, o.MetricsHandler())
			if took := time.Since(began); took > 3*time.Second {
				t.Errorf("a scrape took %v", took)
			}
			if found[`linienfunk_accounts{network="crow",state="running"}`] != 3 {
				t.Error("the gauges of another source are missing")
			}
			for _, gone := range []string{`linienfunk_queue_deliveries{network="crow"}`, `linienfunk_intake_messages`} {
				if _, ok := found[gone]; ok {
					t.Errorf("%s has a value that nobody vouches for", gone)
				}
			}
			for _, source := range []string{"broker", "ledger"} {
				if got := found[`linienfunk_source_failures_total{source="`+source+`"}`]; got != scrape {
					t.Errorf("%s has failed %v times, want %v", source, got, scrape)
				}
			}
		}
		close(back)
		synctest.Wait()
		if found := testkit.Scrape(t, o.MetricsHandler()); found[`linienfunk_queue_deliveries{network="crow"}`] != 1 {
			t.Error("the source is not asked again")
		}
	})
}
