package telegram

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestAClockThatWasSetBackDelaysNoGroup(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_000_000, 0)
	p := newRateLimiter(func() time.Time { return now }, realLimits())
	var history []string
	for i := range realLimits().groupMessages { // stored when the clock was an hour ahead
		history = append(history, strconv.FormatInt(now.Add(time.Hour+time.Duration(i)*time.Second).UnixMilli(), 10))
	}
	p.restore("x", strings.Join(history, " "))
	if d := p.reserve("x", true); d > realLimits().groupWindow {
		t.Errorf("the group waits for %v", d)
	}
}

// send broadcasts the report with a number.
func (c largeCity) send(i int) int {
	c.Helper()
	return send(c, c.w, c.a, other(c.w, fmt.Sprint(i), fmt.Sprint("kontrolle ", i)))
}

// askForHelp sends /help in a group, and the reply.
func (c largeCity) askForHelp(group int64) {
	c.Helper()
	c.fake.SayIn(group, "marta", map[string]any{"text": "/help@" + botOf("zuerich")})
	receive(c, c.w, "zuerich")
}

func TestRepliesObserveAPauseAfterARestart(t *testing.T) {
	t.Parallel()
	inBubble(t, 0, 10*time.Millisecond, func(t *testing.T, c largeCity) {
		row, _ := account(t, c.w, "zuerich")
		theBot(c.w).pause(t.Context(), row, 20*time.Second)
		c.w.Restart(t)
		startRecv(t, c.w, c.a, nil)
		c.fake.Say(botOf("zuerich"), "marta", "/start")
		time.Sleep(19 * time.Second)
		if sent := c.fake.Sent(); len(sent) != 0 {
			t.Errorf("within the pause it sent %v", sent)
		}
		time.Sleep(2 * time.Second)
		if sent := c.fake.Sent(); len(sent) != 1 {
			t.Errorf("after the pause it sent %v", sent)
		}
	})
}

func TestRepliesInAGroupCountAsItsMessagesEvenAfterARestart(t *testing.T) {
	t.Parallel()
	inBubble(t, 0, 10*time.Millisecond, func(t *testing.T, c largeCity) {
		group := c.addGroup("Linie 4")
		ask := func() { c.askForHelp(group) }
		for i := range 19 {
			switch i {
			case 5:
				c.w.Restart(t)
				ask()
			case 7:
				ask()
				c.w.Restart(t)
			}
			c.send(i)
		}
		c.drain(2 * time.Minute)
		if each := c.messagesPerChat(); each[group] != 21 || c.fake.Limits.Exceeded != 0 {
			t.Errorf("%d messages to the group, %d requests over the limits", each[group], c.fake.Limits.Exceeded)
		}
	})
}

func TestTheFirstReportLongAfterAStartLeavesAtOnce(t *testing.T) {
	t.Parallel()
	inBubble(t, 1, 10*time.Millisecond, func(t *testing.T, c largeCity) {
		time.Sleep(time.Hour)
		began := time.Now()
		send(t, c.w, c.a, other(c.w, "1", "kontrolle u8"))
		if waited := c.fake.Sent()[0].At.Sub(began); waited > 10*time.Millisecond {
			t.Errorf("it waited for %v", waited)
		}
	})
}

func TestARiderWhoKeepsAskingForHelpDoesNotUseUpTheGroupsMessages(t *testing.T) {
	t.Parallel()
	inBubble(t, 0, 10*time.Millisecond, func(t *testing.T, c largeCity) {
		group := c.addGroup("Linie 4")
		for range 20 {
			c.askForHelp(group)
		}
		began := time.Now()
		for i := range 10 {
			c.send(i)
		}
		if took := time.Since(began); took > 15*time.Second {
			t.Errorf("ten reports to the group took %v", took)
		}
		if replies := c.messagesPerChat()[group] - 10; replies < 1 || replies > realLimits().groupMessages/2 {
			t.Errorf("%d replies", replies)
		}
	})
}

func TestMessagesLeaveEvenlyAndLateOnesMakeUpForHalfAnIntervalAtMost(t *testing.T) {
	t.Parallel()
	now := time.Unix(1000, 0)
	l := limits{interval: 100 * time.Millisecond, chatInterval: time.Second, groupMessages: 2, groupWindow: time.Minute}
	p := newRateLimiter(func() time.Time { return now }, l)
	reserve := func(chat string, group bool, want time.Duration) {
		t.Helper()
		if got := p.reserve(chat, group); got != want {
			t.Errorf("%s at %v: wait %v, want %v", chat, now.Sub(time.Unix(1000, 0)), got, want)
		}
	}
	reserve("a", false, 0)
	reserve("b", false, 50*time.Millisecond) // the first was delayed by the maximum
	now = now.Add(50 * time.Millisecond)
	reserve("b", false, 0)
	reserve("c", false, 100*time.Millisecond)
	now = now.Add(10 * time.Second)
	reserve("c", false, 0)
	reserve("c", false, time.Second)
	reserve("d", false, 50*time.Millisecond)
	now = now.Add(time.Second)
	reserve("group", true, 0)
	now = now.Add(2 * time.Second)
	reserve("group", true, 0)
	now = now.Add(2 * time.Second)
	reserve("group", true, 56*time.Second)
	reserve("e", false, 0)

	again := newRateLimiter(func() time.Time { return now }, l)
	again.restore("group", p.history("group"))
	if got := again.reserve("group", true); got != 56*time.Second {
		t.Errorf("after a restart: wait %v", got)
	}
	again.pause(time.Hour)
	if got := again.reserve("f", false); got != time.Hour {
		t.Errorf("in a pause: wait %v", got)
	}
}
