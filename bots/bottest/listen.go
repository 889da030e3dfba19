package bottest

import (
	"context"
	"sync"
	"testing"

	"linienfunk/bots"
	"linienfunk/bots/kit"
	"linienfunk/internal/testkit"
)

// Listen starts a Listener and returns once its intake is open. The Listener runs until the test ends or stop is called; stop waits for it.
func Listen(t testing.TB, l bots.Listener, intake *kit.Intake, out bots.CityOut) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- l.Listen(ctx, out) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Listen returned %v", err)
		}
	})
	t.Cleanup(stop)
	testkit.Eventually(t, "the intake is open", func() bool {
		lease := intake.Acquire()
		if lease != nil {
			lease.Release()
		}
		return lease != nil
	})
	return stop
}
