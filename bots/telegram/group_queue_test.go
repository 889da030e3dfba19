package telegram

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"linienfunk/bots"
	"linienfunk/bots/telegram/telegramtest"
	"linienfunk/report"
)

func TestSlowModeOfAGroupHoldsThatGroupOnlyEvenAfterARestart(t *testing.T) {
	t.Parallel()
	for _, restart := range []bool{false, true} {
		inBubble(t, 3, 10*time.Millisecond, func(t *testing.T, c largeCity) {
			slow, other := c.addGroup("langsam"), c.addGroup("Linie 4")
			c.fake.Hold(slow, 600)
			began := time.Now()
			for i := range 10 {
				if restart {
					c.w.Restart(t)
				}
				if served := c.send(i); served != 4 {
					t.Errorf("report %d: %d served", i, served)
				}
			}
			if took := time.Since(began); took > time.Minute {
				t.Errorf("ten reports took %v", took)
			}
			asked := c.sendCalls()
			if asked != 10*4+1 {
				t.Errorf("%d messages, one to the slow group expected", asked)
			}
			page := c.w.Settings(t, "zuerich", "en")
			city, _, err := c.w.Core.Cities.City(t.Context(), "zuerich")
			must(t, err)
			if until := city.In(began.Add(10 * time.Minute)).Format("15:04"); !strings.Contains(page, "accepts no message there until "+until) {
				t.Errorf("the page does not show the pause until %s:\n%s", until, page)
			}
			c.drain(time.Minute)
			if c.sendCalls() != asked {
				t.Error("the group was asked again within the pause")
			}
			c.fake.Hold(slow, 0)
			c.drain(15 * time.Minute)
			if each := c.messagesPerChat(); each[slow] != 10 || each[other] != 10 {
				t.Errorf("%d reports to the slow group, %d to the other", each[slow], each[other])
			}
			c.wantInOrder(slow)
			if strings.Contains(c.w.Settings(t, "zuerich", "en"), "accepts no message") {
				t.Error("the page still shows a pause")
			}
		})
	}
}

// sendCalls counts the calls of sendMessage.
func (c largeCity) sendCalls() int {
	return strings.Count(strings.Join(c.fake.Calls(), " "), "sendMessage")
}

func TestA429HoldsTheBotIfItIsAboutTheBot(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name             string
		people, one, two int // seconds of the 429 in private chats, in one group and in another
		pause            time.Duration
	}{
		{name: "in a private chat", people: 3600, pause: time.Hour},
		{name: "in a private chat, for a moment", people: 2, pause: 2 * time.Second},
		{name: "in a group, for long", one: 3600},
		{name: "in a group, for a moment", one: 3, pause: 3 * time.Second},
		{name: "in two groups, one after the other", one: 3600, two: 3600, pause: time.Minute},
		{name: "in two groups, for less than a minute", one: 40, two: 30, pause: 30 * time.Second},
	} {
		inBubble(t, 1, 10*time.Millisecond, func(t *testing.T, c largeCity) {
			one, two := c.addGroup("eins"), c.addGroup("zwei")
			c.fake.Hold(c.fake.Person("0"), test.people)
			c.fake.Hold(one, test.one)
			c.fake.Hold(two, test.two)
			var err error
			for at := ""; err == nil; {
				if at, _, err = theBot(c.w).SendPage(t.Context(), c.a, other(c.w, "1", "kontrolle u8"), at); at == "" {
					break
				}
			}
			if test.pause == 0 && err != nil || test.pause > 0 && bots.AsError(err).After != test.pause {
				t.Errorf("%s: %v, a pause of %v", test.name, err, bots.AsError(err).After)
			}
			c.w.Restart(t)
			_, _, err = theBot(c.w).SendPage(t.Context(), c.a, other(c.w, "2", "kontrolle u9"), "")
			if held := bots.AsError(err).Kind == bots.KindRetryAfter; held != (test.pause > 0) {
				t.Errorf("%s: after a restart %v", test.name, err)
			}
		})
	}
}

func TestTwoGroupsInSlowModeDoNotHoldTheBotForLong(t *testing.T) {
	t.Parallel()
	inBubble(t, 3, 10*time.Millisecond, func(t *testing.T, c largeCity) {
		for _, title := range []string{"eins", "zwei"} {
			c.fake.Hold(c.addGroup(title), 3600)
		}
		served := 0
		for i := range 3 {
			for at, done := "", false; !done; {
				next, n, err := theBot(c.w).SendPage(t.Context(), c.a, other(c.w, fmt.Sprint(i), "kontrolle u8"), at)
				served += n
				if err != nil {
					time.Sleep(bots.AsError(err).After)
				}
				at, done = next, next == "" && err == nil
			}
		}
		if served != 9 || c.sendCalls() != 9+2 {
			t.Errorf("%d served with %d messages", served, c.sendCalls())
		}
	})
}

func TestAGroupThatIsRefusedForAMomentAgainAndAgainHoldsOnlyItself(t *testing.T) {
	t.Parallel()
	r := newRateLimiter(time.Now, realLimits())
	if d := r.tooMany("group", true, 3*time.Second); d != 3*time.Second {
		t.Errorf("first: %v", d)
	}
	if d := r.tooMany("group", true, 3*time.Second); d != 0 || r.groupDelay("group") == 0 {
		t.Errorf("again: %v", d)
	}
	r.accepted()
	if d := r.tooMany("other", true, time.Hour); d != 0 {
		t.Errorf("another, after a message that was accepted: %v", d)
	}
}

func TestARepeatedPageQueuesNothingTwice(t *testing.T) {
	t.Parallel()
	inBubble(t, 0, 10*time.Millisecond, func(t *testing.T, c largeCity) {
		slow := c.addGroup("langsam")
		c.fake.Hold(slow, 600)
		c.send(1)
		c.send(1)
		c.fake.Hold(slow, 0)
		c.drain(11 * time.Minute)
		c.send(1)
		c.drain(time.Minute)
		if n := c.messagesPerChat()[slow]; n != 1 {
			t.Errorf("%d messages", n)
		}
	})
}

func TestAReportWaitsForItsGroupWhileItIsFreshAndNotWithdrawn(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		then func(t *testing.T, c largeCity, chat int64)
		want int
	}{
		{"fresh", func(*testing.T, largeCity, int64) {}, 2},
		{"one of two withdrawn", func(t *testing.T, c largeCity, _ int64) {
			for range 2 {
				err := theBot(c.w).Retract(t.Context(), c.a, other(c.w, "1", "").Key(), report.Receipt{})
				if bots.AsError(err).Kind != bots.KindPermanent {
					t.Errorf("retracting: %v", err)
				}
			}
		}, 1},
		{"expired", func(*testing.T, largeCity, int64) { time.Sleep(31 * time.Minute) }, 0},
		{"after the city's retention", func(t *testing.T, c largeCity, _ int64) {
			must(t, theBot(c.w).Prune(t.Context(), "zuerich", time.Now().Add(time.Second)))
		}, 0},
		{"of a group that removed the bot", func(t *testing.T, c largeCity, chat int64) {
			c.fake.Kick(botOf("zuerich"), chat)
			receive(t, c.w, "zuerich")
		}, 0},
		{"of a group that lost the right to write", func(_ *testing.T, c largeCity, chat int64) { c.fake.Mute(chat, true) }, 0},
	} {
		inBubble(t, 0, 10*time.Millisecond, func(t *testing.T, c largeCity) {
			chat := c.addGroup("langsam")
			c.fake.Hold(chat, 60)
			c.send(1)
			c.send(2)
			c.fake.Hold(chat, 0)
			test.then(t, c, chat)
			c.drain(2 * time.Minute)
			if n := c.messagesPerChat()[chat]; n != test.want {
				t.Errorf("%s: %d messages", test.name, n)
			}
			heads, err := theBot(c.w).store.queueHeads(t.Context(), "zuerich")
			if err != nil || len(heads) != 0 {
				t.Errorf("%s: %d wait, %v", test.name, len(heads), err)
			}
		})
	}
}

func TestAQueuedReportFollowsAGroupThatBecomesASupergroup(t *testing.T) {
	t.Parallel()
	inBubble(t, 0, 10*time.Millisecond, func(t *testing.T, c largeCity) {
		chat := c.addGroup("Linie 4")
		c.fake.Hold(chat, 60)
		c.send(1)
		c.fake.Hold(chat, 0)
		now := c.fake.UpgradeGroup(chat, true)
		c.drain(2 * time.Minute)
		if n := c.messagesPerChat()[now]; n != 1 {
			t.Errorf("%d messages", n)
		}
	})
}

func TestAQueuedReportThatFailsHoldsUpNoOtherGroup(t *testing.T) {
	t.Parallel()
	inBubble(t, 0, 10*time.Millisecond, func(t *testing.T, c largeCity) {
		broken, behind := c.addGroup("kaputt"), c.addGroup("dahinter")
		for _, chat := range []int64{broken, behind} {
			s := theBot(c.w).store
			must(t, s.holdGroup(t.Context(), "zuerich", s.chatHash("zuerich", chat), time.Now().Add(time.Minute)))
		}
		c.send(1)
		c.send(2)
		c.fake.Refuse(broken, 500, "Internal Server Error")
		c.drain(2 * time.Minute)
		if each := c.messagesPerChat(); each[behind] != 2 || each[broken] != 0 {
			t.Errorf("messages %v", each)
		}
		c.fake.Refuse(broken, 0, "")
		c.drain(time.Minute)
		if each := c.messagesPerChat(); each[behind] != 2 || each[broken] != 2 {
			t.Errorf("messages %v", each)
		}
	})
}

// Slow mode does not apply to a group's admins.
func TestAChangeOfTheBotsRightsEndsThePauseOfAGroup(t *testing.T) {
	t.Parallel()
	inBubble(t, 0, 10*time.Millisecond, func(t *testing.T, c largeCity) {
		chat := c.addGroup("langsam")
		c.fake.Hold(chat, 3600)
		c.send(1)
		c.fake.Hold(chat, 0)
		c.fake.Promote(botOf("zuerich"), chat)
		c.drain(10 * time.Second)
		if n := c.messagesPerChat()[chat]; n != 1 {
			t.Errorf("%d messages", n)
		}
	})
}

func TestRepliesToAHeldGroupHoldUpNobodyElse(t *testing.T) {
	t.Parallel()
	inBubble(t, 0, 10*time.Millisecond, func(t *testing.T, c largeCity) {
		chat := c.addGroup("langsam")
		c.fake.Hold(chat, 3600)
		for range 2 {
			c.askForHelp(chat)
			c.fake.Say(botOf("zuerich"), "marta", "/help")
			receive(t, c.w, "zuerich")
		}
		if c.sendCalls() != 3 || len(c.fake.Sent()) != 2 {
			t.Errorf("%d messages, %d accepted", c.sendCalls(), len(c.fake.Sent()))
		}
	})
}

func TestAFullGroupHoldsUpNoGroupBehindIt(t *testing.T) {
	t.Parallel()
	inBubble(t, 1, 10*time.Millisecond, func(t *testing.T, c largeCity) {
		full, behind := c.addGroup("voll"), c.addGroup("dahinter")
		c.fake.Limits = nil
		limiter := theBot(c.w).rateLimiter("zuerich")
		for range realLimits().groupMessages {
			must(t, limiter.wait(t.Context(), theBot(c.w).store.chatHash("zuerich", full), true))
			time.Sleep(limiter.limits.chatInterval)
		}
		c.fake.Limits = telegramtest.RealLimits()
		began := time.Now()
		if served := c.send(1); served != 2 || time.Since(began) > 3*time.Second {
			t.Errorf("%d served after %v", served, time.Since(began))
		}
		c.drain(2 * time.Minute)
		if each := c.messagesPerChat(); each[full] != 1 || each[behind] != 1 {
			t.Errorf("messages %v", each)
		}
	})
}
