package telegram

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"time"
)

// pace says when a bot may send its next message. Messages leave evenly, not in bursts: a burst that the network on the way
// shifts a little is over the limit, an even row is not.
type pace struct {
	now    func() time.Time
	limits limits

	mu     sync.Mutex
	next   time.Time              // when the next message is due
	until  time.Time              // nothing before: Telegram asked for a pause, or the program has just started
	chats  map[string]time.Time   // when the next message to a chat is allowed, by Subscriber.Person
	groups map[string][]time.Time // the messages to a group within the window
	takes  time.Duration          // from a message to its answer, on an average that follows the last few
	sweep  int                    // with this many chats those are forgotten that may be sent to anyway
}

const sweepAt = 1024

func newPace(now func() time.Time, l limits) *pace {
	return &pace{now: now, limits: l, sweep: sweepAt, chats: map[string]time.Time{}, groups: map[string][]time.Time{}}
}

// wait returns when a message to the chat may leave, which counts as sent then; or with ctx's error.
func (p *pace) wait(ctx context.Context, chat string, group bool) error {
	for {
		d := p.take(chat, group)
		if d <= 0 {
			return ctx.Err()
		}
		timer := time.NewTimer(d)
		select {
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		case <-timer.C:
		}
	}
}

// take counts a message to the chat if it may leave now; else it says how long to wait before asking again. Somebody who
// waits for a chat holds up nobody who writes to another one.
func (p *pace) take(chat string, group bool) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	recent := p.recent(chat, now)
	d := max(p.until.Sub(now), p.chats[chat].Sub(now), p.next.Sub(now))
	if group && len(recent) >= p.limits.group {
		d = max(d, recent[len(recent)-p.limits.group].Add(p.limits.window).Sub(now))
	}
	if d > 0 {
		return d
	}
	// Who wakes up late makes up for it, by half a gap at most: more could be one too many within a second.
	if slack := now.Add(-p.limits.gap / 2); p.next.Before(slack) {
		p.next = slack
	}
	p.next = p.next.Add(p.limits.gap)
	p.chats[chat] = now.Add(p.limits.chat)
	if group {
		p.groups[chat] = append(recent, now)
	}
	if len(p.chats) >= p.sweep {
		p.forget(now)
	}
	return 0
}

// recent are the messages to a group that count against its limit. p.mu is held.
func (p *pace) recent(chat string, now time.Time) []time.Time {
	recent := p.groups[chat]
	for len(recent) > 0 && !recent[0].Add(p.limits.window).After(now) {
		recent = recent[1:]
	}
	return recent
}

// count is how many messages a group had within the window.
func (p *pace) count(chat string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.recent(chat, p.now()))
}

func (p *pace) forget(now time.Time) {
	for chat, next := range p.chats {
		if !next.After(now) {
			delete(p.chats, chat)
		}
	}
	p.sweep = max(sweepAt, 2*len(p.chats))
}

// answered takes in how long the answer to a message took. A stall counts no more than what fills the window.
func (p *pace) answered(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.takes += (min(d, time.Duration(p.limits.inFlight)*p.limits.gap) - p.takes) / 4
}

// window is how many messages of a broadcast may wait for their answer. Each of them may be sent again after a crash, so it is
// one where that keeps up with the gap between two messages, and otherwise as many as it takes, with a tenth to spare.
func (p *pace) window() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.limits.gap <= 0 {
		return 1
	}
	return min(1+int(p.takes*11/10/p.limits.gap), p.limits.inFlight)
}

// pause lets nothing leave for d.
func (p *pace) pause(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if until := p.now().Add(d); until.After(p.until) {
		p.until = until
	}
}

// history is what was sent to a group lately, to be kept for after a restart: milliseconds since 1970.
func (p *pace) history(chat string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []string
	for _, at := range p.groups[chat] {
		out = append(out, strconv.FormatInt(at.UnixMilli(), 10))
	}
	return strings.Join(out, " ")
}

// recall takes a history in, unless something is known of the group already. What lies ahead was written before the clock was
// set back, and is left out.
func (p *pace) recall(chat, history string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, known := p.groups[chat]; known {
		return
	}
	p.groups[chat] = nil
	for _, word := range strings.Fields(history) {
		at, err := strconv.ParseInt(word, 10, 64)
		if err == nil && at <= p.now().UnixMilli() {
			p.groups[chat] = append(p.groups[chat], time.UnixMilli(at))
		}
	}
}
