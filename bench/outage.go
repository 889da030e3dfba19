package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"
)

// waitPatiently waits until the fake has as many posts, or patience ends.
func (r *relayRun) waitPatiently(ctx context.Context, posts int) error {
	if err := r.fake.wait(ctx, posts); ctx.Err() != nil || !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return nil
}

// outage sends reports evenly while the fake answers in a mode, and then lets it work again.
func (l workload) outage(m mode) func(context.Context, *bench, target) (figures, error) {
	return func(ctx context.Context, b *bench, t target) (figures, error) {
		const cities = 10
		r, err := b.begin(ctx, t, cities)
		if err != nil {
			return nil, err
		}
		defer r.end()
		if err := r.fake.set(ctx, m); err != nil {
			return nil, err
		}
		sent := mails(1, l.outageReports, cities, false)
		if _, err := r.program.sendEvenly(ctx, sent, l.outageTime); err != nil {
			return nil, err
		}
		state, err := r.fake.state(ctx)
		if err != nil {
			return nil, err
		}
		back := time.Now()
		if err := r.fake.set(ctx, modeOK); err != nil {
			return nil, err
		}
		if err := r.waitPatiently(ctx, len(sent)); err != nil {
			return nil, err
		}
		o, err := r.outcome(ctx, sent)
		if err != nil {
			return nil, err
		}
		var f figures
		f.add("from the end of the outage to the last post, s", o.last.Sub(back).Seconds())
		f.add("requests to post during the outage", float64(state.Requests))
		f.add("lost", float64(o.lost))
		f.add("twice", float64(o.twice))
		f.add("out of order", float64(o.inverted))
		return f, nil
	}
}

// sendEvenly sends mails over a time, without waiting for one before it sends the next.
func (p *program) sendEvenly(ctx context.Context, mails []mail, over time.Duration) ([]delivered, error) {
	all, errs := make([]delivered, len(mails)), make([]error, len(mails))
	var running sync.WaitGroup
	ticks := time.NewTicker(over / time.Duration(len(mails)))
	defer ticks.Stop()
	for i, m := range mails {
		select {
		case <-ticks.C:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
		running.Go(func() { all[i], errs[i] = p.send(m) })
	}
	running.Wait()
	return all, errors.Join(errs...)
}

// kill kills the program again and again while each city gets its reports one after the other. As a mail server would, the senders try again what
// was not acknowledged.
func (l workload) kill(ctx context.Context, b *bench, t target) (figures, error) {
	const cities = 8
	r, err := b.begin(ctx, t, cities)
	if err != nil {
		return nil, err
	}
	defer r.end()
	all := mails(1, l.kills*l.killReports, cities, false)
	for round := range l.kills {
		some := all[round*l.killReports : (round+1)*l.killReports]
		if err := r.killOnce(ctx, some, cities, rand.N(l.killTime)); err != nil {
			return nil, err
		}
	}
	if err := r.waitPatiently(ctx, len(all)); err != nil {
		return nil, err
	}
	o, err := r.outcome(ctx, all)
	if err != nil {
		return nil, err
	}
	state, err := r.fake.state(ctx)
	var f figures
	f.add("lost", float64(o.lost))
	f.add("twice", float64(o.twice))
	f.add("requests with the key of a post, not posted again", float64(state.Repeated))
	f.add("out of order", float64(o.inverted))
	return f, err
}

// killOnce sends mails with one sender for each city, kills the program meanwhile, and starts it again.
func (r *relayRun) killOnce(ctx context.Context, mails []mail, cities int, after time.Duration) error {
	sending, cancel := context.WithCancel(ctx)
	defer cancel()
	var senders sync.WaitGroup
	defer senders.Wait()
	for city := range cities {
		senders.Go(func() {
			for _, m := range mails {
				if m.city == cityName(city) {
					r.program.sendUntilAcknowledged(sending, m)
				}
			}
		})
	}
	time.Sleep(after)
	r.program.kill()
	err := r.program.start(ctx, "serve")
	if err == nil {
		err = r.program.waitHealthy(ctx)
	}
	if err != nil {
		cancel()
		return fmt.Errorf("start again: %w", err)
	}
	senders.Wait()
	return ctx.Err()
}

func (p *program) sendUntilAcknowledged(ctx context.Context, m mail) {
	until(ctx, 20*time.Millisecond, func() (bool, error) {
		_, err := p.send(m)
		return err == nil, nil
	})
}
