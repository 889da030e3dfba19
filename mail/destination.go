package mail

import (
	"context"
	"strings"
	"sync"
	"time"
)

// limits say how many messages are delivered at the same time, and how fast.
type limits struct {
	connections int // to one destination at a time
	total       int // connections to all destinations
	perMinute   int // messages to one destination; 0 for no limit
}

var (
	// A smarthost or an outbox is one destination.
	smarthostLimits = limits{connections: 4, total: 100}
	// Large providers defer unknown hosts that open many connections or send fast.
	directLimits = limits{connections: 2, total: 100, perMinute: 120}
	// The server of a route knows its user, and says when it is too much.
	routeLimits = limits{connections: 2}
)

// dispatcher queues leased messages in memory, per destination, and runs the workers that deliver them (pool.go).
//
// A destination is the smarthost, a domain, or a route; a slow one delays only its own messages. The messages of one sender to one
// destination are a flow. The flows of a destination take turns (round robin): a city with many subscribers delays neither other
// cities nor log-in mails. Messages are leased only for flows that have none queued here.
type dispatcher struct {
	limits
	mailer *Mailer
	open   func() transport

	sending, writing context.Context // of deliveries; of database updates about their results

	stopped chan struct{}
	running sync.WaitGroup // workers

	mu           sync.Mutex
	destinations map[string]*destination
	workers      int // of all destinations
}

// destination is guarded by dispatcher.mu, except for the channel.
type destination struct {
	limits limits
	flows  map[string][]task // queued messages by flow; empty for known flows without any
	ready  []string          // flows with queued messages, the next one first
	wakeup chan struct{}     // wakes one idle worker

	workers    int
	delivering int // of the workers; the others are idle

	windowStart time.Time // of the minute for limits.perMinute
	windowCount int       // messages in it

	failures     int       // in a row, of the destination and not just of a message
	backoffUntil time.Time // after failures
}

// task is a leased message.
type task struct {
	item
	leasedUntil time.Time // unless the lease was renewed
}

// destinationSize is the length of the part of a flow's name that is the destination's.
const destinationSize = 16

// routeMark begins the names of destinations that are routes.
const routeMark = "r"

func destinationOf(flow string) string { return flow[:min(destinationSize, len(flow))] }

func newDispatcher(m *Mailer, open func() transport, sending, writing context.Context) *dispatcher {
	return &dispatcher{
		limits: m.limits, mailer: m, open: open, sending: sending, writing: writing,
		stopped: make(chan struct{}), destinations: map[string]*destination{},
	}
}

// busy lists the flows to lease no messages for, and when the first destination that is blocked by time will be ready (zero for none).
// It forgets idle destinations.
func (d *dispatcher) busy() (flows []string, ready time.Time) {
	now := d.mailer.now()
	d.mu.Lock()
	defer d.mu.Unlock()
	for name, dest := range d.destinations {
		blocked := dest.blockedUntil(now)
		if dest.workers == 0 && len(dest.ready) == 0 && blocked.IsZero() && dest.windowOver(now) {
			delete(d.destinations, name)
			continue
		}
		for flow, queued := range dest.flows {
			if len(queued) > 0 || !blocked.IsZero() {
				flows = append(flows, flow)
			}
		}
		if !blocked.IsZero() && (ready.IsZero() || blocked.Before(ready)) {
			ready = blocked
		}
	}
	return flows, ready
}

func (dest *destination) windowOver(now time.Time) bool {
	return !now.Before(dest.windowStart.Add(time.Minute))
}

// blockedUntil returns when the destination may get messages again; zero for now.
func (dest *destination) blockedUntil(now time.Time) time.Time {
	if now.Before(dest.backoffUntil) {
		return dest.backoffUntil
	}
	if dest.limits.perMinute > 0 && dest.windowCount >= dest.limits.perMinute && !dest.windowOver(now) {
		return dest.windowStart.Add(time.Minute)
	}
	return time.Time{}
}

// add queues leased messages, and returns those for destinations that are blocked.
func (d *dispatcher) add(items []item, leasedUntil time.Time) (rejected []item) {
	now := d.mailer.now()
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, it := range items {
		dest := d.destination(it.Flow)
		if dest.windowOver(now) {
			dest.windowStart, dest.windowCount = now, 0
		}
		queued := dest.flows[it.Flow]
		if !dest.blockedUntil(now).IsZero() {
			dest.flows[it.Flow] = queued // a known flow, for busy
			rejected = append(rejected, it)
			continue
		}
		dest.windowCount++
		if len(queued) == 0 {
			dest.ready = append(dest.ready, it.Flow)
		}
		dest.flows[it.Flow] = append(queued, task{it, leasedUntil})
		dest.wake()
		d.addWorker(dest)
	}
	return rejected
}

func (d *dispatcher) destination(flow string) *destination {
	name := destinationOf(flow)
	dest := d.destinations[name]
	if dest == nil {
		dest = &destination{limits: d.limits, flows: map[string][]task{}, wakeup: make(chan struct{}, 1)}
		if strings.HasPrefix(name, routeMark) {
			dest.limits = routeLimits
		}
		d.destinations[name] = dest
	}
	return dest
}

func (dest *destination) wake() {
	select {
	case dest.wakeup <- struct{}{}:
	default:
	}
}

// pop removes the first message of the next flow, and reports whether it was the flow's last. There must be one.
func (dest *destination) pop() (next task, last bool) {
	flow := dest.ready[0]
	queued := dest.flows[flow]
	dest.ready, dest.flows[flow] = dest.ready[1:], queued[1:]
	if last = len(queued) == 1; !last {
		dest.ready = append(dest.ready, flow)
	}
	if len(dest.ready) > 0 {
		dest.wake()
	}
	return queued[0], last
}

func (dest *destination) queued() (count int) {
	for _, flow := range dest.ready {
		count += len(dest.flows[flow])
	}
	return count
}

// drain removes all queued messages.
func (dest *destination) drain() (items []item) {
	for _, flow := range dest.ready {
		for _, queued := range dest.flows[flow] {
			items = append(items, queued.item)
		}
		dest.flows[flow] = nil
	}
	dest.ready = nil
	return items
}

// backOff blocks a destination for a while after a failure, and returns its queued messages.
func (d *dispatcher) backOff(dest *destination, atLeast time.Duration) []item {
	d.mu.Lock()
	defer d.mu.Unlock()
	dest.failures++
	dest.backoffUntil = d.mailer.now().Add(max(d.mailer.destinationBackoff(dest.failures), atLeast))
	return dest.drain()
}

// stop waits until the workers have finished their deliveries, and requeues the rest.
func (d *dispatcher) stop() {
	d.mu.Lock()
	close(d.stopped)
	d.total = 0 // no new workers
	d.mu.Unlock()
	d.running.Wait()
	var rest []item
	for _, dest := range d.destinations {
		rest = append(rest, dest.drain()...)
	}
	d.mailer.requeue(d.writing, rest)
}
