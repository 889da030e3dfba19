package censor_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"linienfunk/censor"
	"linienfunk/internal/testkit"
	"linienfunk/report"
)

// Reports that wait in the stream of an embedded broker, of 100 cities, are judged and written into the ledger, without anything that accepts
// reports at the same time.
func BenchmarkWorkerJudgesWaitingReports(b *testing.B) {
	for _, text := range []string{"is this line late today?", "kontrolle u8"} {
		verdict := "held"
		if text != "is this line late today?" {
			verdict = "passed"
		}
		b.Run(verdict, func(b *testing.B) { judgeWaiting(b, text) })
	}
}

func judgeWaiting(b *testing.B, text string) {
	broker, database := testkit.Bus(b), testkit.DB(b, time.Now)
	filter, err := censor.Compile([]string{"kontrolle"}, nil)
	if err != nil {
		b.Fatal(err)
	}
	var stored sync.WaitGroup
	for sender := range 64 {
		stored.Go(func() {
			for i := sender; i < b.N; i += 64 {
				r := report.Report{City: fmt.Sprint("city", i%100), Bot: "elsewhere", ID: fmt.Sprint(i), Text: text, Author: fmt.Sprint("rider", i), At: time.Now()}
				if err := broker.PublishReport(context.Background(), r); err != nil {
					b.Error(err)
				}
			}
		})
	}
	stored.Wait()
	worker := &censor.Worker{Bus: broker, DB: database, Log: testkit.Log(b), Now: time.Now, Bots: func(string) []string { return []string{"one", "two", "three"} },
		Rules: func(string) (censor.Rules, bool) {
			return censor.Rules{Filter: filter, Active: true, Freshness: time.Hour}, true
		}}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	b.ResetTimer()
	var running sync.WaitGroup
	running.Go(func() { _ = worker.Run(ctx) })
	testkit.Eventually(b, "all are judged", func() bool {
		var judged int64
		return database.Table("ledger_entries").Count(&judged).Error == nil && int(judged) == b.N
	})
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "reports/s")
	cancel()
	running.Wait()
}
