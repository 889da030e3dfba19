package censor

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"linienfunk/bus"
	"linienfunk/db"
	"linienfunk/internal/observe"
	"linienfunk/internal/wait"
	"linienfunk/report"
	"linienfunk/transit/read"
)

// batchSize is how many reports share a transaction at most. A single report is not kept waiting for others: a batch is what has come while
// the one before was written.
const batchSize = 256

// retryDelay is the delay before a report is processed again after an error of the database or of NATS, triesInPlace how often it is
// tried before others are.
const (
	retryDelay   = 2 * time.Second
	triesInPlace = 5
	awayDelay    = 500 * time.Millisecond // while the database does not answer
)

// Worker evaluates the reports in REPORTS, writes them into the ledger, and publishes an order for the bots of the city if a report passes. Of the
// Workers on several nodes one works at a time, so that the reports of a city are judged in their order. Two that work at the same time for a
// moment write no report twice: the ledger knows it.
type Worker struct {
	Bus   *bus.Bus
	DB    *db.DB
	Rules func(city string) (Rules, bool) // false for an unknown city; must not block
	Bots  func(city string) []string      // the bots that the city has connected; must not block
	Log   *slog.Logger
	Now   func() time.Time

	Observer *observe.Observer // receives the verdicts; may be nil

	// Turn waits until it is this node's turn, and calls f with a context that ends with the turn; nil if there is only this node.
	Turn func(ctx context.Context, f func(context.Context))

	// Held is called after reports of a city were held that a moderator may release; must not block. nil for never.
	Held func(city string)

	// Judged is called after something was written about a city's reports; must not block. nil for never.
	Judged func(city string)

	turns      atomic.Uint64 // that have begun
	recent     recent        // of the goroutine that judges
	muted      muted
	recentTurn uint64 // when recent and muted were made
}

// Run works until ctx ends.
func (w *Worker) Run(ctx context.Context) error {
	in := newIntake()
	var reading sync.WaitGroup
	reading.Go(func() { w.read(ctx, in) })
	for batch := in.take(ctx, batchSize); len(batch) > 0; batch = in.take(ctx, batchSize) {
		w.handle(ctx, batch)
	}
	reading.Wait()
	return ctx.Err()
}

// read puts all reports into the intake while it is this node's turn, until ctx ends. What is not judged when a turn ends stays in the stream.
func (w *Worker) read(ctx context.Context, in *intake) {
	turn := w.Turn
	if turn == nil {
		turn = func(ctx context.Context, f func(context.Context)) { f(ctx) }
	}
	for ctx.Err() == nil {
		turn(ctx, func(ctx context.Context) {
			w.turns.Add(1)
			_ = w.Bus.ConsumeReports(ctx, in.put) // ends with ctx only
			in.clear()
		})
	}
}

// handle processes a batch. If it cannot be written, each message is processed alone: one of them may be the reason.
func (w *Worker) handle(ctx context.Context, batch []message) {
	for _, part := range parts(batch) {
		if len(part) > 1 && w.patiently(ctx, part) == nil {
			continue
		}
		for i := range part {
			w.insist(ctx, part[i:i+1])
		}
	}
}

// parts splits a batch so that each withdrawal and each ruling is a part of its own: its report may be in the part before.
func parts(batch []message) (list [][]message) {
	begin := 0
	for i, msg := range batch {
		if msg.Value.Withdrawn == "" && msg.Value.Ruling == "" {
			continue
		}
		if begin < i {
			list = append(list, batch[begin:i])
		}
		list, begin = append(list, batch[i:i+1]), i+1
	}
	if begin < len(batch) {
		list = append(list, batch[begin:])
	}
	return list
}

// insist processes one message. After a failure it is processed again from the start, which finds what is stored already: a few times here, so
// that no later report of the city overtakes it, and then after others, because it might be this report that cannot be stored.
func (w *Worker) insist(ctx context.Context, one []message) {
	for try := 1; ; try++ {
		err := w.patiently(ctx, one)
		if err == nil || ctx.Err() != nil { // whoever runs next processes it
			return
		}
		r := one[0].Value
		w.Log.Error("cannot process a report; will retry", "city", r.City, "bot", r.Bot, "err", err)
		if try == triesInPlace || errors.Is(err, errNotLoaded) || errors.Is(err, errReaderNotReady) {
			one[0].Requeue(retryDelay)
			return
		}
		wait.For(ctx, retryDelay)
	}
}

// patiently is process, again and again while the database does not answer: then it is not the reports that cannot be stored.
func (w *Worker) patiently(ctx context.Context, part []message) error {
	for {
		err := w.process(ctx, part)
		if err == nil || ctx.Err() != nil || w.DB.SQL().PingContext(ctx) == nil {
			return err
		}
		w.Log.Error("cannot process reports; will retry", "err", err, "delay", awayDelay)
		wait.For(ctx, awayDelay)
	}
}

// errNotLoaded is returned for a city whose settings this node has not loaded yet.
var errNotLoaded = errors.New("the city's settings are not loaded")

// errReaderNotReady is returned for a city whose lines and stops, or accounts, are being loaded, which takes moments.
var errReaderNotReady = errors.New("the city's lines and stops, or its accounts, are being loaded")

// process acknowledges the messages once everything that follows from them is stored: either one withdrawal, one ruling, or reports.
func (w *Worker) process(ctx context.Context, part []message) error {
	if err := w.begin(ctx); err != nil {
		return err
	}
	var err error
	switch r := part[0].Value; {
	case r.Withdrawn != "":
		step, steps := w.follow(ctx, "withdraw", r)
		err = w.withdraw(step, r)
		end(steps, err)
	case r.Ruling != "":
		step, steps := w.follow(ctx, "rule", r)
		err = w.rule(step, r)
		end(steps, err)
	default:
		err = w.record(ctx, part)
	}
	if err == nil {
		for _, msg := range part {
			msg.Ack()
		}
		w.judged(part)
	}
	return err
}

// judged calls Judged once for each city.
func (w *Worker) judged(part []message) {
	if w.Judged == nil {
		return
	}
	told := map[string]bool{}
	for _, msg := range part {
		if city := msg.Value.City; !told[city] {
			told[city] = true
			w.Judged(city)
		}
	}
}

// begin reads what the worker remembers, unless it has done so in this turn: another node may have judged meanwhile.
func (w *Worker) begin(ctx context.Context) error {
	turn := w.turns.Load()
	if turn == w.recentTurn && w.recent.cities != nil {
		return nil
	}
	fresh, err := newRecent(ctx, w.DB, w.Now())
	if err != nil {
		return err
	}
	muted, err := readMuted(ctx, w.DB)
	if err != nil {
		return err
	}
	w.recent, w.muted, w.recentTurn = fresh, muted, turn
	return nil
}

// record judges reports, writes them into the ledger and publishes the orders.
func (w *Worker) record(ctx context.Context, part []message) error {
	step, steps := w.follow(ctx, "judge", values(part)...)
	judged, expire, err := w.judge(step, part)
	end(steps, err)
	if err != nil {
		w.recent = recent{} // the ledger does not have what was compared
		return err
	}
	if len(judged) == 0 {
		return nil
	}
	step, steps = w.follow(ctx, "record", reports(judged)...)
	entries, err := w.DB.Record(step, judged...)
	endRecord(steps, entries, err)
	for i, j := range judged {
		if err != nil || entries[i].Known {
			delete(w.recent.cities, j.Report.City) // it may not have what compare has remembered
		}
	}
	if err != nil {
		return err
	}
	w.note(entries)
	w.publish(ctx, entries, judged, expire)
	for _, e := range entries {
		w.publishEdits(ctx, e)
		if w.Held != nil && !e.Known && e.IsHeld() {
			w.Held(e.City)
		}
	}
	return nil
}

// judge returns the verdicts on reports, and when each of them expires. Those of cities that were deleted are left out.
func (w *Worker) judge(ctx context.Context, part []message) (judged []db.Judged, expire []time.Time, err error) {
	var means []read.Reading
	var all []Rules
	for _, msg := range part {
		r := msg.Value
		rules, ok := w.Rules(r.City)
		if !ok {
			if err := w.checkDeleted(ctx, r); err != nil {
				return nil, nil, err
			}
			continue
		}
		if rules.Loading {
			return nil, nil, errReaderNotReady
		}
		var context read.Context
		if rules.Reader != nil { // most reports of a city without one are held: the ledger need not be asked
			m, err := w.recent.of(ctx, w.DB, r.City, rules, w.Now())
			if err != nil {
				return nil, nil, err
			}
			context = m.context(rules)
		}
		j := db.Judged{Report: r, Status: db.Queued, Zone: rules.Numbers}
		v, meaning := verdict(rules, r, context)
		if j.Verdict = v; v.Passed && rules.Active {
			j.Bots = w.Bots(r.City)
		}
		limit := r.At.Add(rules.Freshness)
		if !limit.After(w.Now()) {
			j.Status = db.Expired
		}
		if v.Passed && rules.Reader != nil {
			j.Report.Means = rules.Reader.Describe(meaning)
		}
		judged, expire = append(judged, j), append(expire, limit)
		means, all = append(means, meaning), append(all, rules)
	}
	w.holdMuted(judged)
	if err := w.holdByAuthor(ctx, judged, all); err != nil {
		return nil, nil, err
	}
	if err := w.limitAuthors(ctx, judged); err != nil {
		return nil, nil, err
	}
	for i := range judged {
		if relayed(judged[i], all[i]) {
			m := w.recent.cities[judged[i].Report.City]
			if m == nil || all[i].Reader == nil {
				if m, err = w.recent.of(ctx, w.DB, judged[i].Report.City, all[i], w.Now()); err != nil {
					return nil, nil, err
				}
			}
			m.compare(&judged[i], all[i], means[i], w.Now())
		}
	}
	return judged, expire, nil
}

// checkDeleted returns nil for a report of a city that was deleted: it is dropped. If the city exists, its settings are not loaded here yet, and
// the error makes the report be delivered again.
func (w *Worker) checkDeleted(ctx context.Context, r report.Report) error {
	exists, err := w.DB.CityExists(ctx, r.City)
	if err != nil {
		return err
	}
	if exists {
		return errNotLoaded
	}
	w.Log.Warn("dropping a report for a deleted city", "city", r.City, "bot", r.Bot)
	return nil
}

func verdict(rules Rules, r report.Report, context read.Context) (report.Verdict, read.Reading) {
	v, means := rules.Evaluate(r.Text, context)
	switch {
	case r.Dropped != "":
		return report.Verdict{List: report.Dropped, Rule: r.Dropped}, means
	case v.Passed && r.Spam != "":
		return report.Verdict{List: report.Spam, Rule: r.Spam}, means
	}
	if rule := rules.Hold.byText(r.Text); v.Passed && rule != "" {
		return report.Verdict{List: report.Hold, Rule: rule}, means
	}
	return v, means
}
