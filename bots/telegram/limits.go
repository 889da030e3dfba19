package telegram

import "time"

// limits are the rates, timeouts and sizes that the bot keeps to. Tests change them.
type limits struct {
	interval      time.Duration // between two messages of one bot
	chatInterval  time.Duration // between two messages to one chat
	groupMessages int           // messages to one group within groupWindow
	groupWindow   time.Duration
	shortPause    time.Duration // a group's 429 up to this holds the whole bot
	probePause    time.Duration // pause of the whole bot after the 429s of two groups
	startDelay    time.Duration // no messages this long after a start: what was sent just before is not known

	call          time.Duration // timeout of one API call
	longPoll      time.Duration // how long getUpdates may wait for an update
	drain         time.Duration // how long calls in flight may go on after a page's context has ended
	maxInFlight   int           // messages of a broadcast that wait for Telegram's response at the same time
	pageSize      int           // subscribers in one call of SendPage
	checkInterval time.Duration // between two checks of the webhook, and of the reply queue in case an event was lost
}

// realLimits stay a little below Telegram's: "about 30 messages a second", one a second to a chat, 20 a minute to a group
// (https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this), because messages that leave at an even
// rate arrive at a less even one. longPoll is below the 30 seconds that Core.HTTP waits for a response's header.
func realLimits() limits {
	return limits{
		interval: time.Second / 29, chatInterval: 1100 * time.Millisecond, groupMessages: 19, groupWindow: time.Minute,
		shortPause: 5 * time.Second, probePause: time.Minute,
		startDelay: 1100 * time.Millisecond, call: 15 * time.Second, longPoll: 25 * time.Second, drain: 3 * time.Second,
		maxInFlight: 8, pageSize: 500, checkInterval: 30 * time.Second,
	}
}
