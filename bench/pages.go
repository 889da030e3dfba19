package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// visits is how the public pages are read.
type visits struct {
	posts, clients int
	over           time.Duration
}

func pagesFlags(set *flag.FlagSet) func() []measurement {
	var v visits
	set.IntVar(&v.posts, "posts", 30, "reports in the city's list")
	set.IntVar(&v.clients, "clients", 8, "clients at once, each with a connection that it keeps")
	set.DurationVar(&v.over, "over", 5*time.Second, "time for each kind of request")
	return func() []measurement {
		return []measurement{{"pages", fmt.Sprintf("the page and the feed of a city with %d reports, %d clients", v.posts, v.clients), v.measure}}
	}
}

func (v visits) measure(ctx context.Context, b *bench, t target) (figures, error) {
	r, err := b.begin(ctx, t, 1)
	if err != nil {
		return nil, err
	}
	defer r.end()
	if _, err := r.program.burst(ctx, mails(1, v.posts, 1, false), 1); err != nil {
		return nil, err
	}
	if err := r.settle(ctx, v.posts); err != nil {
		return nil, err
	}
	var f figures
	for _, kind := range []struct {
		name, path  string
		conditional bool // with the validators of the answer before
	}{
		{"page", "/c/" + cityName(0), false},
		{"page again", "/c/" + cityName(0), true},
		{"feed", "/c/" + cityName(0) + "/web/feed.atom", false},
		{"feed again", "/c/" + cityName(0) + "/web/feed.atom", true},
	} {
		n, err := v.visit(ctx, r, "http://"+r.program.http+kind.path, kind.conditional)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", kind.name, err)
		}
		f.add(kind.name+": requests per s", float64(n.requests)/n.took.Seconds())
		f.add(kind.name+": CPU a request, ms", milliseconds(n.cpu)/float64(n.requests))
		if kind.conditional {
			f.add(kind.name+": answered with 304, %", 100*float64(n.unchanged)/float64(n.requests))
		} else {
			f.add(kind.name+": bytes", float64(n.bytes)/float64(n.requests))
		}
	}
	return f, nil
}

// visited is the result of one kind of request.
type visited struct {
	requests, unchanged, bytes int64
	took, cpu                  time.Duration
}

// visit requests an address again and again.
func (v visits) visit(ctx context.Context, r *relayRun, address string, conditional bool) (visited, error) {
	before, err := r.use()
	if err != nil {
		return visited{}, err
	}
	began := time.Now()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	transport := &http.Transport{MaxIdleConnsPerHost: v.clients}
	defer transport.CloseIdleConnections()
	var requests, unchanged, bytes atomic.Int64
	var clients sync.WaitGroup
	for range v.clients {
		clients.Go(func() {
			validators := http.Header{}
			for time.Since(began) < v.over && ctx.Err() == nil {
				status, size, next, err := get(ctx, transport, address, validators)
				if err != nil {
					cancel(err)
					return
				}
				requests.Add(1)
				bytes.Add(size)
				if status == http.StatusNotModified {
					unchanged.Add(1)
				}
				if conditional {
					validators = next
				}
			}
		})
	}
	clients.Wait()
	if err := context.Cause(ctx); err != nil {
		return visited{}, err
	}
	took := time.Since(began)
	after, err := r.use()
	return visited{requests.Load(), unchanged.Load(), bytes.Load(), took, after.program - before.program}, err
}

// get makes one request, and returns the headers that ask whether the answer has changed.
func get(ctx context.Context, transport *http.Transport, address string, header http.Header) (status int, size int64, next http.Header, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return 0, 0, nil, err
	}
	request.Header = header.Clone()
	got, err := transport.RoundTrip(request)
	if err != nil {
		return 0, 0, nil, err
	}
	defer got.Body.Close()
	if size, err = io.Copy(io.Discard, got.Body); err != nil {
		return 0, 0, nil, err
	}
	if got.StatusCode != http.StatusOK && got.StatusCode != http.StatusNotModified {
		return 0, 0, nil, fmt.Errorf("%s: %s", address, got.Status)
	}
	next = http.Header{}
	if tag := got.Header.Get("ETag"); tag != "" {
		next.Set("If-None-Match", tag)
	}
	if modified := got.Header.Get("Last-Modified"); modified != "" {
		next.Set("If-Modified-Since", modified)
	}
	return got.StatusCode, size, next, nil
}
