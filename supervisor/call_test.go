package supervisor_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"linienfunk/db"
	"linienfunk/internal/testkit"
	"linienfunk/supervisor"
)

func TestABotThatHangsDelaysNoOtherBot(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "zuerich", "ghent")
	w.shortDeadlines()
	sent, hanging := make(chan string, 10), make(chan struct{}, 10)
	forever := make(chan struct{})
	t.Cleanup(func() { close(forever) })
	w.net.send = func(ctx context.Context, city, text string) error {
		if city == "zuerich" {
			hanging <- struct{}{}
			<-forever // ignores even the end of its context
		}
		return sentTo(sent)(ctx, city, text)
	}
	w.start()
	w.relay("zuerich", "kontrolle u8")
	testkit.Next(t, hanging)
	for i := range 3 {
		w.sends(sent, "ghent", fmt.Sprint(i))
	}
	testkit.Eventually(t, "the status of zuerich is stuck", func() bool { return w.state("zuerich") == supervisor.Stuck })
	testkit.Next(t, hanging) // the call is retried
	if w.state("ghent") != supervisor.Running {
		t.Errorf("ghent is %s", w.state("ghent"))
	}
}

func TestACallThatReturnsLateCountsAndIsNotRepeated(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "zuerich")
	w.shortDeadlines()
	var calls atomic.Int32
	w.net.send = func(ctx context.Context, _, _ string) error {
		calls.Add(1)
		<-ctx.Done()
		<-time.After(200 * time.Millisecond) // longer than grace, shorter than the pause after it
		return nil
	}
	w.start()
	if d := w.waitForStatus(w.relay("zuerich", "kontrolle u8"), db.Sent); d.RemoteID != "post-1" || calls.Load() != 1 {
		t.Errorf("%d calls, ledger: %+v", calls.Load(), d)
	}
}

func TestReportsThatWaitBehindAHangingCallExpireToo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "zuerich")
	w.shortDeadlines()
	hanging, forever := make(chan struct{}, 100), make(chan struct{})
	t.Cleanup(func() { close(forever) })
	w.net.send = func(context.Context, string, string) error {
		hanging <- struct{}{}
		<-forever
		return nil
	}
	w.start()
	w.relay("zuerich", "kontrolle u8")
	testkit.Next(t, hanging)
	waiting := w.relayTo("net", "zuerich", "kontrolle u9", time.Millisecond)
	w.waitForStatus(waiting, db.Expired)
}

func TestAReportWhoseSendingPanicsIsRetried(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "zuerich")
	sent := w.net.failFirstSend(func() error { panic("index out of range") })
	w.start()
	entry := w.relay("zuerich", "kontrolle u8")
	testkit.Next(t, sent)
	if d := w.waitForStatus(entry, db.Sent); d.Attempts != 2 {
		t.Errorf("ledger: %+v", d)
	}
}
