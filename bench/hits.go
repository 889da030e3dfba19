package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// victim is a process that is hit.
type victim struct {
	name    string
	host    host
	kill    func()
	end     func() error // SIGTERM
	start   func(context.Context) error
	signal  func(syscall.Signal)
	isReady func(context.Context) error
}

// victims lists what is hit, in turn: one of each part.
func (s *site) victims(part string) (list []victim) {
	switch part {
	case "node":
		for i, p := range s.nodes {
			list = append(list, victim{fmt.Sprint("node ", i), p.host, p.kill, p.stop,
				func(ctx context.Context) error { return p.start(ctx, "serve") },
				func(sig syscall.Signal) { syscall.Kill(p.pid(), sig) }, p.waitHealthy})
		}
	case "broker":
		for i, b := range s.brokers {
			list = append(list, victim{fmt.Sprint("broker ", i), b.host, b.kill, b.endGently, b.start, b.signal, b.waitPort})
		}
	case "database":
		d := s.database
		list = append(list, victim{"database", d.host, d.kill, d.endGently, d.start, d.signal, d.waitDatabase})
	}
	return list
}

// endGently ends a service with SIGTERM; PostgreSQL would wait for its clients, so it gets SIGINT.
func (s *service) endGently() error {
	s.command.Process.Signal(syscall.SIGINT)
	<-s.ended
	return nil
}

// hit is what happens in one round.
type hit struct {
	kind   string
	victim victim
}

// plan lists the hits: of each part in turn, each time another kind and another process.
func (l nodesLoad) plan(s *site) (list []hit, err error) {
	kinds, parts := strings.Split(l.kinds, ","), strings.Split(l.parts, ",")
	if s.nodes[0].host.namespace == "" {
		kinds = slices.DeleteFunc(kinds, func(kind string) bool { return kind == "cut" })
		fmt.Fprintln(os.Stderr, "nothing is cut off: that needs root and the command ip")
	}
	for i := range l.hits {
		part, turn := parts[i%len(parts)], i/len(parts)
		all := s.victims(part)
		if len(all) == 0 || len(kinds) == 0 {
			return nil, fmt.Errorf("nothing to hit: -kinds %s -parts %s", l.kinds, l.parts)
		}
		list = append(list, hit{kinds[turn%len(kinds)], all[(turn/len(kinds)+turn)%len(all)]})
	}
	return list, nil
}

// begin hits the process; end repairs it.
func (h hit) begin() error {
	switch h.kind {
	case "kill":
		h.victim.kill()
	case "term":
		return h.victim.end()
	case "stop":
		h.victim.signal(syscall.SIGSTOP)
	case "cut":
		return h.victim.host.plug(false)
	default:
		return fmt.Errorf("-kinds: kill, stop, cut or term, not %q", h.kind)
	}
	return nil
}

func (h hit) end(ctx context.Context) error {
	switch h.kind {
	case "kill", "term":
		return h.victim.start(ctx)
	case "stop":
		h.victim.signal(syscall.SIGCONT)
	case "cut":
		return h.victim.host.plug(true)
	}
	return nil
}

// sentMail is a mail with its fate.
type sentMail struct {
	mail
	delivered
	attempts int
}

// keepSending sends a city's mails at a pace, one after the other, each until it is acknowledged: as a mail server would, to another node if one
// does not.
func (s *site) keepSending(ctx context.Context, mails []mail, begin time.Time, pace time.Duration, node int) []sentMail {
	const attemptTime = 3 * time.Second
	var sent []sentMail
	for i, m := range mails {
		time.Sleep(time.Until(begin.Add(time.Duration(i) * pace)))
		one := sentMail{mail: m}
		for one.acknowledged.IsZero() && ctx.Err() == nil {
			d, err := m.sendTo(s.nodes[node%nodeCount].smtp, attemptTime)
			if one.attempts++; one.handed.IsZero() {
				one.handed = d.handed
			}
			if one.acknowledged = d.acknowledged; err != nil {
				node++
				time.Sleep(50 * time.Millisecond)
			}
		}
		sent = append(sent, one)
	}
	return sent
}

// roundResult is a row of the table.
type roundResult struct {
	hit                                       hit
	accepted, repeated, lost, twice, inverted int
	silence, afterHit, afterEnd, slowest, p50 float64 // seconds
}

// round hits a process while reports are sent, and waits for all posts.
func (l nodesLoad) round(ctx context.Context, s *site, h hit, first, posted int) (r roundResult, posts int, err error) {
	r.hit = h
	count := int(float64(l.rate) * (l.calm + l.hit + l.after).Seconds())
	all := mails(first, count, l.cities, false)
	begin, pace := time.Now(), time.Duration(l.cities)*time.Second/time.Duration(l.rate)
	results := make([][]sentMail, l.cities)
	var senders sync.WaitGroup
	for city := range l.cities {
		senders.Go(func() {
			var ours []mail
			for i := city; i < len(all); i += l.cities {
				ours = append(ours, all[i])
			}
			results[city] = s.keepSending(ctx, ours, begin.Add(pace*time.Duration(city)/time.Duration(l.cities)), pace, city)
		})
	}
	defer senders.Wait()
	time.Sleep(l.calm)
	began := time.Now()
	if err := h.begin(); err != nil {
		return r, posted, err
	}
	time.Sleep(time.Until(began.Add(l.hit)))
	ended := time.Now()
	if err := h.end(ctx); err != nil {
		return r, posted, err
	}
	senders.Wait()
	sent := slices.Concat(results...)
	made, err := s.waitPosts(ctx, sent, posted, l.linger)
	if err != nil {
		return r, posted, err
	}
	r.count(sent, made, began, ended)
	return r, posted + len(made), s.recovered(ctx, h)
}

// recovered waits until everything works again.
func (s *site) recovered(ctx context.Context, h hit) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := h.victim.isReady(ctx); err != nil {
		return err
	}
	return s.waitHealthy(ctx)
}

// waitPosts waits until all mails are posted, or for so long, and returns the posts without those of earlier rounds.
func (s *site) waitPosts(ctx context.Context, sent []sentMail, posted int, linger time.Duration) (made []post, err error) {
	deadline := time.Now().Add(linger)
	err = until(ctx, 500*time.Millisecond, func() (bool, error) {
		made, err = s.fake.postsFrom(ctx, posted)
		return err == nil && (judge(sentNumbers(sent), made).lost == 0 || time.Now().After(deadline)), err
	})
	return made, err
}

func sentNumbers(sent []sentMail) (all []int) {
	for _, one := range sent {
		if !one.acknowledged.IsZero() {
			all = append(all, one.number)
		}
	}
	return all
}

// count compares what was sent with what was posted.
func (r *roundResult) count(sent []sentMail, made []post, began, ended time.Time) {
	o := judge(sentNumbers(sent), made)
	r.lost, r.twice, r.inverted = o.lost, o.twice, o.inverted
	var ways []float64
	for _, one := range sent {
		r.repeated += one.attempts - 1
		if one.acknowledged.IsZero() {
			continue
		}
		r.accepted++
		if at, ok := o.arrived[one.number]; ok {
			ways = append(ways, at.Sub(one.handed).Seconds())
		}
	}
	if len(ways) > 0 {
		r.slowest, r.p50 = slices.Max(ways), median(ways)
	}
	r.afterHit, r.afterEnd = firstAfter(made, began), firstAfter(made, ended)
	byCity := map[string]time.Time{}
	for _, one := range made {
		if last, ok := byCity[one.Account]; ok {
			r.silence = max(r.silence, one.At.Sub(last).Seconds())
		}
		byCity[one.Account] = one.At
	}
}

// firstAfter is the time from a moment to the first post of the city that waited longest.
func firstAfter(made []post, moment time.Time) float64 {
	first := map[string]float64{}
	for _, one := range made {
		if after := one.At.Sub(moment).Seconds(); after > 0 {
			first[one.Account] = min(cmp.Or(first[one.Account], math.Inf(1)), after)
		}
	}
	if len(first) == 0 {
		return math.NaN()
	}
	return slices.Max(slices.Collect(maps.Values(first)))
}

// measure hits everything in turn, prints a row for each round, and returns the sums.
func (l nodesLoad) measure(ctx context.Context, b *bench, t target) (figures, error) {
	s, err := b.open(ctx, t, l.cities)
	if err != nil {
		return nil, err
	}
	defer b.closeSite(s)
	time.Sleep(b.settle)
	hits, err := l.plan(s)
	if err != nil {
		return nil, err
	}
	fmt.Fprintln(b.out, "\n| round | hit | accepted | repeated | lost | twice | out of order | first posts after the hit, s | after its end, s | longest silence of a city, s | longest way, s | median way, s |\n|---|---|---|---|---|---|---|---|---|---|---|---|")
	var results []roundResult
	first, posted := 1, 0
	for i, h := range hits {
		var r roundResult
		if r, posted, err = l.round(ctx, s, h, first, posted); err != nil {
			return nil, fmt.Errorf("round %d, %s %s: %w", i+1, h.kind, h.victim.name, err)
		}
		first += int(float64(l.rate) * (l.calm + l.hit + l.after).Seconds())
		results = append(results, r)
		fmt.Fprintf(b.out, "| %d | %s %s | %d | %d | %d | %d | %d | %.1f | %.1f | %.1f | %.1f | %.2f |\n", i+1, h.kind, h.victim.name,
			r.accepted, r.repeated, r.lost, r.twice, r.inverted, r.afterHit, r.afterEnd, r.silence, r.slowest, r.p50)
	}
	state, err := s.fake.state(ctx)
	if err == nil && len(state.Unknown) > 0 {
		err = fmt.Errorf("the fake lacks %q", state.Unknown)
	}
	return l.sums(results, state), err
}

// sums are the figures of all rounds.
func (l nodesLoad) sums(results []roundResult, state fakeState) (f figures) {
	var accepted, lost, twice, inverted int
	takeover := map[string]float64{}
	for _, r := range results {
		accepted, lost, twice, inverted = accepted+r.accepted, lost+r.lost, twice+r.twice, inverted+r.inverted
		part, _, _ := strings.Cut(r.hit.victim.name, " ")
		after := r.afterHit
		if part == "database" { // there is only one
			after = r.afterEnd
		}
		takeover[part] = max(takeover[part], after)
	}
	f.add("accepted", float64(accepted))
	f.add("lost", float64(lost))
	f.add("twice", float64(twice))
	f.add("out of order", float64(inverted))
	f.add("requests with the key of a post, not posted again", float64(state.Repeated))
	for _, part := range slices.Sorted(maps.Keys(takeover)) {
		name := "hit of a " + part + ": worst time to the first post of each city, s"
		if part == "database" {
			name = "return of the database: worst time to the first post of each city, s"
		}
		f.add(name, takeover[part])
	}
	return f
}
