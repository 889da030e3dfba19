package supervisor_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"linienfunk/bots"
	"linienfunk/db"
	"linienfunk/internal/testkit"
	"linienfunk/report"
	"linienfunk/supervisor"
)

func TestABotThatHangsDelaysNoOtherBot(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "zuerich", "ghent")
	w.hangs()
	sent, hanging := make(chan string, 10), make(chan struct{}, 10)
	forever := make(chan struct{})
	t.Cleanup(func() { close(forever) })
	w.net.send = func(ctx context.Context, a bots.Account, r report.Report) (report.Receipt, error) {
		if a.City == "zuerich" {
			hanging <- struct{}{}
			<-forever // ignores even the end of its context
		}
		return sentTo(sent)(ctx, a, r)
	}
	w.start()
	w.relay("zuerich", "kontrolle u8")
	testkit.Next(t, hanging)
	for i := range 3 {
		w.relay("ghent", fmt.Sprint(i))
		if got := testkit.Next(t, sent); got != fmt.Sprintf("ghent: %d", i) {
			t.Errorf("sent %q", got)
		}
	}
	testkit.Eventually(t, "the status tells that zuerich is stuck", func() bool { return w.state("zuerich") == supervisor.Stuck })
	testkit.Next(t, hanging) // it was tried again
	if w.state("ghent") != supervisor.Running {
		t.Errorf("ghent is %s", w.state("ghent"))
	}
}

func TestACallThatReturnsLateCountsAndIsNotRepeated(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "zuerich")
	w.hangs()
	var calls atomic.Int32
	w.net.send = func(ctx context.Context, _ bots.Account, _ report.Report) (report.Receipt, error) {
		calls.Add(1)
		<-ctx.Done()
		<-time.After(200 * time.Millisecond) // longer than grace, shorter than the pause after it
		return report.Receipt{ID: "late"}, nil
	}
	w.start()
	if d := w.ends(w.relay("zuerich", "kontrolle u8"), db.Sent); d.RemoteID != "late" || calls.Load() != 1 {
		t.Errorf("%d calls, ledger: %+v", calls.Load(), d)
	}
}

func TestReportsThatWaitBehindAHangingCallExpireToo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "zuerich")
	w.hangs()
	hanging, forever := make(chan struct{}, 100), make(chan struct{})
	t.Cleanup(func() { close(forever) })
	w.net.send = func(context.Context, bots.Account, report.Report) (report.Receipt, error) {
		hanging <- struct{}{}
		<-forever
		return report.Receipt{}, nil
	}
	w.start()
	w.relay("zuerich", "kontrolle u8")
	testkit.Next(t, hanging)
	waiting := w.relayTo("net", "zuerich", "kontrolle u9", time.Millisecond)
	w.ends(waiting, db.Expired)
}

func TestAPanicInReceivingRestartsThisAccountOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "zuerich", "ghent")
	var starts [2]atomic.Int32
	started := make(chan string, 10)
	w.net.recv = func(ctx context.Context, a bots.Account, out bots.Out) error {
		if a.City == "ghent" {
			starts[1].Add(1)
			return idle(ctx, a, out)
		}
		started <- a.City
		if starts[0].Add(1) < 3 {
			panic("a nil map, for example")
		}
		return idle(ctx, a, out)
	}
	w.start()
	for range 3 {
		testkit.Next(t, started)
	}
	testkit.Eventually(t, "zuerich runs after two restarts", func() bool {
		s := w.sup.Status("zuerich")[0]
		return s.State == supervisor.Running && s.Restarts == 2
	})
	if n := starts[1].Load(); n != 1 {
		t.Errorf("ghent was started %d times", n)
	}
}

func TestAReportWhoseSendingPanicsIsRetried(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "zuerich")
	sent := w.net.failsOnce(func() error { panic("index out of range") })
	w.start()
	entry := w.relay("zuerich", "kontrolle u8")
	testkit.Next(t, sent)
	if d := w.ends(entry, db.Sent); d.Attempts != 2 {
		t.Errorf("ledger: %+v", d)
	}
}
