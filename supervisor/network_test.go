package supervisor_test

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"linienfunk/bots"
	"linienfunk/report"
)

// sender answers Send.
type sender = func(ctx context.Context, city, text string) error

// network is a bot with functions of the test.
type network struct {
	mu       sync.Mutex
	accounts map[string]string // revisions by city
	recv     func(ctx context.Context, a bots.Account, out bots.Out) error
	send     sender
	pruned   chan time.Time

	sendOnly, noReaders, paused bool                 // of all accounts
	accessEnds                  map[string]time.Time // by city
}

func (n *network) Accounts(context.Context) ([]bots.Account, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	var list []bots.Account
	for city, revision := range n.accounts {
		list = append(list, bots.Account{City: city, Revision: revision, Label: "@" + city, SendOnly: n.sendOnly, NoReaders: n.noReaders, Paused: n.paused, AccessEnds: n.accessEnds[city]})
	}
	return list, nil
}

func (n *network) change(f func()) {
	n.mu.Lock()
	defer n.mu.Unlock()
	f()
}

func (n *network) set(city, revision string) { n.change(func() { n.accounts[city] = revision }) }
func (n *network) remove(city string)        { n.change(func() { delete(n.accounts, city) }) }

func (n *network) WebUI() http.Handler { return http.NotFoundHandler() }

func (n *network) Recv(ctx context.Context, a bots.Account, out bots.Out) error {
	return n.recv(ctx, a, out)
}

func (n *network) Send(ctx context.Context, a bots.Account, r report.Report) (report.Receipt, error) {
	n.mu.Lock()
	send := n.send
	n.mu.Unlock()
	if err := send(ctx, a.City, r.Text); err != nil {
		return report.Receipt{}, err
	}
	return report.Receipt{ID: "post-" + r.ID, URL: "https://example.org/" + r.ID}, nil
}

// collectSent makes Send succeed and returns a channel of the sent reports, as "city: text".
func (n *network) collectSent() <-chan string {
	sent := make(chan string, 100)
	n.change(func() { n.send = sentTo(sent) })
	return sent
}

// failSends makes Send fail with err and returns a counter of the calls.
func (n *network) failSends(err error) *atomic.Int32 {
	var calls atomic.Int32
	fail := func(context.Context, string, string) error {
		calls.Add(1)
		return err
	}
	n.change(func() { n.send = fail })
	return &calls
}

// failFirstSend returns the error of first from the first Send, or panics like it, and collects the other reports.
func (n *network) failFirstSend(first func() error) <-chan string {
	var calls atomic.Int32
	sent := make(chan string, 100)
	send := func(ctx context.Context, city, text string) error {
		if calls.Add(1) == 1 {
			return first()
		}
		return sentTo(sent)(ctx, city, text)
	}
	n.change(func() { n.send = send })
	return sent
}

func (n *network) Prune(_ context.Context, _ string, before time.Time) error {
	n.pruned <- before
	return nil
}

// idle receives nothing.
func idle(ctx context.Context, _ bots.Account, _ bots.Out) error {
	<-ctx.Done()
	return ctx.Err()
}

// retrySoon is the error of a network that asks to wait a moment.
func retrySoon() error { return bots.RetryAfter(time.Millisecond, "", errors.New("429")) }

// sentTo returns a sender that sends reports to a channel, as "city: text".
func sentTo(sent chan<- string) sender {
	return func(_ context.Context, city, text string) error {
		sent <- city + ": " + text
		return nil
	}
}
