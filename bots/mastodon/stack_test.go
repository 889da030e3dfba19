package mastodon

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestACallOnAnotherStackReturnsItsErrorAndPassesItsPanicOn(t *testing.T) {
	t.Parallel()
	d := newDeepStacks()
	wrong := errors.New("wrong")
	for range 3 { // on the same goroutine
		if err := d.run(func() error { return wrong }); err != wrong {
			t.Errorf("got %v", err)
		}
		func() {
			defer func() {
				if p := fmt.Sprint(recover()); !strings.HasPrefix(p, "broken\n") || !strings.Contains(p, "stack_test.go") {
					t.Errorf("got %s", p)
				}
			}()
			_ = d.run(func() error { panic("broken") })
		}()
	}
}

func TestCallsOnOtherStacksDoNotWaitForEachOtherAndLeaveNoGoroutine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // fails if a goroutine is left
		d := newDeepStacks()
		const calls = 3 * keptStacks
		for range 2 {
			var all, here sync.WaitGroup
			here.Add(calls)
			for range calls {
				all.Go(func() {
					_ = d.run(func() error { here.Done(); here.Wait(); return nil })
				})
			}
			all.Wait()
			synctest.Wait()
			if got := len(d.waiting); got != keptStacks {
				t.Errorf("%d goroutines wait, want %d", got, keptStacks)
			}
		}
		time.Sleep(2 * keptTime)
		if got := len(d.waiting); got != 0 {
			t.Errorf("%d goroutines still wait", got)
		}
	})
}
