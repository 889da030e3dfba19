package mail

import (
	"context"
	"sync"
	"time"
)

// limits say how many mails go at the same time, and how fast.
type limits struct {
	perLane   int // connections to one domain at a time
	total     int // connections at a time
	perMinute int // mails to one domain; 0 for any number
}

var (
	// A smarthost and an outbox are one lane: nobody else waits behind them.
	oneLane = limits{perLane: 4, total: 4}
	// Large providers put off hosts that they do not know when those open many connections or send fast.
	manyLanes = limits{perLane: 2, total: 100, perMinute: 120}
)

// lanes keep the mails for one domain apart from those for others, so that a domain that is slow holds up itself only.
// A lane is named by a keyed hash of its domain.
type lanes struct {
	limits
	mailer           *Mailer
	open             func() transport
	sending, writing context.Context

	stopped chan struct{}
	running sync.WaitGroup
	mu      sync.Mutex
	all     map[string]*lane
	workers int
}

// lane is guarded by lanes.mu, but for the channel.
type lane struct {
	name    string
	waiting chan task // never more than batchSize: the lane gets more only when it is empty
	workers int
	idle    int
	begin   time.Time // of the minute that is counted
	count   int       // mails in it
}

func newLanes(m *Mailer, open func() transport, sending, writing context.Context) *lanes {
	return &lanes{
		limits: m.limits, mailer: m, open: open, sending: sending, writing: writing,
		stopped: make(chan struct{}), all: map[string]*lane{},
	}
}

// busy lists the lanes that must not get more now, and when the first of those that have used up their minute may have
// more (zero for none of them).
func (l *lanes) busy() (names []string, until time.Time) {
	now := l.mailer.now()
	l.mu.Lock()
	defer l.mu.Unlock()
	for name, one := range l.all {
		end := one.begin.Add(time.Minute)
		switch {
		case len(one.waiting) > 0:
			names = append(names, name)
		case l.perMinute > 0 && one.count >= l.perMinute && now.Before(end):
			names = append(names, name)
			if until.IsZero() || end.Before(until) {
				until = end
			}
		case one.workers == 0 && !now.Before(end):
			delete(l.all, name)
		}
	}
	return names, until
}

// add takes mails that were leased, and returns those that are over their lane's limit.
func (l *lanes) add(rows []Message, until time.Time) (over []Message) {
	now := l.mailer.now()
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, row := range rows {
		one := l.all[row.Lane]
		if one == nil {
			one = &lane{name: row.Lane, waiting: make(chan task, batchSize)}
			l.all[row.Lane] = one
		}
		if !now.Before(one.begin.Add(time.Minute)) {
			one.begin, one.count = now, 0
		}
		if l.perMinute > 0 && one.count >= l.perMinute || len(one.waiting) == cap(one.waiting) {
			over = append(over, row)
			continue
		}
		one.count++
		one.waiting <- task{row, until}
		l.staff(one)
	}
	return over
}

// staff starts a worker if the lane has use for one.
func (l *lanes) staff(one *lane) {
	if len(one.waiting) <= one.idle || one.workers >= l.perLane || l.workers >= l.total {
		return
	}
	one.workers++
	l.workers++
	l.running.Go(func() { l.work(one) })
}

// work delivers the mails of a lane until there have been none for idleTime.
func (l *lanes) work(one *lane) {
	t := l.open()
	defer t.close()
	for {
		next, ok := l.next(one)
		if !ok {
			return
		}
		if len(one.waiting) == 0 {
			l.mailer.queue.poke() // it may have more
		}
		l.mailer.failed(l.mailer.attempt(l.sending, l.writing, t, next))
	}
}

// next returns false when the worker must end, which is written down then.
func (l *lanes) next(one *lane) (task, bool) {
	l.count(func() { one.idle++ })
	defer l.count(func() { one.idle-- })
	idle := time.NewTimer(idleTime)
	defer idle.Stop()
	for {
		select {
		case <-l.stopped:
			l.count(func() { l.leave(one) })
			return task{}, false
		default:
		}
		select {
		case <-l.stopped:
		case next := <-one.waiting:
			return next, true
		case <-idle.C:
			left := false
			l.count(func() {
				if left = len(one.waiting) == 0; left {
					l.leave(one)
				}
			})
			if left {
				return task{}, false
			}
		}
	}
}

// leave counts a worker that ends, and lets another lane have its place.
func (l *lanes) leave(one *lane) {
	one.workers--
	l.workers--
	for _, other := range l.all {
		if other.workers == 0 {
			l.staff(other)
		}
	}
}

func (l *lanes) count(f func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f()
}

// stop lets the workers end what they are at, waits for them, and puts the rest back into the queue.
func (l *lanes) stop() {
	l.mu.Lock()
	close(l.stopped)
	l.total = 0 // no new workers
	l.mu.Unlock()
	l.running.Wait()
	var rest []Message
	for _, one := range l.all {
		for len(one.waiting) > 0 {
			rest = append(rest, (<-one.waiting).row)
		}
	}
	l.mailer.giveBack(l.writing, rest)
}
