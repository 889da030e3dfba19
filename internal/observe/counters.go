package observe

import "github.com/prometheus/client_golang/prometheus"

// Upper bounds of histograms, in seconds. Each is a series for each value of the labels.
var (
	latencyBounds = []float64{.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300, 1800} // a report expires after 30 minutes, unless a city wants another limit
	requestBounds = []float64{.001, .005, .025, .1, .25, .5, 1, 2.5, 10}
	queryBounds   = []float64{.0005, .002, .01, .05, .25, 1, 5}
)

// counters are the metrics that events change.
type counters struct {
	received, blocked, passed, held, ended, retries *prometheus.CounterVec
	latency                                         *prometheus.HistogramVec
	commands                                        *prometheus.HistogramVec
	queries                                         *prometheus.HistogramVec
	failedQueries                                   *prometheus.CounterVec
	requests                                        *prometheus.CounterVec
	requestTime                                     *prometheus.HistogramVec

	names []string // of all
}

func newCounters() counters {
	var names []string
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		names = append(names, name)
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	}
	histogram := func(name, help string, bounds []float64, labels ...string) *prometheus.HistogramVec {
		names = append(names, name)
		return prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: bounds}, labels)
	}
	made := counters{
		received: counter("linienfunk_reports_received_total", "Reports of a network that were stored in the broker, repetitions included.", "network"),
		blocked:  counter("linienfunk_reports_blocked_total", "Reports of a network that were dropped, since the operator has blocked their authors, repetitions included.", "network"),
		passed:   counter("linienfunk_reports_passed_total", "New reports of a network that the censor let through.", "network"),
		held:     counter("linienfunk_reports_held_total", "New reports of a network that the censor held back, by the list that decided.", "network", "list"),
		ended:    counter("linienfunk_deliveries_total", "Deliveries to a network that reached a final status.", "network", "status"),
		retries:  counter("linienfunk_delivery_retries_total", "Attempts to send to a network that failed and will be repeated.", "network"),
		latency: histogram("linienfunk_delivery_latency_seconds", "Time from the receipt of a report until a network had it.",
			latencyBounds, "network"),
		commands:      histogram("linienfunk_command_duration_seconds", "Duration of people's commands.", requestBounds, "command", "result"),
		queries:       histogram("linienfunk_query_duration_seconds", "Duration of statements of the database.", queryBounds, "operation", "table"),
		failedQueries: counter("linienfunk_query_errors_total", "Statements of the database that failed.", "operation", "table"),
		requests:      counter("linienfunk_http_requests_total", "Answered HTTP requests.", "route", "method", "status"),
		requestTime: histogram("linienfunk_http_request_duration_seconds", "Time to answer HTTP requests, except for streams.",
			requestBounds, "route", "method"),
	}
	made.names = names
	return made
}

func (c counters) all() []prometheus.Collector {
	return []prometheus.Collector{c.received, c.blocked, c.passed, c.held, c.ended, c.retries, c.latency, c.commands, c.queries, c.failedQueries, c.requests, c.requestTime}
}
