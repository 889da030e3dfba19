package bots

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

func TestALoanLastsUntilItIsReturnedAlthoughTheListenerHasToEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l Lender
		if l.Borrow() != nil {
			t.Error("something is lent before anybody lends")
		}
		ctx, cancel := context.WithCancel(t.Context())
		stored, ended := 0, false
		go func() {
			if err := l.Lend(ctx, func(context.Context, string, report.Report) error { stored++; return nil }); err != nil {
				t.Error(err)
			}
			ended = true
		}()
		synctest.Wait()
		loan := l.Borrow()
		cancel()
		if l.Borrow() != nil {
			t.Error("it lends although it has to end")
		}
		synctest.Wait()
		if ended || loan.Ctx.Err() == nil {
			t.Errorf("ended %v with a loan, which hears of it: %v", ended, loan.Ctx.Err())
		}
		if err := loan.Out(context.Background(), "zuerich", report.Report{}); err != nil || stored != 1 {
			t.Errorf("%d stored, %v", stored, err)
		}
		loan.Return()
		synctest.Wait()
		if !ended {
			t.Error("it does not end")
		}
	})
}

func TestOnlyOneListenerLendsAtATimeAndTheNextOneAfterIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l Lender
		for range 2 {
			ctx, cancel := context.WithCancel(t.Context())
			go l.Lend(ctx, nil)
			synctest.Wait()
			if err := l.Lend(t.Context(), nil); !errors.Is(err, errLending) {
				t.Errorf("the second one: %v", err)
			}
			cancel()
			synctest.Wait()
		}
	})
}

func TestNoHandlerHasALoanWhenTheListenerHasEnded(t *testing.T) {
	var l Lender
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var loans, open atomic.Int32
	var handlers sync.WaitGroup
	for range 8 {
		handlers.Go(func() {
			for ctx.Err() == nil {
				loan := l.Borrow()
				if loan == nil {
					runtime.Gosched()
					continue
				}
				open.Add(1)
				if loans.Add(1) == 1000 {
					cancel()
				}
				open.Add(-1)
				loan.Return()
			}
		})
	}
	if err := l.Lend(ctx, nil); err != nil {
		t.Error(err)
	}
	if n := open.Load(); n != 0 {
		t.Errorf("%d handlers have a loan", n)
	}
	handlers.Wait()
}
