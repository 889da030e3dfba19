package telegramtest

import "time"

// Limits are rate limits (https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this), enforced strictly: within
// any second, within any minute.
type Limits struct {
	PerSecond int           // messages of one bot within a second
	Chat      time.Duration // between two messages to one chat
	Group     int           // messages to one group within a minute

	Exceeded int // requests above a limit

	all   map[*bot][]time.Time
	chats map[int64][]time.Time
}

// RealLimits returns Telegram's limits.
func RealLimits() *Limits {
	return &Limits{PerSecond: 30, Chat: time.Second, Group: 20, all: map[*bot][]time.Time{}, chats: map[int64][]time.Time{}}
}

// allow counts a message, or returns false if it exceeds a limit. Server.mu is held.
func (l *Limits) allow(b *bot, chat int64, now time.Time) bool {
	if l == nil {
		return true
	}
	within := func(times []time.Time, d time.Duration) int {
		count := 0
		for i := len(times) - 1; i >= 0 && now.Sub(times[i]) < d; i-- {
			count++
		}
		return count
	}
	over := within(l.all[b], time.Second) >= l.PerSecond || within(l.chats[chat], l.Chat) >= 1 ||
		chat < 0 && within(l.chats[chat], time.Minute) >= l.Group
	if over {
		l.Exceeded++
		return false
	}
	l.all[b] = append(l.all[b], now)
	l.chats[chat] = append(l.chats[chat], now)
	return true
}
