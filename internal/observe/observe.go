// Package observe shows operators what the program does: metrics that Prometheus fetches, and traces that it sends to an OpenTelemetry collector.
//
// No metric has a city, an author, a text or an address as a label: labels are networks, states, routes, tables and commands, whose number the
// program's own source bounds. (A label for the city would make 10,000 times as many series.) docs/operators.md lists the metrics. Attributes of traces name cities and the keys of
// reports, too, whose ids are keyed digests.
//
// A nil *Observer observes nothing, at the price of one comparison. All methods may be called concurrently.
package observe

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// Observer receives what happens in the program.
type Observer struct {
	registry *prometheus.Registry
	counters counters
	sources  *sources

	version  string
	provider *sdk.TracerProvider // nil without SendTraces
	tracer   trace.Tracer
}

// New returns an Observer whose metrics say which version of the program runs.
func New(version string) *Observer {
	o := &Observer{registry: prometheus.NewRegistry(), counters: newCounters(), sources: &sources{}, version: version}
	build := prometheus.NewGauge(prometheus.GaugeOpts{Name: buildName, Help: "Always 1; the label says which version runs.",
		ConstLabels: prometheus.Labels{"version": version}})
	build.Set(1)
	o.registry.MustRegister(build, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), o.sources)
	for _, c := range o.counters.all() {
		o.registry.MustRegister(c)
	}
	return o
}

const buildName = "linienfunk_build_info"

// Names lists the program's own metrics. Those of a histogram end in _bucket, _count and _sum. (Prometheus's library adds go_… and process_….)
func Names() []string {
	names := append(newCounters().names, buildName, failuresName)
	for _, g := range gauges {
		names = append(names, g.name)
	}
	slices.Sort(names)
	return names
}

// Received notes that a report of a network is stored in the broker, perhaps for a second time.
func (o *Observer) Received(network string) {
	if o != nil {
		o.counters.received.WithLabelValues(network).Inc()
	}
}

// Blocked notes that a report of a network was dropped, since the operator has blocked its author.
func (o *Observer) Blocked(network string) {
	if o != nil {
		o.counters.blocked.WithLabelValues(network).Inc()
	}
}

// Passed notes that the censor let a new report of a network through.
func (o *Observer) Passed(network string) {
	if o != nil {
		o.counters.passed.WithLabelValues(network).Inc()
	}
}

// Held notes that a list of the censor held a new report of a network back.
func (o *Observer) Held(network, list string) {
	if o != nil {
		o.counters.held.WithLabelValues(network, list).Inc()
	}
}

// Ended notes that deliveries to a network have reached a final status.
func (o *Observer) Ended(network, status string, deliveries int) {
	if o != nil && deliveries > 0 {
		o.counters.ended.WithLabelValues(network, status).Add(float64(deliveries))
	}
}

// Sent notes how long after its receipt a report was on a network.
func (o *Observer) Sent(network string, latency time.Duration) {
	if o != nil {
		o.counters.latency.WithLabelValues(network).Observe(max(latency, 0).Seconds())
	}
}

// Retries notes that an attempt has failed, and that there will be another one.
func (o *Observer) Retries(network string) {
	if o != nil {
		o.counters.retries.WithLabelValues(network).Inc()
	}
}

// Command notes that a command begins. The caller calls end with its outcome. name is one of the program's commands, never what a person has
// typed. The command runs in the context that Command returns.
func (o *Observer) Command(ctx context.Context, name string) (in context.Context, end func(error)) {
	if o == nil {
		return ctx, func(error) {}
	}
	began := time.Now()
	ctx, span := o.Start(ctx, "command "+name)
	return ctx, func(err error) {
		result := outcome(err)
		if result == "refused" {
			err = nil // the program has done what it should
		}
		span.End(err)
		o.counters.commands.WithLabelValues(name, result).Observe(time.Since(began).Seconds())
	}
}

// outcome is the value of the label result. An error with a method Refused is a mistake of whoever asked, not of the program.
func outcome(err error) string {
	var refusal interface{ Refused() bool }
	switch {
	case err == nil:
		return "ok"
	case errors.As(err, &refusal) && refusal.Refused():
		return "refused"
	}
	return "error"
}
