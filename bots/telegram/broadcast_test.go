package telegram

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"gorm.io/gorm"

	"linienfunk/bots"
	"linienfunk/bots/bottest"
	"linienfunk/bots/chat"
	"linienfunk/bots/telegram/telegramtest"
	"linienfunk/internal/outgoing"
)

const largeCitySize = 5000

// largeCity is a city with many subscribers in a synctest bubble, so that the load of the machine does not matter. Telegram responds with
// a latency and enforces its rate limits.
type largeCity struct {
	*testing.T
	w    *bottest.World
	fake *telegramtest.Server
	a    bots.Account
}

// inBubble runs a test in a synctest bubble, with a city of that many subscribers.
func inBubble(t *testing.T, people int, latency time.Duration, test func(t *testing.T, c largeCity)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { test(t, newLargeCity(t, people, latency)) })
}

func newLargeCity(t *testing.T, people int, latency time.Duration) largeCity {
	t.Helper()
	w := bottest.NewWorld(t, "telegram", Plugin())
	fake, client := telegramtest.NewOnPipes(t)
	fake.Latency = latency
	client.Transport = outgoing.WithUserAgent("linienfunk/test", client.Transport)
	w.Core.HTTP = client
	use(t, w, fake)
	c := largeCity{t, w, fake, connect(t, w, fake, "zuerich")}
	must(t, theBot(w).store.db.Transaction(func(tx *gorm.DB) error {
		one := theBot(w).store
		one.db = tx
		for i := range people {
			id := fake.Person(fmt.Sprint(i))
			fake.Introduce(botOf("zuerich"), id)
			must(t, one.subscribe(t.Context(), "zuerich", id, chat.Interest{}))
		}
		return nil
	}))
	fake.Limits = telegramtest.RealLimits()
	return c
}

// addGroup adds a supergroup. The messages for this are not limited.
func (c largeCity) addGroup(title string) int64 {
	c.Helper()
	c.fake.Limits = nil
	defer func() { c.fake.Limits = telegramtest.RealLimits() }()
	return addGroup(c, c.w, c.fake, supergroup, title)
}

// drain lets Recv send what waits, for a time.
func (c largeCity) drain(d time.Duration) {
	c.Helper()
	stop := startRecv(c, c.w, c.a, nil)
	time.Sleep(d)
	stop()
}

// wantInOrder fails the test unless a chat got the reports that send(i) sent in order.
func (c largeCity) wantInOrder(chat int64) {
	c.Helper()
	last := -1
	for _, sent := range c.fake.Sent() {
		var n int
		if _, err := fmt.Sscanf(sent.Text, "kontrolle %d", &n); err != nil || sent.Chat != chat {
			continue
		}
		if n <= last {
			c.Errorf("report %d came after report %d", n, last)
		}
		last = n
	}
}

// messagesPerChat counts the messages to each chat.
func (c largeCity) messagesPerChat() map[int64]int {
	count := map[int64]int{}
	for _, sent := range c.fake.Sent() {
		count[sent.Chat]++
	}
	return count
}

// wantAllServed fails the test if a subscriber got no message or more than two, and returns how many got two.
func (c largeCity) wantAllServed(people int) (twice int) {
	c.Helper()
	each := c.messagesPerChat()
	if len(each) != people {
		c.Errorf("%d of %d subscribers got it", len(each), people)
	}
	for _, n := range each {
		if n > 2 {
			c.Errorf("a subscriber got it %d times", n)
		}
		if n > 1 {
			twice++
		}
	}
	return twice
}

func TestFiveThousandSubscribersAreServedAtNearlyTheAllowedRateAndNeverAboveIt(t *testing.T) {
	t.Parallel()
	for people, latency := range map[int]time.Duration{largeCitySize: 10 * time.Millisecond, largeCitySize / 5: 150 * time.Millisecond} {
		inBubble(t, people, latency, func(t *testing.T, c largeCity) {
			c.fake.Jitter = latency / 10
			if served := send(t, c.w, c.a, other(c.w, "1", "kontrolle u8")); served != people {
				t.Errorf("%d served", served)
			}
			if twice := c.wantAllServed(people); twice != 0 {
				t.Errorf("%d subscribers got it twice", twice)
			}
			sent := c.fake.Sent()
			allowed := float64(c.fake.Limits.PerSecond)
			rate := float64(len(sent)-1) / sent[len(sent)-1].At.Sub(sent[0].At).Seconds()
			t.Logf("%d people, latency %v: %.2f messages a second, %.1f %% of the allowed rate; %d requests over it",
				people, latency, rate, 100*rate/allowed, c.fake.Limits.Exceeded)
			if rate < 0.95*allowed {
				t.Errorf("%.2f messages a second, %v are allowed", rate, allowed)
			}
			if c.fake.Limits.Exceeded != 0 {
				t.Errorf("%d requests were over the limits", c.fake.Limits.Exceeded)
			}
		})
	}
}

func TestAPauseThatTelegramAsksForAppliesToTheWholeBotEvenAfterARestart(t *testing.T) {
	t.Parallel()
	inBubble(t, 50, 10*time.Millisecond, func(t *testing.T, c largeCity) {
		r := other(c.w, "1", "kontrolle u8")
		c.fake.OnSent(func(n int) {
			if n == 20 {
				c.fake.Fail(bottest.TooMany)
			}
		})
		at, served, err := theBot(c.w).SendPage(t.Context(), c.a, r, "")
		if e := bots.AsError(err); e.Kind != bots.KindRetryAfter || e.After != 7*time.Second || served != 20 {
			t.Fatalf("%d served, %v", served, err)
		}
		began := len(c.fake.Calls())
		c.fake.Heal()
		c.w.Restart(t)
		_, _, err = theBot(c.w).SendPage(t.Context(), c.a, r, at)
		if e := bots.AsError(err); e.Kind != bots.KindRetryAfter || len(c.fake.Calls()) != began {
			t.Fatalf("within the pause it called Telegram: %v", err)
		}
		time.Sleep(7 * time.Second)
		if _, served, err = theBot(c.w).SendPage(t.Context(), c.a, r, at); err != nil || served != 30 {
			t.Fatalf("%d served, %v", served, err)
		}
		if twice := c.wantAllServed(50); twice != 0 {
			t.Errorf("%d got it twice", twice)
		}
	})
}

func TestAGroupGetsAtMostTwentyMessagesAMinuteAndPeopleDoNotWaitForIt(t *testing.T) {
	t.Parallel()
	inBubble(t, 1, 10*time.Millisecond, func(t *testing.T, c largeCity) {
		group := c.addGroup("Linie 4")
		for i := range 45 {
			if i == 15 || i == 30 {
				c.w.Restart(t)
			}
			r := other(c.w, fmt.Sprint(i), fmt.Sprintf("kontrolle %d", i))
			began := time.Now()
			send(t, c.w, c.a, r)
			if took := time.Since(began); took > 3*time.Second {
				t.Errorf("report %d held up the next for %v", i, took)
			}
		}
		c.drain(3 * time.Minute)
		c.wantInOrder(group)
		if each := c.messagesPerChat(); each[group] != 45 || c.fake.Limits.Exceeded != 0 {
			t.Errorf("%d messages to the group, %d requests over the limits", each[group], c.fake.Limits.Exceeded)
		}
	})
}

func TestABroadcastWhoseContextEndsWaitsForMessagesInFlight(t *testing.T) {
	t.Parallel()
	inBubble(t, 100, 200*time.Millisecond, func(t *testing.T, c largeCity) {
		r := other(c.w, "1", "kontrolle u8")
		ctx, cancel := context.WithCancel(t.Context())
		c.fake.OnSent(func(n int) {
			if n == 40 {
				cancel()
			}
		})
		at, served, err := theBot(c.w).SendPage(ctx, c.a, r, "")
		if err == nil || served != 40 {
			t.Fatalf("%d served, %v", served, err)
		}
		c.w.Restart(t)
		sendFrom(t, c.w, c.a, r, at)
		if twice := c.wantAllServed(100); twice != 0 {
			t.Errorf("%d got it twice", twice)
		}
	})
}
