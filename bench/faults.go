package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"net/textproto"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// faultload is what the measurements of faults do.
type faultload struct {
	faults int
	lasts  time.Duration
}

func faultsFlags(set *flag.FlagSet) func() []measurement {
	var l faultload
	set.IntVar(&l.faults, "faults", 6, "how often a fault comes, to the same process")
	set.DurationVar(&l.lasts, "lasts", 3*time.Second, "how long a fault stays after the health check has failed")
	return func() (all []measurement) {
		for _, part := range storeParts {
			all = append(all, measurement{"full-" + part.name, "the disk of " + part.title + " is full", l.faulty(part, newFullDisk)})
		}
		for _, part := range storeParts {
			all = append(all, measurement{"eio-" + part.name, "writes and syncs of " + part.title + " fail with EIO", l.faulty(part, newFailingWrites)})
		}
		return all
	}
}

// faultCities is how many cities get reports meanwhile, one after the other each. Another one gets those that show that all works again.
const faultCities = 8

// faulty has the fault come and go, and prints a table of what each time was like.
func (l faultload) faulty(part storePart, prepare func(*program, storePart) (fault, error)) func(context.Context, *bench, target) (figures, error) {
	return func(ctx context.Context, b *bench, t target) (figures, error) {
		var broken fault
		var failed error
		r, err := b.beginProgram(ctx, t, faultCities+1, func(p *program) { broken, failed = prepare(p, part) })
		if broken != nil {
			defer broken.remove()
		}
		if err == nil {
			defer r.end()
		}
		if err := cmp.Or(failed, err); err != nil {
			return nil, err
		}
		admin, err := b.logIn(ctx, r.program)
		if err != nil {
			return nil, err
		}
		f := faultRun{relayRun: r, fault: broken, lasts: l.lasts, admin: admin, least: 100}
		fmt.Fprintf(b.out, "\n**%s: %s**\n\n%s", t.name, part.name, faultColumns)
		for round := range l.faults {
			if err := f.round(ctx, round+1); err != nil {
				return nil, err
			}
		}
		return f.total(ctx)
	}
}

// faultRun is a program to which a fault comes again and again while it gets reports and changes of settings.
type faultRun struct {
	*relayRun
	fault fault
	lasts time.Duration
	admin *admin

	sent     atomic.Int64 // numbers that were given to mails
	mu       sync.Mutex
	accepted []int
	refused  map[string]int // by SMTP code
	saves    int            // changes of settings that were answered with success
	unsaved  int
	worst    time.Duration // until it worked again
	least    float64       // share of the health checks that failed meanwhile, in percent
	silent   int           // rounds in which the health check did not fail
}

const faultColumns = "| round | mails accepted | refused | settings saved, refused | form meanwhile | /healthz | 503, % of the time | works again after, s |\n|---|---|---|---|---|---|---|---|\n"

// round lets the fault come and go once.
func (f *faultRun) round(ctx context.Context, number int) error {
	f.refused = map[string]int{}
	accepted, saves, unsaved := len(f.accepted), f.saves, f.unsaved
	loading, stop := context.WithCancel(ctx)
	var load sync.WaitGroup
	defer load.Wait()
	defer stop()
	for city := range faultCities {
		load.Go(func() { f.sendReports(loading, cityName(city)) })
	}
	load.Go(func() { f.changeSettings(loading) })
	time.Sleep(time.Second)
	if err := f.fault.begin(); err != nil {
		return fmt.Errorf("begin the fault: %w", err)
	}
	said, err := f.waitUnhealthy(ctx)
	if err != nil {
		return err
	}
	if said == "" {
		f.silent++
		said = "200 all the time"
	}
	form := f.program.submitForm(ctx, cityName(faultCities), mail{number: int(f.sent.Add(1))}.text())
	share := 100 * f.unhealthy(ctx)
	f.least = min(f.least, share)
	if err := f.fault.end(); err != nil {
		return fmt.Errorf("end the fault: %w", err)
	}
	took, err := f.waitWorking(ctx)
	if err != nil {
		return err
	}
	f.worst = max(f.worst, took)
	time.Sleep(time.Second)
	stop()
	load.Wait()
	_, err = fmt.Fprintf(f.bench.out, "| %d | %d | %s | %d, %d | %s | %s | %.0f | %.1f |\n", number, len(f.accepted)-accepted, counts(f.refused),
		f.saves-saves, f.unsaved-unsaved, form, said, share, took.Seconds())
	return err
}

// sendReports sends one mail after the other, each until it is accepted.
func (f *faultRun) sendReports(ctx context.Context, city string) {
	for ctx.Err() == nil {
		m := mail{number: int(f.sent.Add(1)), city: city}
		until(ctx, 100*time.Millisecond, func() (bool, error) {
			_, err := f.program.send(m)
			f.note(m, err)
			return err == nil, nil
		})
		time.Sleep(20 * time.Millisecond)
	}
}

func (f *faultRun) note(m mail, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var reply *textproto.Error
	switch {
	case err == nil:
		f.accepted = append(f.accepted, m.number)
	case errors.As(err, &reply):
		f.refused[fmt.Sprint(reply.Code)]++
	default:
		f.refused["cut off"]++
	}
}

// changeSettings saves another text about the first city again and again.
func (f *faultRun) changeSettings(ctx context.Context) {
	for ctx.Err() == nil {
		if f.admin.save(ctx, fmt.Sprint("Version ", time.Now().UnixNano())) {
			f.saves++
		} else if ctx.Err() == nil {
			f.unsaved++
		}
		time.Sleep(200 * time.Millisecond)
	}
}

// faultPatience is how long a round waits for the health check to fail, and for the program to work again.
const faultPatience = time.Minute

// waitUnhealthy returns what the health check says once it fails; nothing if it does not.
func (f *faultRun) waitUnhealthy(ctx context.Context) (said string, err error) {
	err = f.waitHealth(ctx, func(status int, body string) bool {
		said = fmt.Sprint(status, ": ", strings.TrimSpace(body))
		return status == http.StatusServiceUnavailable
	})
	if errors.Is(err, errImpatient) {
		return "", nil
	}
	return said, err
}

// unhealthy returns which part of the time that a fault lasts the health check fails.
func (f *faultRun) unhealthy(ctx context.Context) float64 {
	asked, failed := 0, 0
	for ends := time.Now().Add(f.lasts); time.Now().Before(ends) && ctx.Err() == nil; time.Sleep(20 * time.Millisecond) {
		asked++
		if status, _, err := f.program.get(ctx, "/healthz"); err != nil || status != http.StatusOK {
			failed++
		}
	}
	return float64(failed) / float64(asked)
}

// waitWorking returns how long it takes until the program is healthy and accepts a mail and a change of settings.
func (f *faultRun) waitWorking(ctx context.Context) (time.Duration, error) {
	began := time.Now()
	if err := f.waitHealth(ctx, func(status int, _ string) bool { return status == http.StatusOK }); err != nil {
		return 0, fmt.Errorf("after the fault: %w; %w", err, f.program.failed("does not get healthy"))
	}
	m := mail{number: int(f.sent.Add(1)), city: cityName(faultCities)}
	err := until(ctx, 20*time.Millisecond, func() (bool, error) {
		_, err := f.program.send(m)
		f.note(m, err)
		if err != nil && time.Since(began) > faultPatience {
			return false, err
		}
		return err == nil, nil
	})
	return time.Since(began), err
}

var errImpatient = fmt.Errorf("not within %v", faultPatience)

func (f *faultRun) waitHealth(ctx context.Context, wanted func(status int, body string) bool) error {
	ctx, cancel := context.WithTimeoutCause(ctx, faultPatience, errImpatient)
	defer cancel()
	return until(ctx, 50*time.Millisecond, func() (bool, error) {
		select {
		case <-f.program.ended:
			return false, f.program.failed("has ended")
		default:
		}
		status, body, err := f.program.get(ctx, "/healthz")
		return err == nil && wanted(status, body), nil
	})
}

// total waits for what was accepted.
func (f *faultRun) total(ctx context.Context) (figures, error) {
	var o outcome
	ends := time.Now().Add(patience)
	err := until(ctx, 200*time.Millisecond, func() (bool, error) {
		posts, err := f.relayRun.fake.posts(ctx)
		o = judge(f.accepted, posts)
		return o.lost == 0 || time.Now().After(ends), err
	})
	if err != nil {
		return nil, err
	}
	ledger, err := f.program.ledger(ctx)
	if err != nil {
		return nil, err
	}
	defer ledger.Close()
	changes := 0
	if err := ledger.SQL().QueryRowContext(ctx, "SELECT count(*) FROM settings_links WHERE city = 'city0'").Scan(&changes); err != nil {
		return nil, err
	}
	var all figures
	all.add("mails accepted", float64(len(f.accepted)))
	all.add("lost", float64(o.lost))
	all.add("twice", float64(o.twice))
	all.add("out of order", float64(o.inverted))
	all.add("changes of settings saved", float64(f.saves))
	all.add("changes lost", float64(max(0, f.saves-(changes-1))))
	all.add("rounds in which /healthz stayed 200", float64(f.silent))
	all.add("the least time with 503, %", f.least)
	all.add("works again after at most, s", f.worst.Seconds())
	return all, nil
}

// storePart is something that the program stores in files of its own.
type storePart struct {
	name, title string
	dir         string   // below the data directory
	files       []string // patterns below dir
}

const streams = "nats/jetstream/$G/streams"

var storeParts = []storePart{
	{"reports", "the stream REPORTS", filepath.Join(streams, "REPORTS"), []string{"msgs/*.blk"}},
	{"settings", "the stream SETTINGS", filepath.Join(streams, "SETTINGS"), []string{"msgs/*.blk"}},
	{"database", "the database", ".", []string{"linienfunk.db", "linienfunk.db-wal"}},
}

func counts(of map[string]int) string {
	var list []string
	for _, what := range slices.Sorted(maps.Keys(of)) {
		list = append(list, fmt.Sprintf("%d × %s", of[what], what))
	}
	return cmp.Or(strings.Join(list, ", "), "none")
}
