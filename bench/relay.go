package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"time"
)

// workload is how much the measurements of relay send.
type workload struct {
	reports, alone, senders, cities, held int
	outageReports, kills, killReports     int
	outageTime, killTime                  time.Duration
}

func relayFlags(set *flag.FlagSet) func() []measurement {
	var l workload
	set.IntVar(&l.reports, "reports", 2000, "reports of a burst")
	set.IntVar(&l.alone, "alone", 300, "reports one at a time")
	set.IntVar(&l.senders, "senders", 16, "senders of a burst")
	set.IntVar(&l.cities, "cities", 100, "cities of the measurements with many")
	set.IntVar(&l.held, "backlog", 6000, "held reports before the one of another city")
	set.IntVar(&l.outageReports, "outage-reports", 300, "reports during an outage")
	set.DurationVar(&l.outageTime, "outage", 10*time.Second, "how long an outage lasts")
	set.IntVar(&l.kills, "kills", 20, "how often the program is killed")
	set.IntVar(&l.killReports, "kill-reports", 96, "reports between two kills")
	set.DurationVar(&l.killTime, "kill-time", time.Second, "the program is killed at a random moment of this time")
	return func() []measurement {
		return []measurement{
			{"alone", fmt.Sprintf("%d reports one at a time, 1 city", l.alone), l.oneAtATime(1)},
			{"alone-cities", fmt.Sprintf("%d reports one at a time, %d cities", l.alone, l.cities), l.oneAtATime(l.cities)},
			{"burst", fmt.Sprintf("%d reports from %d senders, 1 city", l.reports, l.senders), l.burst(1)},
			{"burst-cities", fmt.Sprintf("%d reports from %d senders, %d cities", l.reports, l.senders, l.cities), l.burst(l.cities)},
			{"held", fmt.Sprintf("%d reports without a trigger from %d senders, %d cities", l.reports, l.senders, l.cities), l.judged},
			{"behind", fmt.Sprintf("a report of one city behind %d held ones of another", l.held), l.behind},
			{"syncs", fmt.Sprintf("syncs: %d reports one at a time, then %d from %d senders, %d cities", l.alone, l.reports, l.senders, l.cities), l.syncs},
			{"outage-500", l.outageTitle("answers 500"), l.outage(mode500)},
			{"outage-429", l.outageTitle("answers 429 without Retry-After"), l.outage(mode429)},
			{"outage-close", l.outageTitle("closes connections"), l.outage(modeClosing)},
			{"kill", fmt.Sprintf("killed %d times, %d reports after each start, 8 cities", l.kills, l.killReports), l.kill},
		}
	}
}

func (l workload) outageTitle(what string) string {
	return fmt.Sprintf("for %v the instance %s, %d reports, 10 cities", l.outageTime, what, l.outageReports)
}

// pause is the time between two reports that are sent one at a time, so that the work after the post of the first does not delay the second.
const pause = 20 * time.Millisecond

// oneAtATime sends a report when the one before was posted.
func (l workload) oneAtATime(cities int) func(context.Context, *bench, target) (figures, error) {
	return func(ctx context.Context, b *bench, t target) (figures, error) {
		r, err := b.begin(ctx, t, cities)
		if err != nil {
			return nil, err
		}
		defer r.end()
		sent := mails(1, l.alone, cities, false)
		all, err := r.oneAtATime(ctx, sent)
		if err != nil {
			return nil, err
		}
		if err := r.settle(ctx, l.alone); err != nil {
			return nil, err
		}
		o, err := r.outcome(ctx, sent)
		if err != nil {
			return nil, err
		}
		var acknowledged []float64
		for _, d := range all {
			acknowledged = append(acknowledged, milliseconds(d.acknowledged.Sub(d.handed)))
		}
		latencies := o.latencies(sent, all)
		var f figures
		f.add("input to post, p50, ms", percentile(latencies, 0.50))
		f.add("input to post, p99, ms", percentile(latencies, 0.99))
		f.add("input to acknowledgement, p50, ms", median(acknowledged))
		r.addUse(&f, l.alone)
		return f, nil
	}
}

// oneAtATime sends each mail when the report of the one before was posted.
func (r *relayRun) oneAtATime(ctx context.Context, mails []mail) ([]delivered, error) {
	state, err := r.fake.state(ctx)
	if err != nil {
		return nil, err
	}
	all := make([]delivered, len(mails))
	for i, m := range mails {
		if all[i], err = r.program.send(m); err != nil {
			return nil, err
		}
		if err := r.fake.wait(ctx, state.Posts+i+1); err != nil {
			return nil, err
		}
		time.Sleep(pause)
	}
	return all, nil
}

// burst sends all reports as fast as possible.
func (l workload) burst(cities int) func(context.Context, *bench, target) (figures, error) {
	return func(ctx context.Context, b *bench, t target) (figures, error) {
		r, err := b.begin(ctx, t, cities)
		if err != nil {
			return nil, err
		}
		defer r.end()
		sent := mails(1, l.reports, cities, false)
		began := time.Now()
		all, err := r.program.burst(ctx, sent, l.senders)
		if err != nil {
			return nil, err
		}
		acknowledged := time.Since(began)
		if err := r.fake.wait(ctx, l.reports); err != nil {
			return nil, err
		}
		if err := r.settle(ctx, l.reports); err != nil {
			return nil, err
		}
		settled := time.Since(began)
		o, err := r.outcome(ctx, sent)
		if err != nil {
			return nil, err
		}
		rate := func(d time.Duration) float64 { return float64(l.reports) / d.Seconds() }
		var f figures
		f.add("delivered per s", rate(o.last.Sub(began)))
		f.add("acknowledged per s", rate(acknowledged))
		f.add("all deliveries in the ledger, reports per s", rate(settled))
		f.add("input to post, p50, ms", median(o.latencies(sent, all)))
		f.add("lost", float64(o.lost))
		f.add("twice", float64(o.twice))
		r.addUse(&f, l.reports)
		f.add("RSS, MiB", memory(r.program.pid()))
		goroutines, err := r.program.countGoroutines()
		f.add("goroutines", float64(goroutines))
		return f, err
	}
}

// judged sends reports that the censor holds.
func (l workload) judged(ctx context.Context, b *bench, t target) (figures, error) {
	r, err := b.begin(ctx, t, l.cities)
	if err != nil {
		return nil, err
	}
	defer r.end()
	began := time.Now()
	if _, err := r.program.burst(ctx, mails(1, l.reports, l.cities, true), l.senders); err != nil {
		return nil, err
	}
	acknowledged := time.Since(began)
	if err := r.settle(ctx, l.reports); err != nil {
		return nil, err
	}
	var f figures
	f.add("judged per s", float64(l.reports)/time.Since(began).Seconds())
	f.add("acknowledged per s", float64(l.reports)/acknowledged.Seconds())
	r.addUse(&f, l.reports)
	return f, nil
}

// behind sends held reports to one city and then one to be relayed to another.
func (l workload) behind(ctx context.Context, b *bench, t target) (figures, error) {
	r, err := b.begin(ctx, t, 2)
	if err != nil {
		return nil, err
	}
	defer r.end()
	if _, err := r.program.burst(ctx, mails(1, l.held, 1, true), l.senders); err != nil {
		return nil, err
	}
	last := mail{l.held + 1, cityName(1), false}
	sent, err := r.program.send(last)
	if err != nil {
		return nil, err
	}
	if err := r.fake.wait(ctx, 1); err != nil {
		return nil, err
	}
	o, err := r.outcome(ctx, []mail{last})
	if err != nil {
		return nil, err
	}
	var f figures
	f.add("input to post, ms", milliseconds(o.arrived[last.number].Sub(sent.handed)))
	return f, nil
}

// relayRun is a program that runs with one fake, and what the processes had used when it was ready.
type relayRun struct {
	bench   *bench
	program *program
	fake    *fake
	before  use
	after   use
}

// use is the CPU time of the processes: the program, the fake, and this one, which sends the mails.
type use struct{ program, fake, driver time.Duration }

func (b *bench) begin(ctx context.Context, t target, cities int) (*relayRun, error) {
	return b.beginProgram(ctx, t, cities, func(*program) {})
}

// beginTraced is begin under strace.
func (b *bench) beginTraced(ctx context.Context, t target, cities int) (*relayRun, error) {
	return b.beginProgram(ctx, t, cities, func(p *program) { p.trace = p.data + ".trace" })
}

func (b *bench) beginProgram(ctx context.Context, t target, cities int, change func(*program)) (*relayRun, error) {
	f, err := b.fake(ctx, 0)
	if err != nil {
		return nil, err
	}
	p, err := b.place(ctx, t, cities, f)
	if err != nil {
		return nil, err
	}
	change(p)
	r := &relayRun{bench: b, program: p, fake: f}
	if err := b.ready(ctx, p, cities, f); err != nil {
		r.end()
		return nil, err
	}
	time.Sleep(b.settle) // the accounts have just begun to read
	r.before, err = r.use()
	return r, err
}

func (r *relayRun) end() { r.bench.discard(r.program) }

func (r *relayRun) use() (u use, err error) {
	for pid, to := range map[int]*time.Duration{r.program.pid(): &u.program, r.fake.command.Process.Pid: &u.fake, os.Getpid(): &u.driver} {
		if *to, err = cpuTime(pid); err != nil {
			return u, err
		}
	}
	return u, nil
}

// settle waits until the ledger has so many reports whose deliveries are over, and notes what the processes have used.
func (r *relayRun) settle(ctx context.Context, reports int) error {
	ledger, err := r.program.ledger(ctx)
	if err != nil {
		return err
	}
	defer ledger.Close()
	if err := ledger.wait(ctx, reports); err != nil {
		return err
	}
	r.after, err = r.use()
	return err
}

// outcome compares the posts with what was sent, and fails if the program asks what the fake does not know.
func (r *relayRun) outcome(ctx context.Context, sent []mail) (outcome, error) {
	posts, err := r.fake.posts(ctx)
	if err != nil {
		return outcome{}, err
	}
	state, err := r.fake.state(ctx)
	if err == nil && len(state.Unknown) > 0 {
		err = fmt.Errorf("the fake lacks %q", state.Unknown)
	}
	return judge(numbers(sent), posts), err
}

// addUse adds the CPU time since the program was ready.
func (r *relayRun) addUse(f *figures, reports int) {
	a, b := r.after, r.before
	f.add("CPU a report, ms", milliseconds(a.program-b.program)/float64(reports))
	f.add("CPU a report of fake and driver, ms", milliseconds(a.fake-b.fake+a.driver-b.driver)/float64(reports))
}
