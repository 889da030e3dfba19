package mail

import (
	"context"
	"strings"
	"sync"
	"time"
)

// limits say how many mails go at the same time, and how fast.
type limits struct {
	perPlace  int // connections to one place at a time
	total     int // connections at a time
	perMinute int // mails to one place; 0 for any number
}

var (
	// A smarthost and an outbox are one place.
	onePlace = limits{perPlace: 4, total: 100}
	// Large providers put off hosts that they do not know when those open many connections or send fast.
	manyPlaces = limits{perPlace: 2, total: 100, perMinute: 120}
	// A provider knows whom it serves, and says when it is too much.
	ownPlace = limits{perPlace: 2}
)

// lanes keep mails apart, so that none wait for those of others. A place is where mails go: the smarthost, a domain, or a route. One
// that is slow holds up itself only. The mails for one place wait in a lane for each sender, which take turns: a city with many
// subscribers holds up neither other cities nor log-in mails.
//
// Mails are leased only for lanes in which none wait.
type lanes struct {
	limits
	mailer           *Mailer
	open             func() transport
	sending, writing context.Context

	stopped chan struct{}
	running sync.WaitGroup
	mu      sync.Mutex
	places  map[string]*place
	workers int
}

// place is guarded by lanes.mu, but for the channel.
type place struct {
	limits     limits
	lanes      map[string][]task // what waits in each lane that is known
	turns      []string          // lanes in which mails wait, the next one first
	news       chan struct{}     // wakes a worker; one token for any number of mails
	workers    int
	delivering int       // of the workers; the others are idle
	begin      time.Time // of the minute that is counted
	count      int       // mails in it
	failed     int       // times in a row that the place, and not just one mail, failed
	held       time.Time // until when it is left alone after that
}

// placeSize is the length of the part of a lane's name that is the place's.
const placeSize = 16

// ownMark begins the names of places that are routes.
const ownMark = "r"

func placeOf(lane string) string { return lane[:min(placeSize, len(lane))] }

func newLanes(m *Mailer, open func() transport, sending, writing context.Context) *lanes {
	return &lanes{
		limits: m.limits, mailer: m, open: open, sending: sending, writing: writing,
		stopped: make(chan struct{}), places: map[string]*place{},
	}
}

// busy lists the lanes that must not get more now, and when the first of those that were told to wait may have more (zero for none of
// them).
func (l *lanes) busy() (names []string, until time.Time) {
	now := l.mailer.now()
	l.mu.Lock()
	defer l.mu.Unlock()
	for name, p := range l.places {
		end := p.blocked(now)
		if p.workers == 0 && len(p.turns) == 0 && end.IsZero() && !now.Before(p.begin.Add(time.Minute)) {
			delete(l.places, name)
			continue
		}
		for lane, waiting := range p.lanes {
			if len(waiting) > 0 || !end.IsZero() {
				names = append(names, lane)
			}
		}
		if !end.IsZero() && (until.IsZero() || end.Before(until)) {
			until = end
		}
	}
	return names, until
}

// blocked says until when the place must get no more, and is zero if it may.
func (p *place) blocked(now time.Time) time.Time {
	if now.Before(p.held) {
		return p.held
	}
	if end := p.begin.Add(time.Minute); p.limits.perMinute > 0 && p.count >= p.limits.perMinute && now.Before(end) {
		return end
	}
	return time.Time{}
}

// add takes mails that were leased, and returns those that are over their place's limit.
func (l *lanes) add(rows []item, until time.Time) (over []item) {
	now := l.mailer.now()
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, row := range rows {
		p := l.place(row.Lane)
		if !now.Before(p.begin.Add(time.Minute)) {
			p.begin, p.count = now, 0
		}
		waiting := p.lanes[row.Lane]
		if !p.blocked(now).IsZero() {
			p.lanes[row.Lane] = waiting // known from now on, and so busy
			over = append(over, row)
			continue
		}
		p.count++
		if len(waiting) == 0 {
			p.turns = append(p.turns, row.Lane)
		}
		p.lanes[row.Lane] = append(waiting, task{row, until})
		p.wake()
		l.staff(p)
	}
	return over
}

func (l *lanes) place(lane string) *place {
	name := placeOf(lane)
	p := l.places[name]
	if p == nil {
		p = &place{limits: l.limits, lanes: map[string][]task{}, news: make(chan struct{}, 1)}
		if strings.HasPrefix(name, ownMark) {
			p.limits = ownPlace
		}
		l.places[name] = p
	}
	return p
}

func (p *place) wake() {
	select {
	case p.news <- struct{}{}:
	default:
	}
}

// take returns the first mail of the lane whose turn it is, and whether that was the lane's last. One must be waiting.
func (p *place) take() (next task, last bool) {
	lane := p.turns[0]
	waiting := p.lanes[lane]
	p.turns, p.lanes[lane] = p.turns[1:], waiting[1:]
	if last = len(waiting) == 1; !last {
		p.turns = append(p.turns, lane)
	}
	if len(p.turns) > 0 {
		p.wake()
	}
	return waiting[0], last
}

// waiting counts mails.
func (p *place) waiting() (count int) {
	for _, lane := range p.turns {
		count += len(p.lanes[lane])
	}
	return count
}

// hold leaves a place alone for a while, and returns what waited for it.
func (l *lanes) hold(p *place, least time.Duration) (rest []item) {
	l.mu.Lock()
	defer l.mu.Unlock()
	p.failed++
	p.held = l.mailer.now().Add(max(l.mailer.hold(p.failed), least))
	return p.empty()
}

func (p *place) empty() (rest []item) {
	for _, lane := range p.turns {
		for _, waiting := range p.lanes[lane] {
			rest = append(rest, waiting.row)
		}
		p.lanes[lane] = nil
	}
	p.turns = nil
	return rest
}

// stop lets the workers end what they are at, waits for them, and puts the rest back into the queue.
func (l *lanes) stop() {
	l.mu.Lock()
	close(l.stopped)
	l.total = 0 // no new workers
	l.mu.Unlock()
	l.running.Wait()
	var rest []item
	for _, p := range l.places {
		rest = append(rest, p.empty()...)
	}
	l.mailer.giveBack(l.writing, rest)
}
