package supervisor_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"linienfunk/bots"
	"linienfunk/bus"
	"linienfunk/db"
	"linienfunk/internal/observe"
	"linienfunk/internal/testkit"
	"linienfunk/report"
	"linienfunk/supervisor"
)

// world is a running supervisor around a network, with a real bus and a real database.
type world struct {
	testkit.Clock
	t       *testing.T
	net     *network
	bus     *bus.Bus
	db      *db.DB
	sup     *supervisor.Supervisor
	revoked chan string
	count   int
	fresh   atomic.Int64 // a time.Duration: the cities' freshness
	newest  atomic.Bool  // the cities want the newest report first
	panics  atomic.Bool  // the cities send nothing
	stop    func()

	observer        *observe.Observer
	sendTime, grace time.Duration // zero for the default
}

func newWorld(t *testing.T, accounts ...string) *world {
	w := &world{t: t, revoked: make(chan string, 10), net: &network{accounts: map[string]string{}, recv: idle, pruned: make(chan time.Time, 100)}}
	for _, city := range accounts {
		w.net.accounts[city] = "1"
	}
	w.net.send = sentTo(make(chan string, 1000))
	w.fresh.Store(int64(time.Hour))
	w.db, w.bus = testkit.DB(t, w.Now), testkit.Bus(t)
	return w
}

// shortDeadlines makes hanging calls count as stuck soon.
func (w *world) shortDeadlines() { w.sendTime, w.grace = 300*time.Millisecond, 100*time.Millisecond }

// start runs the supervisor until the test ends or w.stop is called.
func (w *world) start() {
	w.t.Helper()
	w.startBot(w.net)
}

// startBot is start with another bot instead of w.net.
func (w *world) startBot(bot bots.Bot) {
	w.t.Helper()
	w.startWith(supervisor.NewDirectory([]supervisor.Member{{Name: "net", Bot: bot}}))
}

func (w *world) startWith(directory *supervisor.Directory) {
	w.t.Helper()
	w.sup = supervisor.New(supervisor.Config{
		Bus: w.bus, DB: w.db, Log: testkit.Log(w.t), Now: w.Now,
		Directory: directory, HideID: hideID, Observer: w.observer,
		SendTime: w.sendTime, Grace: w.grace,
		Revoked:   func(_ context.Context, a bots.Account, s supervisor.Status) { w.revoked <- a.City + " " + s.Detail },
		Retention: func(string) (time.Duration, bool) { return 24 * time.Hour, true },
		Cities:    func() []string { return []string{"zuerich", "ghent"} },
		Freshness: func(string) (time.Duration, bool) { return time.Duration(w.fresh.Load()), true }, NewestFirst: func(string) bool { return w.newest.Load() },
		Panics: func(string) bool { return w.panics.Load() },
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

func hideID(key string) string { return "hidden-" + key[strings.LastIndexByte(key, ':')+1:] }

// changed tells the supervisor about a change of the city's account.
func (w *world) changed(city string) {
	w.t.Helper()
	if err := w.bus.Notify(supervisor.AccountHint("net", city), nil); err != nil {
		w.t.Fatal(err)
	}
}

// relay records a passed report and publishes the order, as the censor does, and returns its entry in the ledger. It expires in an hour.
func (w *world) relay(city, text string) uint {
	w.t.Helper()
	return w.relayTo("net", city, text, time.Hour)
}

// relayTo is relay to any bot, with a report that expires after fresh.
func (w *world) relayTo(bot, city, text string, fresh time.Duration) uint {
	w.t.Helper()
	w.count++
	r := report.Report{City: city, Bot: "elsewhere", ID: fmt.Sprint(w.count), Text: text, At: w.Now()}
	w.fresh.Store(int64(fresh))
	entry := w.record(r, bot)
	check(w.t, w.bus.PublishOrder(bus.Order{Report: r, Entry: entry, Bots: []string{bot}, Expire: r.At.Add(fresh)}))
	return entry
}

// record writes a passed report into the ledger and returns its entry.
func (w *world) record(r report.Report, bot string) uint {
	w.t.Helper()
	entries, err := w.db.Record(w.t.Context(), db.Judged{Report: r, Verdict: report.Verdict{Passed: true, List: report.Triggers, Rule: "*"}, Status: db.Queued, Bots: []string{bot}})
	check(w.t, err)
	return entries[0].ID
}

// withdraw withdraws the report of an entry, as the censor does.
func (w *world) withdraw(entry uint) {
	w.t.Helper()
	var e db.Entry
	check(w.t, w.db.Take(&e, entry).Error)
	r := e.Withdrawal(report.ByModerator)
	until := w.Now().Add(24 * time.Hour)
	_, err := w.db.Withdraw(w.t.Context(), r, until)
	check(w.t, err)
	check(w.t, w.bus.PublishOrder(bus.Order{Report: r, Entry: entry, Bots: []string{"net"}, Expire: until, Recall: true}))
}

// sends relays a text and expects that it is the next one sent.
func (w *world) sends(sent <-chan string, city, text string) {
	w.t.Helper()
	w.relay(city, text)
	w.want(sent, city+": "+text)
}

// want checks the next value, for example a sent report.
func (w *world) want(values <-chan string, want string) {
	w.t.Helper()
	if got := testkit.Next(w.t, values); got != want {
		w.t.Errorf("got %q, want %q", got, want)
	}
}

// waitForStatus waits until a delivery has the status.
func (w *world) waitForStatus(entry uint, status db.Status) db.Delivery {
	w.t.Helper()
	var d db.Delivery
	testkit.Eventually(w.t, fmt.Sprintf("delivery %d is %s", entry, status), func() bool {
		var err error
		d, err = w.db.Delivery(w.t.Context(), entry, "net")
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

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// waitForQueue waits until a number of orders wait for the city's account, including the one that is being carried out.
func (w *world) waitForQueue(city string, n int) {
	w.t.Helper()
	testkit.Eventually(w.t, fmt.Sprintf("%d orders wait", n), func() bool {
		list := w.sup.Status(city)
		return len(list) == 1 && list[0].Queue == n
	})
}
