package testkit

import (
	"context"
	"sync"
	"testing"
)

// Background runs f until the test ends or stop is called; stop waits until f has returned.
func Background(t testing.TB, f func(ctx context.Context)) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { f(ctx) })
	stop = func() { cancel(); running.Wait() }
	t.Cleanup(stop)
	return stop
}
