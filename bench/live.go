package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// watching is how many pages follow a city, and how many reports they get.
type watching struct{ pages, reports int }

func liveFlags(set *flag.FlagSet) func() []measurement {
	var w watching
	set.IntVar(&w.pages, "pages", 500, "open pages of one city")
	set.IntVar(&w.reports, "reports", 30, "reports, one at a time")
	return func() []measurement {
		return []measurement{{"live", fmt.Sprintf("%d reports to %d open pages", w.reports, w.pages), w.measure}}
	}
}

func (w watching) measure(ctx context.Context, b *bench, t target) (figures, error) {
	r, err := b.begin(ctx, t, 1)
	if err != nil {
		return nil, err
	}
	defer r.end()
	address, arrivals := "http://"+r.program.http+"/c/"+cityName(0)+"/web/events", make(chan arrival, w.pages)
	ctx, end, err := followAll(ctx, w.pages, func(ctx context.Context, _ int, opened chan<- struct{}) error {
		return follow(ctx, address, opened, arrivals)
	})
	defer end()
	if err != nil {
		return nil, err
	}
	if r.before, err = r.use(); err != nil {
		return nil, err
	}
	var latencies []float64
	for _, m := range mails(1, w.reports, 1, false) {
		sent, err := r.program.send(m)
		if err != nil {
			return nil, err
		}
		all, err := arrive(ctx, arrivals, w.pages, m)
		if err != nil {
			return nil, err
		}
		for _, a := range all {
			latencies = append(latencies, milliseconds(a.at.Sub(sent.handed)))
		}
		time.Sleep(pause)
	}
	if err := r.settle(ctx, w.reports); err != nil {
		return nil, err
	}
	var f figures
	f.add("input to page, p50, ms", median(latencies))
	f.add("input to page, p99, ms", percentile(latencies, 0.99))
	r.addUse(&f, w.reports)
	f.add("RSS, MiB", memory(r.program.pid()))
	return f, nil
}

// arrival is a report that has arrived at one page.
type arrival struct {
	number int
	at     time.Time
}

// followAll runs f so many times at once, and returns when all of them have opened their stream. end ends them and waits for that. If one fails, ctx ends with its error.
func followAll(parent context.Context, streams int, f func(ctx context.Context, number int, opened chan<- struct{}) error) (ctx context.Context, end func(), err error) {
	ctx, cancel := context.WithCancelCause(parent)
	var following sync.WaitGroup
	opened := make(chan struct{})
	for i := range streams {
		following.Go(func() {
			if err := f(ctx, i, opened); err != nil {
				cancel(fmt.Errorf("stream: %w", err))
			}
		})
	}
	end = func() { cancel(nil); following.Wait() }
	for range streams {
		select {
		case <-opened:
		case <-ctx.Done():
			return ctx, end, context.Cause(ctx)
		}
	}
	return ctx, end, nil
}

// arrive waits until a report has arrived at all streams.
func arrive(ctx context.Context, arrivals <-chan arrival, streams int, m mail) (all []arrival, err error) {
	for range streams {
		select {
		case a := <-arrivals:
			if a.number != m.number {
				return nil, fmt.Errorf("report %d came instead of %d", a.number, m.number)
			}
			all = append(all, a)
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
	return all, nil
}

// follow reads a city's events as an open page does, until ctx ends.
func follow(ctx context.Context, address string, opened chan<- struct{}, arrivals chan<- arrival) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	var got *http.Response
	err = until(ctx, 100*time.Millisecond, func() (bool, error) {
		if got, err = http.DefaultClient.Do(request); err != nil {
			return false, err
		}
		if got.StatusCode == http.StatusOK {
			return true, nil
		}
		got.Body.Close()
		if got.StatusCode == http.StatusServiceUnavailable { // the network has not started yet
			return false, nil
		}
		return false, errors.New(got.Status)
	})
	if err != nil {
		return ended(ctx, err)
	}
	defer got.Body.Close()
	lines := bufio.NewScanner(got.Body)
	for first := true; lines.Scan(); first = false {
		if first { // the ids of the list
			opened <- struct{}{}
		}
		if _, after, found := strings.Cut(lines.Text(), place+" "); found {
			if number, err := strconv.Atoi(after[:min(len(after), numberWidth)]); err == nil {
				arrivals <- arrival{number, time.Now()}
			}
		}
	}
	return ended(ctx, lines.Err())
}

// ended is nil for an error that comes from the end of ctx.
func ended(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	if err == nil {
		err = errors.New("the program has ended the stream")
	}
	return err
}
