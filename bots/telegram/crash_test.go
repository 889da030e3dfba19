package telegram

import (
	"context"
	"testing"
	"time"

	"linienfunk/report"
)

// The program is killed at the worst moment: Telegram has accepted a message, but not responded yet. A killed program stores nothing
// more, so the result of SendPage is discarded, and the next call gets the cursor that the core stored last. If responses take longer
// than the interval between two messages, several messages are in flight.
func TestABroadcastThatIsKilledReachesEverySubscriberAndAtMostOneTwice(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		people, kill, twice int
		latency             time.Duration
	}{
		{largeCitySize, 2718, 1, 10 * time.Millisecond},
		{600, 1, 1, 10 * time.Millisecond},
		{600, 500, 1, 10 * time.Millisecond}, // the last one of a page
		{600, 501, 1, 10 * time.Millisecond},
		{600, 600, 1, 30 * time.Millisecond},
		{600, 300, 5, 150 * time.Millisecond},
	} {
		inBubble(t, test.people, test.latency, func(t *testing.T, c largeCity) {
			r := other(c.w, "1", "kontrolle u8")
			at := c.broadcastUntilKilled(r, test.kill)
			c.w.Restart(t)
			sendFrom(t, c.w, c.a, r, at)
			twice := c.wantAllServed(test.people)
			t.Logf("killed at message %d of %d, latency %v: %d got it twice, %d requests over the limits",
				test.kill, test.people, test.latency, twice, c.fake.Limits.Exceeded)
			if twice > test.twice {
				t.Errorf("%d subscribers got it twice", twice)
			}
			if c.fake.Limits.Exceeded != 0 {
				t.Errorf("%d requests were over the limits", c.fake.Limits.Exceeded)
			}
		})
	}
}

// broadcastUntilKilled broadcasts until Telegram has accepted message number kill, and returns the cursor that was stored then.
func (c largeCity) broadcastUntilKilled(r report.Report, kill int) (stored string) {
	c.Helper()
	ctx, cancel := context.WithCancel(c.Context())
	theBot(c.w).limits.drain = 0
	c.fake.OnSent(func(n int) {
		if n == kill {
			cancel()
			c.fake.Drop()
		}
	})
	defer c.fake.OnSent(nil)
	for {
		next, _, err := theBot(c.w).SendPage(ctx, c.a, r, stored)
		if err != nil {
			return stored
		}
		if next == "" {
			c.Fatal("the broadcast ended before the kill")
		}
		stored = next
	}
}

func TestABroadcastThatIsKilledWhileResponsesStallReachesAtMostOneSubscriberTwice(t *testing.T) {
	t.Parallel()
	const people = 400
	inBubble(t, people, 10*time.Millisecond, func(t *testing.T, c largeCity) {
		r := other(c.w, "1", "kontrolle u8")
		ctx, kill := context.WithCancel(t.Context())
		theBot(c.w).limits.drain = 0
		dropped := make(chan struct{})
		c.fake.OnSent(func(n int) {
			if n == 300 {
				time.AfterFunc(2*time.Second, func() { kill(); c.fake.Drop(); close(dropped) })
			}
			if n >= 300 {
				<-dropped
			}
		})
		if _, _, err := theBot(c.w).SendPage(ctx, c.a, r, ""); err == nil {
			t.Fatal("the broadcast ended before the kill")
		}
		c.fake.OnSent(nil)
		c.w.Restart(t)
		send(t, c.w, c.a, r)
		if twice := c.wantAllServed(people); twice > 1 {
			t.Errorf("%d subscribers got it twice", twice)
		}
	})
}
