package telegram

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"sync"
	"time"
)

// rateLimiter says when a bot may send its next message. It spaces messages evenly instead of allowing bursts
// (golang.org/x/time/rate): a burst whose messages the network delays a little differently exceeds Telegram's limit.
// It also counts messages per chat and group, and its counts survive a restart.
type rateLimiter struct {
	now    func() time.Time
	limits limits

	mu      sync.Mutex
	next    time.Time              // when the next message is due
	paused  time.Time              // no messages before: Telegram asked for a pause, or the program has just started
	chats   map[string]time.Time   // when the next message to a chat is allowed, by Subscriber.ChatHash
	groups  map[string][]time.Time // messages to a group within limits.groupWindow
	held    map[string]time.Time   // no messages to a group before: Telegram asked for a pause there
	refused string                 // the chat whose message got the last 429; empty once Telegram has accepted a message since
	latency time.Duration          // of Telegram's responses, a moving average
	sweepAt int                    // size of chats at which those that may be sent to anyway are dropped
}

const minSweep = 1024

func newRateLimiter(now func() time.Time, l limits) *rateLimiter {
	return &rateLimiter{now: now, limits: l, sweepAt: minSweep, chats: map[string]time.Time{}, groups: map[string][]time.Time{}, held: map[string]time.Time{}}
}

// errGroupBusy means that a group accepts no message now: Telegram asked for a pause there, or the group is at its limit.
var errGroupBusy = errors.New("the group accepts no message for now")

// wait blocks until a message to the chat may leave and counts it as sent. It returns ctx's error if that ends first, and errGroupBusy
// instead of waiting for a single group.
func (r *rateLimiter) wait(ctx context.Context, chat string, group bool) error {
	for {
		if group && r.groupDelay(chat) > 0 {
			return errGroupBusy
		}
		d := r.reserve(chat, group)
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

// reserve counts a message to the chat if it may leave now. Otherwise it returns how long to wait before the next try,
// and reserves nothing: waiting for one chat delays no other.
func (r *rateLimiter) reserve(chat string, group bool) time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now()
	recent := r.recent(chat, now)
	d := max(r.paused.Sub(now), r.chats[chat].Sub(now), r.next.Sub(now))
	if group {
		d = max(d, r.ownDelay(chat, now))
	}
	if d > 0 {
		return d
	}
	// A timer that fires late is made up for by half an interval at most: more could exceed the limit of one second.
	if earliest := now.Add(-r.limits.interval / 2); r.next.Before(earliest) {
		r.next = earliest
	}
	r.next = r.next.Add(r.limits.interval)
	r.chats[chat] = now.Add(r.limits.chatInterval)
	if group {
		r.groups[chat] = append(recent, now)
	}
	if len(r.chats) >= r.sweepAt {
		r.sweep(now)
	}
	return 0
}

// groupDelay returns how long a group accepts no messages, whatever others do: it is at its limit, or Telegram asked for a pause there.
func (r *rateLimiter) groupDelay(chat string) time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.ownDelay(chat, r.now())
}

// ownDelay is groupDelay; r.mu is held.
func (r *rateLimiter) ownDelay(chat string, now time.Time) time.Duration {
	d := r.held[chat].Sub(now)
	if recent := r.recent(chat, now); len(recent) >= r.limits.groupMessages {
		d = max(d, recent[len(recent)-r.limits.groupMessages].Add(r.limits.groupWindow).Sub(now))
	}
	return max(d, 0)
}

// tooMany records a 429 of a message to a chat, with the pause that it names, and returns for how long to hold the whole bot. Telegram does
// not say whether a 429 is about the chat or about the bot (https://github.com/tdlib/td/issues/715):
//
//   - In a private chat it is about the bot, since there is no slow mode, and the bot stays below the limit of a chat.
//   - A group's short pause holds the bot, which loses little, unless the same group got the last 429 as well.
//   - A group's longer pause holds that group, for its slow mode takes up to an hour. Another group's right after it, without a
//     message that was accepted between them, may be about the bot: that is held for a while, and what Telegram says to the
//     next chat decides.
func (r *rateLimiter) tooMany(chat string, group bool, d time.Duration) (bot time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	last := r.refused
	r.refused = chat
	switch {
	case !group:
		return d
	case d <= r.limits.shortPause && last != chat:
		return d
	}
	r.held[chat] = r.now().Add(d)
	if last != "" && last != chat {
		return min(d, r.limits.probePause)
	}
	return 0
}

// accepted records that Telegram has accepted a message.
func (r *rateLimiter) accepted() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.refused = ""
}

// recent returns the messages to a group that count against its limit. r.mu is held.
func (r *rateLimiter) recent(chat string, now time.Time) []time.Time {
	recent := r.groups[chat]
	for len(recent) > 0 && !recent[0].Add(r.limits.groupWindow).After(now) {
		recent = recent[1:]
	}
	return recent
}

// sweep drops the chats that may be sent to anyway. r.mu is held.
func (r *rateLimiter) sweep(now time.Time) {
	for chat, next := range r.chats {
		if !next.After(now) {
			delete(r.chats, chat)
		}
	}
	r.sweepAt = max(minSweep, 2*len(r.chats))
}

// recentCount returns how many messages a group got within limits.groupWindow.
func (r *rateLimiter) recentCount(chat string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.recent(chat, r.now()))
}

// pause lets no message leave for d.
func (r *rateLimiter) pause(d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if until := r.now().Add(d); until.After(r.paused) {
		r.paused = until
	}
}

// observeLatency updates the average time of a response. A stall counts as long as maxInFlight messages take, not more.
func (r *rateLimiter) observeLatency(d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.latency += (min(d, time.Duration(r.limits.maxInFlight)*r.limits.interval) - r.latency) / 4
}

// window returns how many messages of a broadcast may wait for their response at the same time. Each of them may be sent
// again after a crash, so it is 1 while responses keep up with the interval between messages; otherwise as many as the
// latency needs, with a margin of a tenth.
func (r *rateLimiter) window() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.limits.interval <= 0 {
		return 1
	}
	return min(1+int(r.latency*11/10/r.limits.interval), r.limits.maxInFlight)
}

// history returns the times of a group's recent messages, for restore after a restart: milliseconds since 1970, separated by
// spaces.
func (r *rateLimiter) history(chat string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []string
	for _, at := range r.groups[chat] {
		out = append(out, strconv.FormatInt(at.UnixMilli(), 10))
	}
	return strings.Join(out, " ")
}

// hold lets no message to a group leave before until.
func (r *rateLimiter) hold(chat string, until time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if until.After(r.held[chat]) {
		r.held[chat] = until
	}
}

// release ends a pause of a group.
func (r *rateLimiter) release(chat string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.held, chat)
}

// restore loads a group's history, unless this limiter has counted messages to it already. Times in the future, written before
// the clock was set back, are ignored.
func (r *rateLimiter) restore(chat, history string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, known := r.groups[chat]; known {
		return
	}
	r.groups[chat] = nil
	for _, word := range strings.Fields(history) {
		at, err := strconv.ParseInt(word, 10, 64)
		if err == nil && at <= r.now().UnixMilli() {
			r.groups[chat] = append(r.groups[chat], time.UnixMilli(at))
		}
	}
}
