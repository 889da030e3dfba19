package main

import (
	"context"
	"flag"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// size is what the measurement of cities does with each number of cities.
type size struct {
	counts  string
	reports int
	idle    time.Duration
}

func citiesFlags(set *flag.FlagSet) func() []measurement {
	var s size
	set.StringVar(&s.counts, "counts", "10,1000,10000", "numbers of cities, separated by commas")
	set.IntVar(&s.reports, "reports", 200, "reports one at a time")
	set.DurationVar(&s.idle, "idle", 30*time.Second, "how long the idle program is watched; its polls come every 15 seconds")
	return func() []measurement {
		return []measurement{{"cities", fmt.Sprintf("%s cities, each with a stream", s.counts), s.measure}}
	}
}

// measure measures a binary with each number of cities in turn.
func (s size) measure(ctx context.Context, b *bench, t target) (figures, error) {
	var all figures
	var fewest figures
	for _, text := range strings.Split(s.counts, ",") {
		cities, err := strconv.Atoi(text)
		if err != nil {
			return nil, err
		}
		found, err := s.with(ctx, b, t, cities)
		if err != nil {
			return nil, fmt.Errorf("%d cities: %w", cities, err)
		}
		for _, one := range found {
			all.add(text+" cities: "+one.name, one.value)
		}
		if fewest == nil {
			fewest = found
			continue
		}
		all.add(text+" cities: p50 to that with the fewest", found.get(latency50)/fewest.get(latency50))
	}
	return all, nil
}

const latency50 = "input to post, p50, ms"

func (s size) with(ctx context.Context, b *bench, t target, cities int) (figures, error) {
	f, err := b.fake(ctx, 0)
	if err != nil {
		return nil, err
	}
	p, err := b.place(ctx, t, cities, f)
	if err != nil {
		return nil, err
	}
	r := &relayRun{bench: b, program: p, fake: f}
	defer r.end()
	began := time.Now()
	if err := p.start(ctx, "serve"); err != nil {
		return nil, err
	}
	first := mail{1, cityName(cities / 2), false}
	p.sendUntilAcknowledged(ctx, first)
	if err := f.wait(ctx, 1); err != nil {
		return nil, err
	}
	posted := time.Since(began)
	if err := waitStreams(ctx, cities, []*fake{f}); err != nil {
		return nil, err
	}
	open := time.Since(began)
	time.Sleep(b.settle)
	before, err := cpuTime(p.pid())
	if err != nil {
		return nil, err
	}
	time.Sleep(s.idle)
	after, err := cpuTime(p.pid())
	if err != nil {
		return nil, err
	}
	resident := memory(p.pid())
	sent := mails(2, s.reports, cities, false)
	all, err := r.oneAtATime(ctx, sent)
	if err != nil {
		return nil, err
	}
	o, err := r.outcome(ctx, append(sent, first))
	if err != nil {
		return nil, err
	}
	latencies := o.latencies(sent, all)
	goroutines, err := p.countGoroutines()
	var found figures
	found.add("start to first post, s", posted.Seconds())
	found.add("start to all streams open, s", open.Seconds())
	found.add("idle CPU, %", 100*float64(after-before)/float64(s.idle))
	found.add("RSS, MiB", resident)
	found.add("goroutines a city", float64(goroutines)/float64(cities))
	found.add(latency50, median(latencies))
	found.add("input to post, p99, ms", percentile(latencies, 0.99))
	found.add("lost", float64(o.lost))
	return found, err
}
