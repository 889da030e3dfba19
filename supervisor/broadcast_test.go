package supervisor_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"

	"linienfunk/bots"
	"linienfunk/db"
	"linienfunk/internal/testkit"
	"linienfunk/report"
)

// broadcaster is a Broadcaster with pages from the test.
type broadcaster struct {
	mu    sync.Mutex
	wait  bool // each page blocks until its context ends
	pages func(cursor string) (string, int, error)
	asked []string
}

func (m *broadcaster) Accounts(context.Context) ([]bots.Account, error) {
	return []bots.Account{{City: "zuerich", Revision: "1", Label: "zuerich"}}, nil
}

func (m *broadcaster) WebUI() http.Handler { return http.NotFoundHandler() }

func (m *broadcaster) SendPage(ctx context.Context, _ bots.Account, _ report.Report, cursor string) (string, int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.asked = append(m.asked, cursor)
	next, served, err := m.pages(cursor)
	if m.wait {
		<-ctx.Done()
	}
	return next, served, err
}

func (w *world) startBroadcaster(m *broadcaster) {
	w.t.Helper()
	w.startBot(m)
}

// resumeBroadcast starts the program again, with a bot that has one more page.
func (w *world) resumeBroadcast(served int) *broadcaster {
	w.t.Helper()
	m := &broadcaster{pages: func(string) (string, int, error) { return "", served, nil }}
	w.startBroadcaster(m)
	return m
}

func TestABroadcastReadsAllPagesAndCountsTheSubscribersServed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.startBroadcaster(&broadcaster{pages: func(cursor string) (string, int, error) {
		return map[string]string{"": "10", "10": "20", "20": ""}[cursor], 10, nil
	}})
	if d := w.waitForStatus(w.relay("zuerich", "kontrolle u8"), db.Sent); d.Served != 30 {
		t.Errorf("ledger: %+v", d)
	}
}

func TestABroadcastThatFailsHalfwayContinuesFromItsCursor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	failed := false
	m := &broadcaster{}
	m.pages = func(cursor string) (string, int, error) {
		if cursor == "10" && !failed {
			failed = true
			return "15", 5, retrySoon()
		}
		return map[string]string{"": "10", "15": ""}[cursor], 10, nil
	}
	w.startBroadcaster(m)
	if d := w.waitForStatus(w.relay("zuerich", "kontrolle u8"), db.Sent); d.Served != 25 {
		t.Errorf("ledger: %+v", d)
	}
	if want := []string{"", "10", "15"}; len(m.asked) != 3 || m.asked[2] != want[2] {
		t.Errorf("asked for pages after %q, want %q", m.asked, want)
	}
}

func TestABroadcastResumesAfterARestartOfTheProgram(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	entered := make(chan struct{}, 100)
	w.startBroadcaster(&broadcaster{pages: func(cursor string) (string, int, error) {
		if cursor == "" {
			return "10", 10, nil
		}
		entered <- struct{}{}
		return "", 0, errors.New("the network is down")
	}})
	entry := w.relay("zuerich", "kontrolle u8")
	testkit.Next(t, entered)
	w.stop()
	m := w.resumeBroadcast(10)
	if d := w.waitForStatus(entry, db.Sent); d.Served != 20 || m.asked[0] != "10" {
		t.Errorf("ledger: %+v, asked for pages after %q", d, m.asked)
	}
}

func TestABroadcastThatIsInterruptedByTheEndOfTheProgramKeepsItsCursor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	entered := make(chan struct{}, 10)
	w.startBroadcaster(&broadcaster{wait: true, pages: func(string) (string, int, error) {
		entered <- struct{}{}
		return "5", 5, context.Canceled
	}})
	entry := w.relay("zuerich", "kontrolle u8")
	testkit.Next(t, entered)
	w.stop()
	m := w.resumeBroadcast(5)
	if d := w.waitForStatus(entry, db.Sent); d.Served != 10 || m.asked[0] != "5" {
		t.Errorf("asked for the page after %q, ledger: %+v", m.asked[0], d)
	}
}

// cancelingBroadcaster is a Broadcaster whose messages are queued and can be canceled.
type cancelingBroadcaster struct {
	*broadcaster
	canceled chan string // keys of reports
}

func (c *cancelingBroadcaster) Retract(_ context.Context, _ bots.Account, key string, sent report.Receipt) error {
	if sent != (report.Receipt{}) {
		return fmt.Errorf("a broadcast has no receipt, but got %+v", sent)
	}
	c.canceled <- key
	return nil
}

func TestABroadcastStopsWhenItsReportIsWithdrawn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	withdrawn := make(chan struct{})
	entries := make(chan uint, 1)
	w.startBroadcaster(&broadcaster{pages: func(cursor string) (string, int, error) {
		if cursor == "" {
			w.withdraw(<-entries)
			close(withdrawn)
			return "1", 1, nil
		}
		return "", 1, nil
	}})
	entry := w.relay("zuerich", "kontrolle u8")
	entries <- entry
	testkit.Next(t, withdrawn)
	if d := w.waitForStatus(entry, db.Retracted); d.Served != 1 {
		t.Errorf("ledger: %+v", d)
	}
}

func TestWaitingMessagesOfAnUnfinishedBroadcastAreCanceled(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	entries := make(chan uint, 1)
	c := &cancelingBroadcaster{&broadcaster{}, make(chan string, 10)}
	c.pages = func(cursor string) (string, int, error) {
		if cursor == "" {
			return "1", 200, nil
		}
		if cursor == "1" {
			w.withdraw(<-entries)
			return "2", 200, nil
		}
		return "", 200, nil
	}
	w.startBot(c)
	entry := w.relay("zuerich", "kontrolle u8")
	entries <- entry
	if key := testkit.Next(t, c.canceled); key != "zuerich:elsewhere:1" {
		t.Errorf("canceled %s", key)
	}
	if d := w.waitForStatus(entry, db.Retracted); d.Served != 400 {
		t.Errorf("ledger: %+v", d)
	}
}
