package bottest

import (
	"context"
	"fmt"
	"testing"

	"linienfunk/bots"
	"linienfunk/internal/testkit"
	"linienfunk/report"
)

// inbox is a running receiver.
type inbox struct {
	got    chan report.Report
	cancel context.CancelFunc
	ended  chan error
	// refuse has the errors that the next calls of out return.
	refuse   chan error
	instance *instance
}

// receive starts the bot's Recv or Listen as the supervisor would, and starts it again when it fails.
func (w *World) receive(t testing.TB, a bots.Account) *inbox {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	in := &inbox{got: make(chan report.Report, 1000), cancel: cancel, ended: make(chan error, 1), refuse: make(chan error, 10), instance: w.instance}
	t.Cleanup(func() { in.stop(t) })
	go func() {
		for {
			err := w.recvOnce(ctx, a, in)
			if ctx.Err() != nil || in.instance.wasKilled() || bots.AsError(err).Kind == bots.KindRevoked {
				in.ended <- err
				return
			}
			t.Logf("receiving failed: %v", err)
		}
	}()
	return in
}

// recvOnce runs the bot's Recv, Listen, or both, until one of them returns.
func (w *World) recvOnce(ctx context.Context, a bots.Account, in *inbox) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error, 2)
	running := 0
	if bot, ok := w.Bot.(bots.Receiver); ok {
		running++
		go func() { ended <- bot.Recv(ctx, a, in.out) }()
	}
	if bot, ok := w.Bot.(bots.Listener); ok {
		running++
		go func() {
			ended <- bot.Listen(ctx, func(ctx context.Context, city string, r report.Report) error {
				if city != a.City {
					return fmt.Errorf("report for %s, not for %s", city, a.City)
				}
				return in.out(ctx, r)
			})
		}()
	}
	if running == 0 {
		panic("the bot's features say that it receives, but it is neither a Receiver nor a Listener")
	}
	err := <-ended
	cancel()
	for range running - 1 {
		<-ended
	}
	return err
}

func (in *inbox) out(_ context.Context, r report.Report) error {
	select {
	case err := <-in.refuse:
		return err
	default:
	}
	if err := in.instance.step(); err != nil {
		return err
	}
	in.got <- r
	return in.instance.step()
}

func (in *inbox) next(t testing.TB) report.Report {
	t.Helper()
	return testkit.Next(t, in.got)
}

func (in *inbox) stop(t testing.TB) error {
	t.Helper()
	in.cancel()
	return testkit.Peek(t, in.ended)
}

// post sends the rider's message until the network accepts it: the bot's server may still be starting.
func post(t testing.TB, w *World, n Network, p Post) {
	t.Helper()
	testkit.Eventually(t, "the network accepts the report", func() bool { return n.Post(t, w, "zuerich", p) == nil })
}
