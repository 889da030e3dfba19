package main

import (
	"context"
	"flag"
	"fmt"
	"time"
)

// hanging is the load while one instance in ten hangs.
type hanging struct {
	cities, reports int
	over            time.Duration
}

// instances is how many fakes there are; the last one hangs.
const instances = 10

func hangFlags(set *flag.FlagSet) func() []measurement {
	var h hanging
	set.IntVar(&h.cities, "cities", 100, "cities, a tenth of them with an account on the instance that hangs")
	set.IntVar(&h.reports, "reports", 600, "reports")
	set.DurationVar(&h.over, "over", 20*time.Second, "time over which they are sent evenly")
	return func() []measurement {
		return []measurement{{"hang", fmt.Sprintf("%d reports to %d cities over %v; one instance in ten accepts posts and never answers", h.reports, h.cities, h.over), h.measure}}
	}
}

func (h hanging) measure(ctx context.Context, b *bench, t target) (figures, error) {
	well, err := h.with(ctx, b, t, modeOK)
	if err != nil {
		return nil, err
	}
	hung, err := h.with(ctx, b, t, modeHanging)
	if err != nil {
		return nil, err
	}
	var f figures
	f.add("all work: input to post, p50, ms", median(well))
	f.add("all work: input to post, p99, ms", percentile(well, 0.99))
	f.add("one hangs: input to post of the others, p50, ms", median(hung))
	f.add("one hangs: input to post of the others, p99, ms", percentile(hung, 0.99))
	f.add("p99 with one that hangs to that without", percentile(hung, 0.99)/percentile(well, 0.99))
	return f, nil
}

// with returns the latencies of the cities on the instances that work, while the last one is in a mode.
func (h hanging) with(ctx context.Context, b *bench, t target, m mode) ([]float64, error) {
	var fakes []*fake
	for i := range instances {
		f, err := b.fake(ctx, i)
		if err != nil {
			return nil, err
		}
		fakes = append(fakes, f)
	}
	p, err := b.place(ctx, t, h.cities, fakes...)
	if err != nil {
		return nil, err
	}
	defer b.discard(p)
	if err := b.ready(ctx, p, h.cities, fakes...); err != nil {
		return nil, err
	}
	last := instances - 1
	if err := fakes[last].set(ctx, m); err != nil {
		return nil, err
	}
	time.Sleep(b.settle)
	all := mails(1, h.reports, h.cities, false)
	sent, err := p.sendEvenly(ctx, all, h.over)
	if err != nil {
		return nil, err
	}
	var posts []post
	var others []mail
	var othersSent []delivered
	expected := make([]int, instances) // posts of each instance
	for i, m := range all {
		on := i % h.cities % instances
		expected[on]++
		if on != last {
			others, othersSent = append(others, m), append(othersSent, sent[i])
		}
	}
	for i, f := range fakes[:last] {
		if err := f.wait(ctx, expected[i]); err != nil {
			return nil, err
		}
		some, err := f.posts(ctx)
		if err != nil {
			return nil, err
		}
		posts = append(posts, some...)
	}
	return judge(nil, posts).latencies(others, othersSent), nil
}
