package e2e

import (
	"net/http"
	"strings"
	"testing"

	"linienfunk/internal/testkit"
	"linienfunk/test/harness"
)

// newObservedFixture is newFixture with metrics on a port of its own.
func newObservedFixture(t *testing.T) *fixture {
	t.Helper()
	mails := harness.NewMailServer(t)
	c := harness.Config(t, mails)
	c.Metrics.Listen = "127.0.0.1:0"
	return newFixtureOf(t, mails, c)
}

func TestTheMetricsCountAReportOnItsWayAndNamePeopleAndCitiesNowhere(t *testing.T) {
	t.Parallel()
	s := newObservedFixture(t)
	harness.SendMail(t, s.program, "zuerich", "schönes wetter heute")
	harness.SendMail(t, s.program, "zuerich", "kontrolle u8 hermannplatz")
	s.waitEverywhere("kontrolle u8 hermannplatz")
	var found testkit.Metrics
	testkit.Eventually(t, "all deliveries are counted", func() bool {
		found = testkit.ScrapeURL(t, s.program.MetricsURL())
		for _, network := range []string{"email", "mastodon", "web"} {
			if found[`linienfunk_delivery_latency_seconds_count{network="`+network+`"}`] != 1 || found[`linienfunk_deliveries_total{network="`+network+`",status="sent"}`] != 1 {
				return false
			}
		}
		return found[`linienfunk_intake_messages`] == 0
	})
	for series, want := range map[string]float64{
		`linienfunk_reports_received_total{network="email"}`:             2,
		`linienfunk_reports_passed_total{network="email"}`:               1,
		`linienfunk_reports_held_total{list="triggers",network="email"}`: 1,
		`linienfunk_queue_deliveries{network="mastodon"}`:                0,
		`linienfunk_queue_oldest_age_seconds{network="mastodon"}`:        0,
		`linienfunk_intake_oldest_age_seconds`:                           0,
		`linienfunk_accounts{network="mastodon",state="running"}`:        1,
		`linienfunk_accounts{network="mastodon",state="revoked"}`:        0,
		`linienfunk_source_failures_total{source="ledger"}`:              0,
	} {
		if got, ok := found[series]; !ok || got != want {
			t.Errorf("%s is %v (there: %v), want %v", series, got, ok, want)
		}
	}
	for _, series := range []string{
		`linienfunk_query_duration_seconds_count{operation="insert",table="ledger_entries"}`,
		`linienfunk_query_duration_seconds_count{operation="update",table="ledger_deliveries"}`,
		`linienfunk_http_request_duration_seconds_count{method="GET",route="/c/{city}"}`,
		`linienfunk_http_requests_total{method="POST",route="/register",status="303"}`,
	} {
		if found[series] < 1 {
			t.Errorf("%s is missing", series)
		}
	}
	for series := range found {
		for _, secret := range []string{"zuerich", "ghent", "example.net", "marta", "wetter", "hermannplatz", "127.0.0.1"} {
			if strings.Contains(series, secret) {
				t.Errorf("%s contains %q", series, secret)
			}
		}
		if strings.HasPrefix(series, "linienfunk_http") && strings.Contains(series, `route="none"`) {
			t.Errorf("an address of the program has no route: %s", series)
		}
	}
}

func TestMetricsAreOnTheirOwnPortOnly(t *testing.T) {
	t.Parallel()
	s := newObservedFixture(t)
	for address, want := range map[string]int{
		s.program.URL() + "/metrics": http.StatusNotFound, s.program.MetricsURL() + "/metrics": http.StatusOK,
		s.program.MetricsURL() + "/": http.StatusNotFound, s.program.MetricsURL() + "/healthz": http.StatusNotFound,
	} {
		answer, err := http.Get(address)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != want {
			t.Errorf("%s answers %s, want %d", address, answer.Status, want)
		}
	}
}
