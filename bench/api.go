package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"linienfunk/api"
	"linienfunk/commands"
	"linienfunk/db"
)

// programs is what uses the API.
type programs struct{ reports, streams, events int }

func apiFlags(set *flag.FlagSet) func() []measurement {
	var p programs
	set.IntVar(&p.reports, "reports", 300, "reports by POST, and as many by SMTP, in turn")
	set.IntVar(&p.streams, "streams", 500, "open streams of one city's events")
	set.IntVar(&p.events, "events", 30, "reports to the streams, one at a time")
	return func() []measurement {
		return []measurement{
			{"stored", fmt.Sprintf("%d reports by POST and by SMTP in turn, until they are stored", p.reports), p.stored},
			{"streams", fmt.Sprintf("%d reports to %d streams of events", p.events, p.streams), p.follow},
		}
	}
}

// streamsOfKey is how many streams one key opens: it may have 25.
const streamsOfKey = 20

// beginAPI begins with one city and keys of it.
func (b *bench) beginAPI(ctx context.Context, t target, keys int) (r *relayRun, texts []string, err error) {
	var failed error
	r, err = b.beginProgram(ctx, t, 1, func(p *program) { texts, failed = makeKeys(ctx, p, keys) })
	if err == nil && failed != nil {
		r.end()
		return nil, nil, failed
	}
	return r, texts, err
}

// makeKeys writes keys into the data of a program that does not run.
func makeKeys(ctx context.Context, p *program, count int) (texts []string, err error) {
	database, err := db.Open(ctx, filepath.Join(p.data, "linienfunk.db"), time.Now)
	if err != nil {
		return nil, err
	}
	defer database.Close()
	if !database.Migrator().HasTable(&api.Key{}) {
		return nil, skipped{"the binary has no API"}
	}
	keys := api.Keys{Tables: database.DB, Now: time.Now}
	for i := range count {
		text, _, err := keys.New(ctx, cityName(0), 1, fmt.Sprint("bench ", i), []commands.Scope{commands.ScopeReport, commands.ScopeRead}, 1)
		if err != nil {
			return nil, err
		}
		texts = append(texts, text)
	}
	return texts, nil
}

// stored hands in reports one at a time by POST and by SMTP, each kind on a connection that it keeps or makes as its clients do.
func (p programs) stored(ctx context.Context, b *bench, t target) (figures, error) {
	r, keys, err := b.beginAPI(ctx, t, 1)
	if err != nil {
		return nil, err
	}
	defer r.end()
	var posted, mailed []float64
	for i, m := range mails(1, p.reports, 1, false) {
		began := time.Now()
		if err := r.program.post(ctx, keys[0], mail{p.reports + i + 1, m.city, false}); err != nil {
			return nil, err
		}
		posted = append(posted, milliseconds(time.Since(began)))
		time.Sleep(pause)
		sent, err := r.program.send(m)
		if err != nil {
			return nil, err
		}
		mailed = append(mailed, milliseconds(sent.acknowledged.Sub(sent.handed)))
		// A key may make 600 calls a minute.
		time.Sleep(max(pause, 100*time.Millisecond-time.Since(began)))
	}
	if err := r.settle(ctx, 2*p.reports); err != nil {
		return nil, err
	}
	var f figures
	f.add("POST to stored, p50, ms", median(posted))
	f.add("POST to stored, p99, ms", percentile(posted, 0.99))
	f.add("SMTP to stored, p50, ms", median(mailed))
	f.add("SMTP to stored, p99, ms", percentile(mailed, 0.99))
	f.add("p99 of POST to that of SMTP", percentile(posted, 0.99)/percentile(mailed, 0.99))
	r.addUse(&f, 2*p.reports)
	return f, nil
}

// post hands in a report by the API and waits until it is stored.
func (p *program) post(ctx context.Context, key string, m mail) error {
	body, err := json.Marshal(map[string]string{"city": m.city, "text": m.text(), "author": strconv.Itoa(m.number)})
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+p.http+"/api/v1/report", bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("x-api-key", key)
	got, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer got.Body.Close()
	text, err := io.ReadAll(got.Body) // all of it, so that the connection is used again
	if got.StatusCode != http.StatusOK {
		return fmt.Errorf("POST report: %s: %s", got.Status, text)
	}
	return err
}

// follow measures how long it takes until all streams have a report.
func (p programs) follow(ctx context.Context, b *bench, t target) (figures, error) {
	r, keys, err := b.beginAPI(ctx, t, (p.streams+streamsOfKey-1)/streamsOfKey)
	if err != nil {
		return nil, err
	}
	defer r.end()
	arrivals := make(chan arrival, p.streams)
	ctx, end, err := followAll(ctx, p.streams, func(ctx context.Context, i int, opened chan<- struct{}) error {
		return r.program.followEvents(ctx, keys[i/streamsOfKey], opened, arrivals)
	})
	defer end()
	if err != nil {
		return nil, err
	}
	if r.before, err = r.use(); err != nil {
		return nil, err
	}
	var last []float64
	for _, m := range mails(1, p.events, 1, false) {
		began := time.Now()
		if err := r.program.post(ctx, keys[0], m); err != nil {
			return nil, err
		}
		if _, err := arrive(ctx, arrivals, p.streams, m); err != nil {
			return nil, err
		}
		last = append(last, milliseconds(time.Since(began)))
		time.Sleep(max(pause, 100*time.Millisecond-time.Since(began)))
	}
	if err := r.settle(ctx, p.events); err != nil {
		return nil, err
	}
	var f figures
	f.add("POST to the last stream, p50, ms", median(last))
	f.add("POST to the last stream, slowest, ms", percentile(last, 1))
	r.addUse(&f, p.events)
	f.add("RSS, MiB", memory(r.program.pid()))
	return f, nil
}

// followEvents reads a city's events until ctx ends. It notes each report once, when it is relayed.
func (p *program) followEvents(ctx context.Context, key string, opened chan<- struct{}, arrivals chan<- arrival) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.http+"/api/v1/cities/"+cityName(0)+"/events", nil)
	if err != nil {
		return err
	}
	request.Header.Set("x-api-key", key)
	got, err := http.DefaultClient.Do(request)
	if err != nil {
		return ended(ctx, err)
	}
	defer got.Body.Close()
	if got.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(got.Body, 1000))
		return fmt.Errorf("%s: %s", got.Status, text)
	}
	opened <- struct{}{}
	event, lines := "", bufio.NewScanner(got.Body)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if name, ok := strings.CutPrefix(lines.Text(), "event: "); ok {
			event = name
		}
		if _, after, found := strings.Cut(lines.Text(), place+" "); found && event == "report.relayed" {
			if number, err := strconv.Atoi(after[:min(len(after), numberWidth)]); err == nil {
				arrivals <- arrival{number, time.Now()}
			}
		}
	}
	return ended(ctx, lines.Err())
}
