package telegram

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"linienfunk/bots/telegram/telegramtest"
	"linienfunk/report"
)

func TestAClockThatWasSetBackHoldsUpNoGroup(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	p := newPace(func() time.Time { return now }, realLimits())
	var history []string
	for i := range realLimits().group { // stored when the clock was an hour ahead
		history = append(history, strconv.FormatInt(now.Add(time.Hour+time.Duration(i)*time.Second).UnixMilli(), 10))
	}
	p.recall("x", strings.Join(history, " "))
	if d := p.take("x", true); d > realLimits().window {
		t.Errorf("the group waits for %v", d)
	}
}

func TestAnswersKeepToAPauseOverARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd(t, 0, 10*time.Millisecond)
		row, _, err := theBot(c.w).account(t.Context(), "zuerich")
		must(t, err)
		must(t, theBot(c.w).pause(t.Context(), row, 20*time.Second, nil))
		c.w.Restart(t)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() {
			ended <- theBot(c.w).Recv(ctx, c.a, func(context.Context, report.Report) error { return nil })
		}()
		c.fake.Say(botOf("zuerich"), "marta", "/start")
		time.Sleep(19 * time.Second)
		if sent := c.fake.Sent(); len(sent) != 0 {
			t.Errorf("within the pause it sent %v", sent)
		}
		time.Sleep(2 * time.Second)
		if sent := c.fake.Sent(); len(sent) != 1 {
			t.Errorf("after the pause it sent %v", sent)
		}
		cancel()
		<-ended
	})
}

func TestAnswersInAGroupCountAmongItsMessagesAlsoOverARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd(t, 0, 10*time.Millisecond)
		c.fake.Limits = nil
		group := c.fake.AddChat(botOf("zuerich"), supergroup, "Linie 4")
		receive(t, c.w, "zuerich")
		confirmAll(t, c.w, "zuerich")
		c.fake.Limits = telegramtest.RealLimits()
		ask := func() {
			c.fake.SayIn(group, "marta", map[string]any{"text": "/help@" + botOf("zuerich")})
			receive(t, c.w, "zuerich")
		}
		for i := range 19 {
			switch i {
			case 5:
				c.w.Restart(t)
				ask()
			case 7:
				ask()
				c.w.Restart(t)
			}
			send(t, c.w, c.a, elsewhere(c.w, fmt.Sprint(i), fmt.Sprint("kontrolle ", i)))
		}
		if each := c.each(); each[group] != 21 || c.fake.Limits.Over != 0 {
			t.Errorf("%d messages to the group, %d requests over the limits", each[group], c.fake.Limits.Over)
		}
	})
}

func TestTheFirstReportLongAfterAStartLeavesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd(t, 1, 10*time.Millisecond)
		time.Sleep(time.Hour)
		began := time.Now()
		send(t, c.w, c.a, elsewhere(c.w, "1", "kontrolle u8"))
		if waited := c.fake.Sent()[0].At.Sub(began); waited > 10*time.Millisecond {
			t.Errorf("it waited for %v", waited)
		}
	})
}

func TestWhoAsksForHelpAllTheTimeInAGroupDoesNotUseUpItsMessages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd(t, 0, 10*time.Millisecond)
		c.fake.Limits = nil
		group := c.fake.AddChat(botOf("zuerich"), supergroup, "Linie 4")
		receive(t, c.w, "zuerich")
		confirmAll(t, c.w, "zuerich")
		c.fake.Limits = telegramtest.RealLimits()
		for range 20 {
			c.fake.SayIn(group, "marta", map[string]any{"text": "/help@" + botOf("zuerich")})
			receive(t, c.w, "zuerich")
		}
		began := time.Now()
		for i := range 10 {
			send(t, c.w, c.a, elsewhere(c.w, fmt.Sprint(i), fmt.Sprint("kontrolle ", i)))
		}
		if took := time.Since(began); took > 15*time.Second {
			t.Errorf("ten reports to the group took %v", took)
		}
		if answers := c.each()[group] - 10; answers < 1 || answers > realLimits().group/2 {
			t.Errorf("%d answers", answers)
		}
	})
}
