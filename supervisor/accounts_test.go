package supervisor_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"linienfunk/bots"
	"linienfunk/db"
	"linienfunk/internal/testkit"
	"linienfunk/supervisor"
)

// gated lists its accounts when open is closed.
type gated struct {
	*network
	open chan struct{}
}

func (g *gated) Accounts(ctx context.Context) ([]bots.Account, error) {
	select {
	case <-g.open:
		return g.network.Accounts(ctx)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func TestAnAccountThatIsConnectedStartsAtOnceAndOneThatIsRemovedStops(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	events := make(chan string, 10)
	w.net.recv = func(ctx context.Context, a bots.Account, _ bots.Out) error {
		events <- "start " + a.City + " " + a.Revision
		<-ctx.Done()
		events <- "stop " + a.City + " " + a.Revision
		return ctx.Err()
	}
	w.start()
	for _, step := range []struct {
		do   func()
		want []string
	}{
		{func() { w.net.set("zuerich", "1") }, []string{"start zuerich 1"}},
		{func() { w.net.set("ghent", "1") }, []string{"start ghent 1"}},
		{func() { w.net.set("zuerich", "2") }, []string{"stop zuerich 1", "start zuerich 2"}},
		{func() { w.net.remove("zuerich") }, []string{"stop zuerich 2"}},
	} {
		step.do()
		w.changed("zuerich")
		for _, want := range step.want {
			if got := testkit.Next(t, events); got != want {
				t.Fatalf("got %q, want %q", got, want)
			}
		}
	}
}

func TestABotThatCannotListItsAccountsDelaysNoOtherBotAndLosesNoReport(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "zuerich")
	sent := w.net.collectSent()
	late := &network{accounts: map[string]string{"zuerich": "1"}, recv: idle, pruned: make(chan time.Time, 100)}
	lateSent := late.collectSent()
	gate := &gated{network: late, open: make(chan struct{})}
	directory := supervisor.NewDirectory([]supervisor.Member{{Name: "net", Bot: w.net}, {Name: "late", Bot: gate}})
	if got := directory.Bots("zuerich"); len(got) != 2 {
		t.Errorf("before they answer, an order is made for %v", got)
	}
	w.startWith(directory)
	w.relay("zuerich", "kontrolle u8")
	w.relayTo("late", "zuerich", "kontrolle u9", time.Hour)
	close(gate.open)
	testkit.Next(t, sent)
	w.want(lateSent, "zuerich: kontrolle u9")
}

func TestTheDirectoryIsCompleteOnceEveryBotHasListedItsAccounts(t *testing.T) {
	t.Parallel()
	one, two := &network{accounts: map[string]string{"zuerich": "1"}}, &network{accounts: map[string]string{}}
	directory := supervisor.NewDirectory([]supervisor.Member{{Name: "one", Bot: one}, {Name: "two", Bot: two}})
	complete := make(chan struct{})
	go func() {
		directory.WaitListed(t.Context())
		close(complete)
	}()
	for range 2 {
		if err := directory.Refresh(t.Context(), "one"); err != nil {
			t.Fatal(err)
		}
	}
	select {
	case <-complete:
		t.Error("two is missing")
	default:
	}
	if err := directory.Refresh(t.Context(), "two"); err != nil {
		t.Fatal(err)
	}
	testkit.Next(t, complete)
	if got := directory.Bots("zuerich"); len(got) != 1 || got[0] != "one" {
		t.Errorf("a report is recorded for %v", got)
	}
}

func TestARevokedAccountStopsNotifiesTheAdminsAndStaysStoppedAfterARestart(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "zuerich")
	calls := w.net.failSends(bots.Revoked("log in again", errors.New("401")))
	w.start()
	entry := w.relay("zuerich", "kontrolle u8")
	w.want(w.revoked, "zuerich log in again")
	w.waitForStatus(entry, db.Failed)
	if w.state("zuerich") != supervisor.Revoked {
		t.Errorf("the account is %s", w.state("zuerich"))
	}
	w.waitForStatus(w.relay("zuerich", "kontrolle u9"), db.Failed)
	w.stop()
	w.start()
	w.waitForStatus(w.relay("zuerich", "kontrolle u10"), db.Failed)
	if n := calls.Load(); n != 1 {
		t.Errorf("the network was called %d times", n)
	}
	sent := w.net.collectSent()
	w.net.set("zuerich", "2")
	w.changed("zuerich")
	testkit.Eventually(t, "the account runs with new credentials", func() bool { return w.state("zuerich") == supervisor.Running })
	w.sends(sent, "zuerich", "kontrolle u11")
}

func TestAnAccountThatMayNoLongerReceiveKeepsSending(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "zuerich")
	sent := w.net.collectSent()
	var calls atomic.Int32
	w.net.recv = func(context.Context, bots.Account, bots.Out) error {
		calls.Add(1)
		return bots.RevokedRecv("wrong password", errors.New("no"))
	}
	w.start()
	w.want(w.revoked, "zuerich wrong password")
	w.sends(sent, "zuerich", "kontrolle u8")
	if w.state("zuerich") != supervisor.Revoked || calls.Load() != 1 {
		t.Errorf("the account is %s after %d calls", w.state("zuerich"), calls.Load())
	}
	w.net.set("zuerich", "2")
	w.changed("zuerich")
	w.want(w.revoked, "zuerich wrong password")
	w.sends(sent, "zuerich", "kontrolle u9")
}

func TestARevocationEndsWithItsAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "zuerich")
	w.net.failSends(bots.Revoked("log in again", errors.New("401")))
	w.start()
	w.waitForStatus(w.relay("zuerich", "kontrolle u8"), db.Failed)
	testkit.Next(t, w.revoked)
	w.net.remove("zuerich")
	w.changed("zuerich")
	testkit.Eventually(t, "the account is gone", func() bool { return w.state("zuerich") == "" })
	w.net.set("zuerich", "1") // connected again with the same credentials
	w.changed("zuerich")
	testkit.Eventually(t, "the account runs", func() bool { return w.state("zuerich") == supervisor.Running })
	w.stop()
	w.start()
	testkit.Eventually(t, "the account runs after a restart", func() bool { return w.state("zuerich") == supervisor.Running })
}

func TestNothingIsReceivedForAnAccountThatOnlySends(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "zuerich")
	w.net.sendOnly = true
	w.net.recv = func(context.Context, bots.Account, bots.Out) error {
		t.Error("Recv was called")
		return nil
	}
	sent := w.net.collectSent()
	w.start()
	w.sends(sent, "zuerich", "kontrolle u8")
	if got := w.state("zuerich"); got != supervisor.Running {
		t.Errorf("the account is %s", got)
	}
}

func TestAPausedAccountIsReadAndSendsWhenThePauseEnds(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "zuerich")
	w.net.paused = true
	events, sent := make(chan string, 10), w.net.collectSent()
	w.net.recv = func(ctx context.Context, a bots.Account, _ bots.Out) error {
		events <- fmt.Sprintf("paused %t", a.Paused)
		<-ctx.Done()
		return ctx.Err()
	}
	w.start()
	w.want(events, "paused true")
	w.relay("zuerich", "kontrolle u8")
	w.waitForQueue("zuerich", 1)
	w.net.change(func() { w.net.paused = false })
	w.changed("zuerich")
	w.want(events, "paused false")
	w.want(sent, "zuerich: kontrolle u8")
}

func TestNothingIsSentThroughAnAccountWithoutReaders(t *testing.T) {
	t.Parallel()
	net := &network{accounts: map[string]string{"zuerich": "1"}, noReaders: true}
	directory := supervisor.NewDirectory([]supervisor.Member{{Name: "net", Bot: net}})
	for _, want := range []int{0, 1} {
		if err := directory.Refresh(t.Context(), "net"); err != nil {
			t.Fatal(err)
		}
		if got := directory.Bots("zuerich"); len(got) != want {
			t.Errorf("reports go to %v", got)
		}
		net.change(func() { net.noReaders = false })
	}
}

func TestACityThatRunsAgainIsResumingUntilEveryBotHasListedItsAccountsSince(t *testing.T) {
	t.Parallel()
	one, two := &network{accounts: map[string]string{}}, &network{accounts: map[string]string{}}
	directory := supervisor.NewDirectory([]supervisor.Member{{Name: "one", Bot: one}, {Name: "two", Bot: two}})
	refresh := func(name string) {
		t.Helper()
		if err := directory.Refresh(t.Context(), name); err != nil {
			t.Fatal(err)
		}
	}
	wants := func(want bool) {
		t.Helper()
		if got := directory.Resuming("zuerich"); got != want {
			t.Errorf("resuming: %t", got)
		}
	}
	refresh("one")
	refresh("two")
	directory.Runs("zuerich", true) // some setting has changed
	wants(false)
	directory.Runs("zuerich", false)
	wants(false)

	directory.Runs("zuerich", false)
	directory.Runs("zuerich", true)
	directory.Runs("zuerich", true)
	wants(true)
	refresh("one")
	wants(true)
	refresh("two") // has still no account: the list is the same
	wants(false)
}
