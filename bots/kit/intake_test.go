package kit

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"linienfunk/report"
)

func TestALeaseLastsUntilItIsReleasedEvenAfterTheListenerStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var in Intake
		if in.Acquire() != nil {
			t.Error("Acquire returned a lease, but no listener serves the intake")
		}
		ctx, cancel := context.WithCancel(t.Context())
		stored, ended := 0, false
		go func() {
			if err := in.Serve(ctx, func(context.Context, string, report.Report) error { stored++; return nil }); err != nil {
				t.Error(err)
			}
			ended = true
		}()
		synctest.Wait()
		lease := in.Acquire()
		cancel()
		if in.Acquire() != nil {
			t.Error("Acquire returned a lease while the listener stops")
		}
		synctest.Wait()
		if ended || lease.Ctx.Err() == nil {
			t.Errorf("ended %v with an open lease; its context: %v", ended, lease.Ctx.Err())
		}
		if err := lease.Out(context.Background(), "zuerich", report.Report{}); err != nil || stored != 1 {
			t.Errorf("%d stored, %v", stored, err)
		}
		lease.Release()
		synctest.Wait()
		if !ended {
			t.Error("Serve does not return")
		}
	})
}

func TestOnlyOneListenerServesAnIntakeAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var in Intake
		for range 2 {
			ctx, cancel := context.WithCancel(t.Context())
			go in.Serve(ctx, nil)
			synctest.Wait()
			if err := in.Serve(t.Context(), nil); !errors.Is(err, errServing) {
				t.Errorf("the second one: %v", err)
			}
			cancel()
			synctest.Wait()
		}
	})
}

func TestNoHandlerHoldsALeaseWhenTheListenerHasEnded(t *testing.T) {
	var in Intake
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var leases, open atomic.Int32
	var handlers sync.WaitGroup
	for range 8 {
		handlers.Go(func() {
			for ctx.Err() == nil {
				lease := in.Acquire()
				if lease == nil {
					runtime.Gosched()
					continue
				}
				open.Add(1)
				if leases.Add(1) == 1000 {
					cancel()
				}
				open.Add(-1)
				lease.Release()
			}
		})
	}
	if err := in.Serve(ctx, nil); err != nil {
		t.Error(err)
	}
	if n := open.Load(); n != 0 {
		t.Errorf("%d handlers hold a lease", n)
	}
	handlers.Wait()
}
