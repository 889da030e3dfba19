package e2e

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"linienfunk/bots"
	"linienfunk/bus"
	"linienfunk/censor"
	"linienfunk/internal/observe"
	"linienfunk/internal/testkit"
	"linienfunk/report"
	"linienfunk/supervisor"
)

// counter is a network that accepts all reports at once.
type counter struct {
	cities int
	sent   chan struct{}
}

func (c *counter) Accounts(context.Context) ([]bots.Account, error) {
	var accounts []bots.Account
	for i := range c.cities {
		accounts = append(accounts, bots.Account{City: fmt.Sprintf("city%d", i), Revision: "1", Label: "x"})
	}
	return accounts, nil
}

func (c *counter) WebUI() http.Handler { return http.NotFoundHandler() }

func (c *counter) Send(context.Context, bots.Account, report.Report) (report.Receipt, error) {
	c.sent <- struct{}{}
	return report.Receipt{ID: "1"}, nil
}

// relay is a bus, a database, a censor and a supervisor with one network in some cities.
func relay(b *testing.B, cities int) (*bus.Bus, *counter) {
	b.Helper()
	broker := testkit.Bus(b)
	_, net := relayOn(b, broker, cities, nil)
	return broker, net
}

// relayOn is relay on a bus, with an observer.
func relayOn(b *testing.B, broker *bus.Bus, cities int, observer *observe.Observer) (*supervisor.Supervisor, *counter) {
	b.Helper()
	database := testkit.DB(b, time.Now)
	if err := database.Observe(observer); err != nil {
		b.Fatal(err)
	}
	net := &counter{cities: cities, sent: make(chan struct{}, 1<<16)}
	directory := supervisor.NewDirectory([]supervisor.Member{{Name: "net", Bot: net}})
	filter, err := censor.Compile([]string{"kontrolle"}, []string{"idiot"})
	if err != nil {
		b.Fatal(err)
	}
	worker := &censor.Worker{Bus: broker, DB: database, Bots: directory.Bots, Log: testkit.Log(b), Now: time.Now, Observer: observer,
		Rules: func(string) (censor.Rules, bool) {
			return censor.Rules{Filter: filter, Active: true, Freshness: time.Hour}, true
		}}
	sup := supervisor.New(supervisor.Config{Bus: broker, DB: database, Directory: directory, Log: testkit.Log(b), Now: time.Now, Observer: observer,
		Retention: func(string) (time.Duration, bool) { return time.Hour, true }, Cities: func() []string { return nil },
		Freshness: func(string) (time.Duration, bool) { return time.Hour, true },
		HideID:    func(key string) string { return key[strings.LastIndexByte(key, ':')+1:] }})
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { worker.Run(ctx) })
	running.Go(func() { sup.Run(ctx) })
	b.Cleanup(func() { cancel(); running.Wait() })
	return sup, net
}

var benched int

func put(b *testing.B, broker *bus.Bus, city int) {
	benched++
	err := broker.PublishReport(context.Background(), report.Report{City: fmt.Sprintf("city%d", city), Bot: "elsewhere",
		ID: fmt.Sprint(benched), Text: "kontrolle u8 hermannplatz, zwei männer in grau", At: time.Now()})
	if err != nil {
		b.Fatal(err)
	}
}

// measureStore returns the time to store one report and do nothing else, which depends on the disk.
func measureStore(b *testing.B) time.Duration {
	broker := testkit.Bus(b)
	const many = 100
	began := time.Now()
	for range many {
		put(b, broker, 0)
	}
	return time.Since(began) / many
}

// BenchmarkOneReport measures the time from a received report to the call of Send, with all writes in between, also as a multiple of the
// time to store one report.
func BenchmarkOneReport(b *testing.B) {
	unit := measureStore(b)
	broker, net := relay(b, 1)
	put(b, broker, 0)
	<-net.sent
	for b.Loop() {
		put(b, broker, 0)
		<-net.sent
	}
	b.ReportMetric(float64(b.Elapsed())/float64(b.N)/float64(unit), "x-store")
}

// BenchmarkManyReports is the same for reports of a hundred cities that arrive as fast as they can be stored.
func BenchmarkManyReports(b *testing.B) {
	unit := measureStore(b)
	broker, net := relay(b, 100)
	put(b, broker, 0)
	<-net.sent
	b.ResetTimer()
	for i := range b.N {
		put(b, broker, i%100)
	}
	for range b.N {
		<-net.sent
	}
	b.ReportMetric(float64(b.Elapsed())/float64(b.N)/float64(unit), "x-store")
}

// BenchmarkObservation measures how many times longer a report takes from its receipt to the call of Send while it is observed: reports go through
// two programs in turn, of which one is observed.
func BenchmarkObservation(b *testing.B) {
	for name, percent := range map[string]int{"Metrics": 0, "MetricsAndTraces": 100} {
		b.Run(name, func(b *testing.B) {
			observer := observe.New("")
			if percent > 0 {
				collector := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }))
				b.Cleanup(collector.Close)
				to := observe.Traces{URL: collector.URL, Percent: percent, Log: testkit.Log(b)}
				if err := observer.SendTraces(b.Context(), to); err != nil {
					b.Fatal(err)
				}
				b.Cleanup(func() { observer.Close() })
			}
			plain, plainNet := relayOn(b, testkit.Bus(b), 1, nil)
			observed, observedNet := relayOn(b, testkit.Bus(b), 1, observer)
			hand := func(to *supervisor.Supervisor, net *counter) time.Duration {
				benched++
				began := time.Now()
				r := report.Report{City: "city0", Bot: "elsewhere", ID: fmt.Sprint(benched), Text: "kontrolle u8 hermannplatz, zwei männer in grau", At: began}
				if err := to.Publish(b.Context(), r); err != nil {
					b.Fatal(err)
				}
				<-net.sent
				return time.Since(began)
			}
			hand(plain, plainNet)
			hand(observed, observedNet)
			var without, with []time.Duration
			for b.Loop() {
				without, with = append(without, hand(plain, plainNet)), append(with, hand(observed, observedNet))
			}
			b.ReportMetric(float64(median(with))/float64(median(without)), "x-unobserved")
		})
	}
}

func median(all []time.Duration) time.Duration {
	slices.Sort(all)
	return all[len(all)/2]
}
