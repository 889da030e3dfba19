package observe

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// sourceTime is how long a source may take for one scrape. Prometheus waits for 10 seconds.
const sourceTime = 2 * time.Second

// Gauge is a metric whose value is looked up when Prometheus asks for it.
type Gauge struct {
	name string
	desc *prometheus.Desc
}

func gauge(name, help string, labels ...string) Gauge {
	return Gauge{name, prometheus.NewDesc(name, help, labels, nil)}
}

// The gauges. A source sets them.
var (
	QueueDeliveries = gauge("linienfunk_queue_deliveries", "Deliveries to a network that wait in the ledger, of all nodes together.", "network")
	QueueOldest     = gauge("linienfunk_queue_oldest_age_seconds", "Time since the verdict on the oldest report that waits for a network, of all nodes together.", "network")
	IntakeMessages  = gauge("linienfunk_intake_messages", "Messages with reports in the broker that no censor has judged, of all nodes together.")
	IntakeOldest    = gauge("linienfunk_intake_oldest_age_seconds", "Time since the oldest of them was stored.")
	Accounts        = gauge("linienfunk_accounts", "Accounts of cities that this node runs, by their state.", "network", "state")
	AccessEnds      = gauge("linienfunk_account_access_ends_timestamp_seconds", "When the first of a network's accounts loses its access, unless that is renewed, of all nodes together.", "network")
)

var gauges = []Gauge{QueueDeliveries, QueueOldest, IntakeMessages, IntakeOldest, Accounts, AccessEnds}

// failures is the only metric of the sources themselves.
var failures = prometheus.NewDesc(failuresName, "Scrapes for which a source of gauges had no answer within two seconds.", []string{"source"}, nil)

const failuresName = "linienfunk_source_failures_total"

// Set sets a gauge for the values of its labels.
type Set func(g Gauge, value float64, labels ...string)

// sources collects the gauges. It implements prometheus.Collector.
type sources struct {
	mu   sync.Mutex
	list []*source
}

// source is where gauges come from.
type source struct {
	name     string
	read     func(ctx context.Context, set Set) error
	reading  chan struct{} // full while a call has not returned, perhaps since the last scrape
	failures atomic.Uint64
}

// AddSource adds a source of gauges. read is called for each scrape, never twice at a time. If it fails, or has not returned after two seconds, the
// scrape goes on without its gauges.
func (o *Observer) AddSource(name string, read func(ctx context.Context, set Set) error) {
	if o == nil {
		return
	}
	o.sources.mu.Lock()
	defer o.sources.mu.Unlock()
	o.sources.list = append(o.sources.list, &source{name: name, read: read, reading: make(chan struct{}, 1)})
}

// Describe makes the collector an unchecked one, which may have other gauges each time.
func (s *sources) Describe(chan<- *prometheus.Desc) {}

// Collect asks all sources at the same time.
func (s *sources) Collect(out chan<- prometheus.Metric) {
	s.mu.Lock()
	list := s.list
	s.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), sourceTime)
	defer cancel()
	var all sync.WaitGroup
	for _, one := range list {
		all.Go(func() {
			for _, metric := range one.ask(ctx) {
				out <- metric
			}
			out <- prometheus.MustNewConstMetric(failures, prometheus.CounterValue, float64(one.failures.Load()), one.name)
		})
	}
	all.Wait()
}

// ask returns the source's gauges; none if it has failed, or has not answered by the end of ctx.
func (s *source) ask(ctx context.Context) []prometheus.Metric {
	select {
	case s.reading <- struct{}{}:
	case <-ctx.Done():
		s.failures.Add(1)
		return nil
	}
	answered := make(chan []prometheus.Metric, 1)
	go func() {
		var found []prometheus.Metric
		err := s.read(ctx, func(g Gauge, value float64, labels ...string) {
			found = append(found, prometheus.MustNewConstMetric(g.desc, prometheus.GaugeValue, value, labels...))
		})
		if err != nil {
			s.failures.Add(1)
			found = nil
		}
		<-s.reading
		answered <- found
	}()
	select {
	case found := <-answered:
		return found
	case <-ctx.Done():
		s.failures.Add(1)
		return nil
	}
}
