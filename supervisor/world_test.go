package supervisor_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"linienfunk/bots"
	"linienfunk/bus"
	"linienfunk/db"
	"linienfunk/internal/testkit"
	"linienfunk/report"
	"linienfunk/supervisor"
)

// network is a bot whose calls the test answers.
type network struct {
	mu       sync.Mutex
	accounts map[string]string // revisions by city
	recv     func(ctx context.Context, a bots.Account, out bots.Out) error
	send     func(ctx context.Context, a bots.Account, r report.Report) (report.Receipt, error)
	pruned   chan time.Time
}

func (n *network) Accounts(context.Context) ([]bots.Account, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	var list []bots.Account
	for city, revision := range n.accounts {
		list = append(list, bots.Account{City: city, Revision: revision, Label: "@" + city})
	}
	return list, nil
}

func (n *network) set(city, revision string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.accounts[city] = revision
}

func (n *network) remove(city string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.accounts, city)
}

func (n *network) WebUI() http.Handler { return http.NotFoundHandler() }

func (n *network) Recv(ctx context.Context, a bots.Account, out bots.Out) error {
	return n.recv(ctx, a, out)
}

func (n *network) Send(ctx context.Context, a bots.Account, r report.Report) (report.Receipt, error) {
	return n.send(ctx, a, r)
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

// sentTo collects what is sent, as "city: text".
func sentTo(sent chan<- string) func(context.Context, bots.Account, report.Report) (report.Receipt, error) {
	return func(_ context.Context, a bots.Account, r report.Report) (report.Receipt, error) {
		sent <- a.City + ": " + r.Text
		return report.Receipt{ID: "post-" + r.ID, URL: "https://example.org/" + r.ID}, nil
	}
}

// world is a running supervisor around a network, with a real bus and a real database.
type world struct {
	t       *testing.T
	net     *network
	bus     *bus.Bus
	db      *db.DB
	sup     *supervisor.Supervisor
	revoked chan string
	skew    time.Duration
	mu      sync.Mutex
	count   int
	keys    map[uint]string // of reports, by entry
	stop    func()

	sendTime, grace time.Duration // zero for the usual
}

func newWorld(t *testing.T, accounts ...string) *world {
	w := &world{t: t, keys: map[uint]string{}, revoked: make(chan string, 10), net: &network{accounts: map[string]string{}, recv: idle, pruned: make(chan time.Time, 100)}}
	for _, city := range accounts {
		w.net.accounts[city] = "1"
	}
	w.net.send = sentTo(make(chan string, 1000))
	w.db, w.bus = testkit.DB(t, w.now), testkit.Bus(t)
	return w
}

// hangs makes calls count as stuck soon, for networks that hang.
func (w *world) hangs() { w.sendTime, w.grace = 300*time.Millisecond, 100*time.Millisecond }

func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return time.Now().Add(w.skew)
}

func (w *world) advance(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.skew += d
}

// start runs the supervisor until the test ends or w.stop is called.
func (w *world) start() {
	w.t.Helper()
	w.startWith(supervisor.NewDirectory([]supervisor.Member{{Name: "net", Bot: w.net}}))
}

func (w *world) startWith(directory *supervisor.Directory) {
	w.t.Helper()
	w.sup = supervisor.New(supervisor.Config{
		Bus: w.bus, DB: w.db, Log: testkit.Log(w.t), Now: w.now,
		Directory: directory,
		SendTime:  w.sendTime, Grace: w.grace,
		Revoked:   func(_ context.Context, a bots.Account, s supervisor.Status) { w.revoked <- a.City + " " + s.Detail },
		Retention: func(string) (time.Duration, bool) { return 24 * time.Hour, true },
		Cities:    func() []string { return []string{"zuerich", "ghent"} },
	})
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := w.sup.Run(ctx); !errors.Is(err, context.Canceled) {
			w.t.Errorf("the supervisor ended with %v", err)
		}
	})
	w.stop = sync.OnceFunc(func() { cancel(); running.Wait() })
	w.t.Cleanup(w.stop)
}

// changed tells the supervisor about a change of the city's account.
func (w *world) changed(city string) {
	w.t.Helper()
	if err := w.bus.Notify(supervisor.AccountHint("net", city), nil); err != nil {
		w.t.Fatal(err)
	}
}

// relay puts a passed report on RELAY, as the censor does, and returns its entry in the ledger.
func (w *world) relay(city, text string, fresh time.Duration) uint {
	w.t.Helper()
	w.count++
	r := report.Report{City: city, Bot: "elsewhere", ID: fmt.Sprint(w.count), Text: text, At: w.now()}
	entry, err := w.db.Record(w.t.Context(), r, report.Verdict{Passed: true, List: report.Triggers, Rule: "*"}, db.Queued, []string{"net"})
	if err != nil {
		w.t.Fatal(err)
	}
	w.keys[entry.ID] = r.Key()
	err = w.bus.PublishOrder(w.t.Context(), bus.Order{Report: r, Entry: entry.ID, Bot: "net", Expire: r.At.Add(fresh)})
	if err != nil {
		w.t.Fatal(err)
	}
	return entry.ID
}

// ends waits until a delivery has the status.
func (w *world) ends(entry uint, status db.Status) db.Delivery {
	w.t.Helper()
	var d db.Delivery
	testkit.Eventually(w.t, fmt.Sprintf("delivery %d is %s", entry, status), func() bool {
		var err error
		d, err = w.db.Delivery(w.t.Context(), entry, w.keys[entry], "net")
		return err == nil && d.Status == status
	})
	return d
}

func (w *world) state(city string) supervisor.State {
	for _, s := range w.sup.Status(city) {
		return s.State
	}
	return ""
}
