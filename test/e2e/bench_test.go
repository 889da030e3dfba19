package e2e

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"linienfunk/bots"
	"linienfunk/bus"
	"linienfunk/censor"
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
	database, broker := testkit.DB(b, time.Now), testkit.Bus(b)
	net := &counter{cities: cities, sent: make(chan struct{}, 1<<16)}
	directory := supervisor.NewDirectory([]supervisor.Member{{Name: "net", Bot: net}})
	filter, err := censor.Compile([]string{"kontrolle"}, []string{"idiot"})
	if err != nil {
		b.Fatal(err)
	}
	worker := &censor.Worker{Bus: broker, DB: database, Bots: directory.Bots, Log: testkit.Log(b), Now: time.Now,
		Rules: func(string) (censor.Rules, bool) {
			return censor.Rules{Filter: filter, Active: true, Freshness: time.Hour}, true
		}}
	sup := supervisor.New(supervisor.Config{Bus: broker, DB: database, Directory: directory, Log: testkit.Log(b), Now: time.Now,
		Retention: func(string) (time.Duration, bool) { return time.Hour, true }, Cities: func() []string { return nil },
		Freshness: func(string) (time.Duration, bool) { return time.Hour, true },
		HideID:    func(key string) string { return key[strings.LastIndexByte(key, ':')+1:] }})
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { worker.Run(ctx) })
	running.Go(func() { sup.Run(ctx) })
	b.Cleanup(func() { cancel(); running.Wait() })
	return broker, net
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
